import Autograd
import Checkpoints
import Datasets
import Files
import NN
import Training

/// Logistic regression on the states of a language model, or on an encoder's vectors. Which layers' states are read, and
/// the penalty, are chosen on texts that are kept apart. One step does it all; the states of a text are computed once.
final class TransferTask: ScorerTask {
  var configuration: TextClassifierConfiguration
  let data: TextClassifierData
  private var name: String { model.backbone.model }
  private var prompt: String? { model.backbone.prompt }
  private let states: PooledStates
  private var model: TransferScorer
  var scorer: any TextScorer { model }
  /// See ``CountedTextTask/crossFitted``.
  private(set) var crossFitted: [Float]?
  /// Is told what was chosen, and how far the states are.
  var report: (TrainerEvent) -> Void = { _ in }

  /// Texts on which layers and penalty are chosen; each quarter of them measures what the others taught.
  private static let mostForChoice = 2000
  private static let parts = 4
  private static let penalties = [3000.0, 1000, 300, 100, 10]

  init(
    _ configuration: TextClassifierConfiguration, _ data: TextClassifierData,
    _ states: PooledStates,
    name: String, prompt: String?
  ) {
    (self.configuration, self.data, self.states) = (configuration, data, states)
    let backbone = TextBackbone(model: name, layer: 0, width: 1, prompt: prompt)
    let scores = configuration.scoreCount
    self.configuration.backbone = backbone
    model = TransferScorer(
      self.configuration, backbone, states, weights: [Float](repeating: 0, count: scores),
      bias: [Float](repeating: 0, count: scores), mean: [0])
  }

  func step(_ step: Int, rate: Float, _ context: Context) throws(AIGCError) -> StepResult {
    let texts = data.learned
    let choice = try choose()
    let places = choice.places
    report(
      .note(
        "the mean after layer \(places[0].layer) of \(states.layers)"
          + (places.count > 1 ? " and the last token after layer \(places[1].layer)" : "")
          + ", penalty \(choice.penalty)"))
    let values = try states.rows(texts.texts, places)
    let columns = values.count / max(texts.count, 1)
    let matrix = StateMatrix(values, width: columns)
    let fit = try fit(matrix, texts.labels, data.textWeights, choice.penalty)
    if data.heldOut == nil {
      crossFitted = try data.crossFitted { (weights, others) throws(AIGCError) in
        let all = logits(matrix, try self.fit(matrix, texts.labels, weights, choice.penalty))
        let classes = configuration.classes.count
        return others.flatMap { all[$0 * classes..<($0 + 1) * classes] }
      }
    }
    var backbone = TextBackbone(
      model: name, layer: places[0].layer, width: columns / places.count, prompt: prompt)
    backbone.lastLayer = places.count > 1 ? places[1].layer : nil
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
  private typealias Choice = (places: [StatePlace], penalty: Double)

  /// The layers and the penalty by which texts are told apart best that were not learned from: the layer of the mean, that
  /// of the last token, and then the penalty of both.
  private func choose() throws(AIGCError) -> Choice {
    let last = states.layers
    let layers = Set([last, last * 3 / 4, last / 2, last / 4]).filter { $0 > 0 }.sorted()
    let share = min(1, Double(Self.mostForChoice) / Double(data.learned.count))
    let texts = data.learned.split(share: share, seed: 1).heldOut ?? data.learned
    let kinds = if case .languageModel = states.source { [false, true] } else { [false] }
    let all = kinds.flatMap { isLast in layers.map { StatePlace(layer: $0, isLast: isLast) } }
    // One pass computes them all.
    _ = try states.states(texts.texts, all)
    var places: [StatePlace] = []
    for kind in kinds {
      places.append(
        try best(all.filter { $0.isLast == kind }.map { [$0] }, texts).places[0])
    }
    return try best([places], texts)
  }

  /// The states and the penalty with the smallest loss on quarters of the texts, of models of the other texts.
  private func best(
    _ candidates: [[StatePlace]], _ texts: LabelledTexts
  ) throws(AIGCError) -> Choice {
    var best: (choice: Choice, loss: Double) = ((candidates[0], 100), .infinity)
    for places in candidates {
      let values = try states.rows(texts.texts, places)
      let matrix = StateMatrix(values, width: values.count / max(texts.count, 1))
      var before = Double.infinity
      for penalty in Self.penalties {
        let loss = try loss(matrix, texts, penalty)
        // It has one minimum, and the smallest penalties take longest.
        if loss > before { break }
        before = loss
        if loss < best.loss { best = ((places, penalty), loss) }
      }
    }
    return best.choice
  }

  private func loss(
    _ matrix: StateMatrix, _ texts: LabelledTexts, _ penalty: Double
  ) throws(AIGCError) -> Double {
    let classes = configuration.classes.count
    var (found, labels): ([Float], [Int32]) = ([], [])
    for part in 0..<Self.parts {
      let fold = texts.fold(part, of: Self.parts, seed: 0)
      var weights = texts.labels.map { data.classWeights[Int($0)] }
      for index in fold.part { weights[index] = 0 }
      let all = logits(matrix, try fit(matrix, texts.labels, weights, penalty))
      found += fold.part.flatMap { all[$0 * classes..<($0 + 1) * classes] }
      labels += fold.part.map { texts.labels[$0] }
    }
    return Calibration(logits: found, labels: labels, classes: classes).loss(temperature: 1)
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
