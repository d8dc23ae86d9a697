import Checkpoints
import Datasets
import Files
import Inference

/// A linear layer on states of a language model, or on an encoder's vectors.
struct TransferScorer: TextScorer {
  static let file = "model.safetensors"

  let configuration: TextClassifierConfiguration
  let states: PooledStates
  let backbone: TextBackbone
  /// [scores, columns].
  let weights: [Float]
  let bias: [Float]
  /// The mean of the texts that were learned from: what stands for the states of no tokens.
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
    let weights = try tensor("weight", [scores, backbone.columns])
    let bias = try tensor("bias", [scores])
    let mean = try tensor("mean", [backbone.columns])
    var states = try PooledStates(backbone.model)
    for place in backbone.places where !(1...max(states.layers, 1)).contains(place.layer) {
      throw .mismatch("\(folder): the model \(backbone.model) has no layer \(place.layer)")
    }
    if let prompt = backbone.prompt { try states.read(in: prompt) }
    self.init(configuration, backbone, states, weights: weights, bias: bias, mean: mean)
  }

  func logits(_ texts: TextList) throws(AIGCError) -> [Float] {
    let columns = backbone.columns
    let states = try states.rows(texts, backbone.places)
    guard states.count == texts.count * columns else {
      throw .mismatch(
        "\(backbone.model): states of another width than \(backbone.width): not the model that "
          + "the classifier was trained on")
    }
    var result: [Float] = []
    for text in 0..<texts.count {
      let row = states[text * columns..<(text + 1) * columns]
      let scores = (0..<configuration.scoreCount).map { score(row, $0) }
      result += scores.count == 1 ? [-scores[0] / 2, scores[0] / 2] : scores
    }
    return result
  }

  private func score(_ state: ArraySlice<Float>, _ score: Int) -> Float {
    var sum = bias[score]
    for (place, value) in state.enumerated() {
      let known = value.isFinite ? value : mean[place]
      sum += weights[score * backbone.columns + place] * (known - mean[place])
    }
    return sum
  }

  func write(to path: (String) -> String) throws(AIGCError) {
    let tensors = [
      NewTensor(
        name: "weight", shape: [configuration.scoreCount, backbone.columns], floats: weights),
      NewTensor(name: "bias", shape: [configuration.scoreCount], floats: bias),
      NewTensor(name: "mean", shape: [backbone.columns], floats: mean),
    ]
    try SafetensorsWriter.write(tensors, to: path(Self.file), sync: true)
  }
}
