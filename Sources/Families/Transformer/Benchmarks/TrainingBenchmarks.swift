import Autograd
import Kernels
import NN
import Training

/// The GPT training workloads of `Scripts/peers/torch_bench.py`: the same shapes, loss, clipping and
/// optimizer.
enum TransformerTrainingBenchmarks {
  /// The same of Llamas with as many weights in each block, and half as many heads of keys as of queries.
  static func all(of kind: TransformerKind) -> [Benchmark] {
    switch kind {
    case .gpt2: gpt2
    case .llama: llama
    case .qwen2, .qwen3, .gemma3: []
    }
  }

  private static let llama = [
    train("babyllama-train", llama(65, 64, 128, layers: 4, heads: 4), batch: 12, steps: 64),
    train("charllama-train", llama(65, 256, 384, layers: 6, heads: 6), batch: 8, steps: 256),
  ]

  private static let gpt2 = [
    train("babygpt-train", sizes(65, 64, 128, layers: 4, heads: 4), batch: 12, steps: 64),
    train("chargpt-train", sizes(65, 256, 384, layers: 6, heads: 6), batch: 8, steps: 256),
    train("gpt2-train", sizes(50257, 1024, 768, layers: 12, heads: 12), batch: 4, steps: 64),
  ]

  private static func sizes(
    _ vocabulary: Int, _ context: Int, _ width: Int, layers: Int, heads: Int
  ) -> TransformerShape {
    .gpt2(vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads)
  }

  private static func llama(
    _ vocabulary: Int, _ context: Int, _ width: Int, layers: Int, heads: Int
  ) -> TransformerShape {
    TransformerShape(
      vocabulary: vocabulary, context: context, width: width, layers: layers, heads: heads,
      keyValueHeads: heads / 2, inner: width * 8 / 3,
      positions: .rotary(RotaryEmbedding(base: 10000)))
  }

  private static func train(
    _ name: String, _ shape: TransformerShape, batch: Int, steps: Int
  ) -> Benchmark {
    Benchmark(name, unit: "tokens/s", items: batch * steps) {
      var random = RandomSource(seed: 1)
      let architecture: any Architecture =
        shape.positions == .learned ? GPT2Architecture() : LlamaArchitecture()
      let network = random.drawn { Transformer(shape, architecture, using: &$0) }
      let parameters = network.trainableParameters
      let optimizer = Adam(parameters, .adamW)
      func tokens() -> [Int32] {
        (0..<batch * steps).map { _ in
          Int32(random.integer(below: UInt64(shape.vocabulary)))
        }
      }
      let inputs = Indices(tokens(), [batch, steps])
      let targets = tokens()
      let context = Context(isTraining: true, random: random)
      return {
        let (loss, gradients) = valueAndGradients(for: parameters) {
          network.loss(inputs, targets: targets, context)
        }
        let scale = clippingScale(norm: globalNorm(gradients), limit: 1)
        optimizer.step(gradients, rate: 1e-3, scale: scale)
        return [loss] + parameters.map { $0.value }
      }
    }
  }
}
