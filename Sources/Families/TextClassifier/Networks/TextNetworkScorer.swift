import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Weights

/// A network with its vocabulary.
struct TextNetworkScorer: TextScorer, @unchecked Sendable {
  // Parameters are read only once the network is loaded, from any thread.
  static let file = "model.safetensors"
  /// Words of a text that are read: longer ones would need memory without bound.
  static let mostWords = 4096

  let configuration: TextClassifierConfiguration
  let network: TextNetwork
  let vocabulary: TextVocabulary
  /// The file of the weights, for messages.
  private let path: String?

  init(
    _ configuration: TextClassifierConfiguration, _ network: TextNetwork,
    _ vocabulary: TextVocabulary, path: String? = nil
  ) {
    (self.configuration, self.network) = (configuration, network)
    (self.vocabulary, self.path) = (vocabulary, path)
  }

  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit
  ///   each other.
  init(folder: String, _ configuration: TextClassifierConfiguration) throws(AIGCError) {
    let vocabulary = try TextVocabulary(folder: folder, count: configuration.vocabularySize ?? 0)
    let checkpoint = try ModelWeights.open(folder)
    let sizes = configuration.network ?? TextNetworkOptions()
    let network = ParameterPlan.shapes {
      TextNetwork(configuration, sizes, words: vocabulary.count, using: &$0)
    }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    self.init(configuration, network, vocabulary, path: checkpoint.path)
  }

  /// Padding around a text, so that every window sees whole words and padding only.
  static func margin(_ configuration: TextClassifierConfiguration) -> Int {
    configuration.method == .cnn ? (configuration.network?.widths.max() ?? 1) - 1 : 0
  }

  func batch(_ texts: [[Int32]]) -> TextBatch {
    TextBatch(texts, margin: Self.margin(configuration))
  }

  func logits(_ texts: TextList) throws(AIGCError) -> [Float] {
    let classes = configuration.classes.count
    let numbers = (0..<texts.count).map { vocabulary.numbers(texts[$0], limit: Self.mostWords) }
    // Texts of like lengths together: padding is computed too.
    let order = numbers.indices.sorted { numbers[$0].count < numbers[$1].count }
    var result = [Float](repeating: 0, count: texts.count * classes)
    var first = 0
    while first < order.count {
      try Interruption.check()
      var end = first
      while end < order.count, end - first < 64,
        (end - first + 1) * (numbers[order[end]].count + 8) <= 1 << 14 || end == first
      { end += 1 }
      let part = Array(order[first..<end])
      let output = network(batch(part.map { numbers[$0] }), .inference)
      try DamagedWeights.check(output, "scores", of: path, network.namedParameters)
      let values = output.values
      for (row, text) in part.enumerated() {
        for label in 0..<classes { result[text * classes + label] = values[row * classes + label] }
      }
      first = end
    }
    return result
  }

  func contributions(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double] {
    let numbers = vocabulary.numbers(text, limit: Self.mostWords)
    let found = try IntegratedGradients(self, numbers, label).contributions()
    return found + [Double](repeating: 0, count: max(0, words.count - found.count))
  }

  func write(to path: (String) -> String) throws(AIGCError) {
    try StateDictionary.write(network.namedParameters, to: path(Self.file))
    try vocabulary.write(to: path(TextVocabulary.file))
  }
}
