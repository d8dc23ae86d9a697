import Autograd
import Datasets
import Kernels
import NN
import Training

/// The recurrent workloads of `Scripts/peers/torch_bench.py`: the same shapes, losses and optimizers.
enum RecurrentBenchmarks {
  static let all = [
    train(
      "lstm-train",
      .init(vocabulary: 5000, embedding: 128, hidden: 256, layers: 1), batch: 32, steps: 64),
    train(
      "charlstm-train",
      .init(vocabulary: 65, embedding: 512, hidden: 512, layers: 2), batch: 32, steps: 128),
    generate,
  ]

  /// 128 tokens, each drawn from the whole distribution, from the model of lstm-train.
  private static let generate = Benchmark("lstm-generate", unit: "tokens/s", items: 128) {
    let reserved = 3
    let words = (reserved..<5000).map { Array("w\($0)".utf8) }
    let tokenizer = try WordTokenizer(mode: .whitespace, words: words)
    var random = RandomSource(seed: 1)
    let configuration = RecurrentConfiguration(
      .lstm, tokens: .whitespace, vocabularySize: 5000, embeddingSize: 128, hiddenSize: 256,
      layers: 1)
    let model = RecurrentLanguageModel(
      configuration, random.drawn { RecurrentNetwork(configuration.sizes, using: &$0) }, tokenizer)
    nonisolated(unsafe) var source = random
    return {
      var session = RecurrentSession(model)
      var tokens: [Int32] = [0]
      session.append(0)
      for _ in 0..<128 {
        guard let token = session.draw(using: &source) else { continue }
        session.append(token)
        tokens.append(token)
      }
      return [Tensor(tokens.map(Float.init), [tokens.count])]
    }
  }

  private static func train(
    _ name: String, _ sizes: RecurrentNetwork.Sizes, batch: Int, steps: Int
  ) -> Benchmark {
    Benchmark(name, unit: "tokens/s", items: batch * steps) {
      var random = RandomSource(seed: 1)
      let network = random.drawn { RecurrentNetwork(sizes, using: &$0) }
      let parameters = network.trainableParameters
      let optimizer = Adam(parameters, .adamW)
      func tokens() -> [Int32] {
        (0..<batch * steps).map { _ in
          Int32(random.integer(below: UInt64(sizes.vocabulary)))
        }
      }
      let inputs = Indices(tokens(), [steps, batch])
      let targets = tokens()
      let context = Context(isTraining: true, random: random)
      return {
        let (loss, gradients) = valueAndGradients(for: parameters) {
          network.loss(inputs, targets: targets, nil, context).loss
        }
        let scale = clippingScale(norm: globalNorm(gradients), limit: 1)
        optimizer.step(gradients, rate: 1e-3, scale: scale)
        return [loss] + parameters.map { $0.value }
      }
    }
  }
}
