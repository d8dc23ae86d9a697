import Autograd
import Checkpoints
import Datasets
import Files
import NN
import Training

/// Logistic regression on the mean states of a language model or an encoder's vectors. The layer is chosen on texts that are kept apart.
/// One step does it all; the states of a text are computed once.
final class TransferTask: ScorerTask {
  var configuration: TextClassifierConfiguration
  let data: TextClassifierData
  private let settings: TextClassifierSettings
  private let name: String
  private let states: PooledStates
  private var model: TransferScorer
  var scorer: any TextScorer { model }
  /// See ``CountedTextTask/crossFitted``.
  private(set) var crossFitted: [Float]?
  /// Is told what was chosen, and how far the states are.
  var report: (TrainerEvent) -> Void = { _ in }

  /// Texts on which the layer and the penalty are chosen; a quarter of them measures.
  private static let mostForChoice = 2000
  private static let penalties = [1.0, 10, 100, 1000]

  init(
    _ configuration: TextClassifierConfiguration, _ data: TextClassifierData,
    _ settings: TextClassifierSettings, _ states: PooledStates, name: String
  ) {
    (self.configuration, self.data, self.settings) = (configuration, data, settings)
    (self.states, self.name) = (states, name)
    let backbone = TextBackbone(model: name, layer: 0, width: 1)
    let scores = configuration.scoreCount
    self.configuration.backbone = backbone
    model = TransferScorer(
      self.configuration, backbone, states, weights: [Float](repeating: 0, count: scores),
      bias: [Float](repeating: 0, count: scores), mean: [0])
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let texts = data.learned
    let choice = try chooseLayer()
    report(
      .note("layer \(choice.layer) of \(states.layers), penalty \(choice.penalty)"))
    let values = try states.means(texts.texts, layers: [choice.layer])[0]
    let width = values.count / max(texts.count, 1)
    let matrix = StateMatrix(values, width: width)
    let fit = try fit(matrix, texts.labels, data.textWeights, choice.penalty)
    if data.heldOut == nil {
      crossFitted = try data.crossFitted { (weights, others) throws(AIGCError) in
        let all = logits(matrix, try self.fit(matrix, texts.labels, weights, choice.penalty))
        let classes = configuration.classes.count
        return others.flatMap { all[$0 * classes..<($0 + 1) * classes] }
      }
    }
    let backbone = TextBackbone(model: name, layer: choice.layer, width: width)
    configuration.backbone = backbone
    model = TransferScorer(
      configuration, backbone, states,
      weights: fit.flatMap { fit in
        fit.weights.indices.map { Float(fit.weights[$0]) / matrix.deviation[$0] }
      }, bias: fit.map { Float($0.bias) }, mean: matrix.mean)
    let loss = Calibration(
      logits: logits(matrix, fit), labels: texts.labels, classes: configuration.classes.count
    ).loss(temperature: 1)
    return StepResult(metrics: [("loss", loss)], items: texts.count)
  }

  private typealias Fit = (weights: [Double], bias: Double)

  /// The layer and the penalty by which some texts are told apart best that others were learned from.
  private func chooseLayer() throws(AIGCError) -> (layer: Int, penalty: Double) {
    let last = states.layers
    let layers = Set([last, last * 3 / 4, last / 2, last / 4]).filter { $0 > 0 }.sorted()
    let share = min(1, Double(Self.mostForChoice) / Double(data.learned.count))
    let texts = data.learned.split(share: share, seed: 1).heldOut ?? data.learned
    let fold = texts.fold(0, of: 4, seed: 0)
    var weights = texts.labels.map { data.classWeights[Int($0)] }
    for index in fold.part { weights[index] = 0 }
    var best = (layer: last, penalty: 100.0, loss: Double.infinity)
    let found = try states.means(texts.texts, layers: layers)
    for (layer, values) in zip(layers, found) {
      let matrix = StateMatrix(values, width: values.count / max(texts.count, 1))
      for penalty in Self.penalties {
        let all = logits(matrix, try fit(matrix, texts.labels, weights, penalty))
        let classes = configuration.classes.count
        let measured = Calibration(
          logits: fold.part.flatMap { all[$0 * classes..<($0 + 1) * classes] },
          labels: fold.part.map { texts.labels[$0] }, classes: classes)
        let loss = measured.loss(temperature: 1)
        if loss < best.loss { best = (layer, penalty, loss) }
      }
    }
    return (best.layer, best.penalty)
  }

  private func fit(
    _ matrix: StateMatrix, _ labels: [Int32], _ weights: [Double], _ penalty: Double
  ) throws(AIGCError) -> [Fit] {
    var result: [Fit] = []
    for score in 0..<configuration.scoreCount {
      let label = configuration.scoreCount == 1 ? 1 : score
      let found = try LogisticRegression(
        matrix: matrix, signs: labels.map { Int($0) == label ? 1 : -1 }, textWeights: weights,
        scales: [Double](repeating: 1, count: matrix.columnCount), penalty: penalty
      ).fit()
      result.append((found.weights, found.bias))
    }
    return result
  }

  /// [rows, classes].
  private func logits(_ matrix: StateMatrix, _ fit: [Fit]) -> [Float] {
    let columns = fit.map { matrix.products($0.weights, bias: $0.bias) }
    return (0..<matrix.rowCount).flatMap { row -> [Float] in
      columns.count == 1
        ? [Float(-columns[0][row] / 2), Float(columns[0][row] / 2)]
        : columns.map { Float($0[row]) }
    }
  }
}
