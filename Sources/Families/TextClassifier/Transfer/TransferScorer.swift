import Checkpoints
import Datasets
import Files
import Inference

/// A linear layer on the mean states of a language model, or on an encoder's vectors.
struct TransferScorer: TextScorer {
  static let file = "model.safetensors"

  let configuration: TextClassifierConfiguration
  private let states: PooledStates
  private let backbone: TextBackbone
  /// [scores, width].
  let weights: [Float]
  let bias: [Float]
  /// The mean state of the texts that were learned from: what stands for the empty text.
  let mean: [Float]

  init(
    _ configuration: TextClassifierConfiguration, _ backbone: TextBackbone, _ states: PooledStates,
    weights: [Float], bias: [Float], mean: [Float]
  ) {
    (self.configuration, self.backbone, self.states) = (configuration, backbone, states)
    (self.weights, self.bias, self.mean) = (weights, bias, mean)
  }

  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, or the language model is; mismatch
  ///   when they do not fit each other.
  init(folder: String, _ configuration: TextClassifierConfiguration) throws(AIGCError) {
    guard let backbone = configuration.backbone else {
      throw .badInput("\(folder): no 'backbone'")
    }
    let checkpoint = try Checkpoint.open("\(folder)/\(Self.file)")
    func tensor(_ name: String, _ shape: [Int]) throws(AIGCError) -> [Float] {
      let tensor = try checkpoint.tensor(name)
      guard tensor.shape == shape else {
        throw .mismatch("\(checkpoint.path): '\(name)' has the shape \(tensor.shape), not \(shape)")
      }
      let values = try tensor.floats()
      guard values.allSatisfy({ $0.isFinite }) else {
        throw .badInput("\(checkpoint.path): '\(name)' holds values that are no numbers; damaged")
      }
      return values
    }
    let scores = configuration.scoreCount
    let weights = try tensor("weight", [scores, backbone.width])
    let bias = try tensor("bias", [scores])
    let mean = try tensor("mean", [backbone.width])
    let states = try PooledStates(backbone.model)
    guard (1...max(states.layers, 1)).contains(backbone.layer) else {
      throw .mismatch(
        "\(folder): the model \(backbone.model) has no layer \(backbone.layer)")
    }
    self.init(configuration, backbone, states, weights: weights, bias: bias, mean: mean)
  }

  func logits(_ texts: TextList) throws(AIGCError) -> [Float] {
    let states = try states.means(texts, layers: [backbone.layer])[0]
    guard states.count == texts.count * backbone.width else {
      throw .mismatch(
        "\(backbone.model): states of another width than \(backbone.width): not the model that "
          + "the classifier was trained on")
    }
    var result: [Float] = []
    for text in 0..<texts.count {
      let row = states[text * backbone.width..<(text + 1) * backbone.width]
      let scores = (0..<configuration.scoreCount).map { score(row, $0) }
      result += scores.count == 1 ? [-scores[0] / 2, scores[0] / 2] : scores
    }
    return result
  }

  private func score(_ state: ArraySlice<Float>, _ score: Int) -> Float {
    var sum = bias[score]
    for (place, value) in state.enumerated() {
      let known = value.isFinite ? value : mean[place]
      sum += weights[score * backbone.width + place] * (known - mean[place])
    }
    return sum
  }

  /// The state of each token is a part of their mean, so that its part of the score is exact; it goes to the words whose
  /// bytes the token has.
  func contributions(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double] {
    let model: any LanguageModel
    switch states.source {
    case .languageModel(let found): model = found
    case .encoder: return try differences(text, words, to: label)
    }
    let tokens = try states.tokens(text, model)
    guard !tokens.isEmpty, !words.isEmpty,
      let found = try model.hiddenStates(of: tokens, layer: backbone.layer)
    else { return [Double](repeating: 0, count: words.count) }
    var direction = [Float](repeating: 0, count: backbone.width)
    let others = Float(configuration.scoreCount - 1)
    for score in 0..<configuration.scoreCount {
      let share: Float =
        configuration.scoreCount == 1
        ? (label == 1 ? 1 : -1) : score == label ? 1 : -1 / others
      for place in direction.indices {
        direction[place] += share * weights[score * backbone.width + place]
      }
    }
    var result = [Double](repeating: 0, count: words.count)
    let places = wordPlaces(tokens, text, words, model)
    for token in 0..<found.count {
      var sum: Float = 0
      for (place, value) in found[token].enumerated() {
        sum += direction[place] * (value - mean[place])
      }
      result[places[token]] += Double(sum) / Double(found.count)
    }
    return result
  }

  /// How much of the score goes with each word when it is left out: an encoder's vector is no sum over words.
  private func differences(
    _ text: ArraySlice<UInt8>, _ words: [TextWords.Word], to label: Int
  ) throws(AIGCError) -> [Double] {
    var texts = TextList()
    texts.append(text)
    for word in words {
      let (start, end) = (text.startIndex + Int(word.start), text.startIndex + Int(word.end))
      texts.append(text[..<start] + text[end...])
    }
    let (logits, classes) = (try logits(texts), configuration.classes.count)
    func margin(_ row: Int) -> Double {
      let scores = (0..<classes).map { Double(logits[row * classes + $0]) }
      let others = scores.reduce(0, +) - scores[label]
      return scores[label] - others / Double(max(classes - 1, 1))
    }
    return words.indices.map { margin(0) - margin($0 + 1) }
  }

  /// The word of each token: that which the token's last byte stands in, or the next one.
  private func wordPlaces(
    _ tokens: [Int32], _ text: ArraySlice<UInt8>, _ words: [TextWords.Word],
    _ model: any LanguageModel
  ) -> [Int] {
    var decoder = model.makeDecoder()
    var written = 0
    var ends: [Int] = []
    for token in tokens {
      written += decoder.append(token).count
      ends.append(written)
    }
    // Where tokens do not give the text byte for byte, their places are taken in proportion.
    let scale = Double(text.count) / Double(max(written, 1))
    var word = 0
    return ends.map { end in
      let place = Int((Double(end) * scale).rounded()) - 1
      while word < words.count - 1, Int(words[word].end) <= place { word += 1 }
      return word
    }
  }

  func write(to path: (String) -> String) throws(AIGCError) {
    let tensors = [
      NewTensor(
        name: "weight", shape: [configuration.scoreCount, backbone.width], floats: weights),
      NewTensor(name: "bias", shape: [configuration.scoreCount], floats: bias),
      NewTensor(name: "mean", shape: [backbone.width], floats: mean),
    ]
    try SafetensorsWriter.write(tensors, to: path(Self.file), sync: true)
  }
}
