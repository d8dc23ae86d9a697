import Autograd
import Files
import Inference
import Kernels

/// How fast a language model reads and writes, as llama.cpp's own benchmark measures it: generation is 24 given
/// tokens one after the other behind a prompt, the scores of each computed and none drawn from; a prompt is read at
/// once with the scores after its last token.
/// - Parameter model: any; workloads that its context has no place for are left out.
public func benchmarks(of model: any LanguageModel) -> [Benchmark] {
  let context = model.contextSize ?? .max
  let depths = [128, 1000].filter { $0 + writtenTokens <= context }
  return depths.map { generation(of: model, behind: $0) }
    + [512].filter { $0 <= context }.map { prompt(of: model, tokens: $0) }
}

/// Tokens that are written in one call.
private let writtenTokens = 24

private func generation(of model: any LanguageModel, behind depth: Int) -> Benchmark {
  var benchmark = Benchmark("generate-\(depth)", unit: "tokens/s", items: writtenTokens) {
    let tokens = someTokens(depth + writtenTokens, model)
    nonisolated(unsafe) var scores: [Float] = []
    // The prompt is read before the clock starts; each call goes on with a copy.
    var prompt = model.makeSession()
    prompt.append(contentsOf: Array(tokens[..<depth]))
    prompt.scores(into: &scores)
    let start = prompt
    return {
      var session = start
      for token in tokens[depth...] {
        session.append(token)
        session.scores(into: &scores)
      }
      return [Tensor(scores, [scores.count])]
    }
  }
  benchmark.bytesPerItem =
    (model as? TransformerLanguageModel)?.engine?.decoder.weights.bytesPerToken
  return benchmark
}

private func prompt(of model: any LanguageModel, tokens count: Int) -> Benchmark {
  Benchmark("prompt-\(count)", unit: "tokens/s", items: count) {
    let tokens = someTokens(count, model)
    nonisolated(unsafe) var scores: [Float] = []
    return {
      var session = model.makeSession()
      session.append(contentsOf: tokens)
      session.scores(into: &scores)
      return [Tensor(scores, [scores.count])]
    }
  }
}

private func someTokens(_ count: Int, _ model: any LanguageModel) -> [Int32] {
  var random = RandomSource(seed: 2)
  return (0..<count).map { _ in
    Int32(random.integer(below: UInt64(max(model.vocabularySize, 1))))
  }
}
