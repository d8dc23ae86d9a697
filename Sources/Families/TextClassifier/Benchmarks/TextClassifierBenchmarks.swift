import Autograd
import Kernels
import NN
import Training

/// The workload `textcnn-train` of `Scripts/peers/torch_bench.py`: the same shapes, loss and optimizer.
enum TextClassifierBenchmarks {
  private static let words = 20_000
  private static let texts = 50
  private static let steps = 56

  static let train = Benchmark("textcnn-train", unit: "sentences/s", items: texts) {
    var random = RandomSource(seed: 1)
    var configuration = TextClassifierConfiguration(
      task: .labels, method: .cnn, classes: ["0", "1"])
    configuration.network = TextNetworkOptions()
    configuration.vocabularySize = words
    let network = random.drawn {
      TextNetwork(configuration, TextNetworkOptions(), words: words, using: &$0)
    }
    let parameters = network.trainableParameters
    let optimizer = Adam(parameters, Adam.Configuration())
    // The peer's sentences have their full length and no padding.
    let batch = TextBatch(
      (0..<texts).map { _ in
        (0..<steps).map { _ in Int32(random.integer(below: UInt64(words))) }
      }, margin: 0)
    let labels = (0..<texts).map { _ in Int32(random.integer(below: 2)) }
    let context = Context(isTraining: true, random: random)
    return {
      let (loss, gradients) = valueAndGradients(for: parameters) {
        crossEntropy(network(batch, context), labels)
      }
      optimizer.step(gradients, rate: 1e-3, scale: 1)
      return [loss]
    }
  }
}
