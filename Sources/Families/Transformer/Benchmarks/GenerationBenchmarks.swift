import Autograd
import Datasets
import Files
import Kernels
import NN
import Training

/// GPT-2 124M with random weights, as llama.cpp's own benchmark measures a model: generation (tg128)
/// is 128 given tokens one after the other behind a prompt of 64, the scores of each computed and
/// none drawn from; a prompt (pp512) is 512 tokens read at once and the scores after the last.
enum TransformerGenerationBenchmarks {
  static let all = [
    generate("gpt2-generate", .f32), generate("gpt2-generate-f16", .f16),
    prefill("gpt2-prefill", .f32), prefill("gpt2-prefill-f16", .f16),
  ]

  private static let sizes = TransformerShape.gpt2(
    vocabulary: 50257, context: 1024, width: 768, layers: 12, heads: 12)

  private static func generate(_ name: String, _ type: StoredType) -> Benchmark {
    Benchmark(name, unit: "tokens/s", items: 128) {
      let engine = try randomEngine(type)
      let tokens = randomTokens(192)
      nonisolated(unsafe) var scores: [Float] = []
      // The prompt is read before the clock starts; each run goes on with a copy.
      var start = TransformerSession(engine)
      start.append(contentsOf: Array(tokens[..<64]))
      start.read()
      let prompt = start
      return {
        var session = prompt
        for token in tokens[64...] {
          session.append(token)
          session.scores(into: &scores)
        }
        return [Tensor(scores, [scores.count])]
      }
    }
  }

  private static func prefill(_ name: String, _ type: StoredType) -> Benchmark {
    Benchmark(name, unit: "tokens/s", items: 512) {
      let engine = try randomEngine(type)
      let tokens = randomTokens(512)
      nonisolated(unsafe) var scores: [Float] = []
      return {
        var session = TransformerSession(engine)
        session.append(contentsOf: tokens)
        session.scores(into: &scores)
        return [Tensor(scores, [scores.count])]
      }
    }
  }

  private static func randomTokens(_ count: Int) -> [Int32] {
    var random = RandomSource(seed: 2)
    return (0..<count).map { _ in
      Int32(random.integer(below: UInt64(sizes.vocabulary)))
    }
  }

  /// Weights from N(0, 0.02²), norms and biases too.
  private static func randomEngine(_ type: StoredType) throws(AIGCError) -> TransformerEngine {
    let configuration = TransformerConfiguration(GPT2Architecture(), sizes)
    var tensors: [StoredTensor] = []
    for (name, shape) in configuration.tensorShapes {
      tensors.append(try randomWeight(name, shape, type))
    }
    return try TransformerEngine(
      TransformerWeights(tensors, path: "", isGGUF: false, configuration))
  }

  private static func randomWeight(
    _ name: String, _ shape: [Int], _ type: StoredType
  ) throws(AIGCError) -> StoredTensor {
    let count = shape.reduce(1, *)
    let stream = name.utf8.reduce(0) { $0 &* 31 &+ Int($1) }
    func fill(_ set: @Sendable (Int, Float) -> Void) {
      parallelBlocks(count, size: 1 << 16) { first, end in
        var random = RandomSource(seed: UInt64(truncatingIfNeeded: stream), stream: first)
        for index in first..<end { set(index, Float(0.02 * random.normal())) }
      }
    }
    guard type == .f16 else {
      let values = try MutableTable<Float>(count: count)
      fill { values[$0] = $1 }
      return try StoredTensor(
        name: name, type: .f32, shape: shape, storage: values.frozen().rawBytes, place: name)
    }
    let values = try MutableTable<UInt16>(count: count)
    fill { values[$0] = Float16($1).bitPattern }
    return try StoredTensor(
      name: name, type: .f16, shape: shape, storage: values.frozen().rawBytes, place: name)
  }
}
