import Autograd
import Checkpoints
import Datasets
import Files
import NN
import Training

/// A task whose model is a ``TextScorer`` that it makes: what measuring and saving need of it.
protocol ScorerTask: TrainingTask {
  var configuration: TextClassifierConfiguration { get set }
  var data: TextClassifierData { get }
  /// The model as it is now.
  var scorer: any TextScorer { get throws(AIGCError) }
}

extension ScorerTask {
  var itemName: String { "texts" }
  // No optimizer changes tensors.
  var parameters: NamedParameters { [] }
  var optimizers: [(name: String, optimizer: any Optimizer)] { [] }

  func validate() throws(AIGCError) -> Double? {
    guard let heldOut = data.heldOut else { return nil }
    return try measured(heldOut).loss(temperature: 1)
  }

  /// The model's scores of texts whose classes are known.
  func measured(_ texts: LabelledTexts) throws(AIGCError) -> Calibration {
    Calibration(
      logits: try scorer.logits(texts.texts), labels: texts.labels,
      classes: configuration.classes.count)
  }

  // What comes next follows from the number of the step.
  func progress() -> [NewTensor] { [] }
  func restore(_ progress: Checkpoint, prefix: String) {}

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingTexts = items
    try scorer.write(to: path)
    try ModelConfiguration.write(configuration, to: path(ModelConfiguration.fileName))
  }
}

extension TextClassifierData {
  /// How much each text counts.
  var textWeights: [Double] { learned.labels.map { classWeights[Int($0)] } }

  /// The scores of all texts by models that did not learn from them: each fifth of the texts by one of the others.
  /// - Parameter logits: learns from the texts whose weight is not 0, and gives the scores of others.
  /// - Returns: [texts, classes]; nil where a class has too few texts.
  func crossFitted(
    _ logits: (_ weights: [Double], _ others: [Int]) throws(AIGCError) -> [Float]
  ) throws(AIGCError) -> [Float]? {
    let (parts, classes) = (5, learned.classes.count)
    guard learned.counts.allSatisfy({ $0 >= parts }) else { return nil }
    var result = [Float](repeating: 0, count: learned.count * classes)
    for part in 0..<parts {
      let others = learned.fold(part, of: parts, seed: 0).part
      var weights = textWeights
      for index in others { weights[index] = 0 }
      let found = try logits(weights, others)
      for (place, index) in others.enumerated() {
        for label in 0..<classes {
          result[index * classes + label] = found[place * classes + label]
        }
      }
    }
    return result
  }
}
