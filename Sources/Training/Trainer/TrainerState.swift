import Files

/// What the loop itself has to remember: saved with every checkpoint, so that a resumed run logs
/// and stops as one without a break does. Times are not in it: the same run makes the same bytes.
struct TrainerState: Codable, Equatable {
  /// A metric since the last line of the log.
  struct Metric: Codable, Equatable {
    var name: String
    var sum: Double
    var count: Int
  }

  /// Steps done.
  var step = 0
  /// Items in all, and since the last line of the log.
  var items = 0
  var itemsSinceRow = 0
  /// Items that the model had learned from before the run; nil: none.
  var itemsBefore: Int?
  /// Since the last line of the log, in the order in which they came; the first is the loss.
  var metrics: [Metric] = []
  /// An exponential average of the loss.
  var smoothedLoss: Double?
  /// The loss in the last line of the log.
  var lastLoss: Double?
  /// Of the last evaluation; a reward where the task measures one.
  var validationLoss: Double?
  var bestLoss: Double?
  var bestStep: Int?
  /// Evaluations since the best one.
  var evaluationsWithoutBest = 0
  /// Whether Ctrl-C came in the midst of the evaluation after the last step: it is made when the run
  /// goes on. nil: no.
  var isEvaluationDue: Bool?

  /// Beyond any real count; sums of such numbers do not overflow.
  static let largest = 1 << 53
  private static let smoothing = 0.95

  mutating func add(_ result: StepResult) {
    step += 1
    items &+= result.items
    itemsSinceRow &+= result.items
    smoothedLoss =
      smoothedLoss.map {
        $0 * Self.smoothing + result.loss * (1 - Self.smoothing)
      } ?? result.loss
    for (name, value) in result.metrics {
      if let index = metrics.firstIndex(where: { $0.name == name }) {
        metrics[index].sum += value
        metrics[index].count += 1
      } else {
        metrics.append(Metric(name: name, sum: value, count: 1))
      }
    }
  }

  /// Items that the model has learned from in all.
  var itemsOfModel: Int { (itemsBefore ?? 0) &+ items }

  /// The mean loss since the last line of the log.
  var loss: Double? { metrics.first.map { $0.sum / Double($0.count) } }

  /// The means since the last line, which begin anew: "loss" and then the task's own.
  mutating func takeMeans() -> [(name: String, value: Double)] {
    var means = metrics.map { (name: $0.name, value: $0.sum / Double($0.count)) }
    if let first = means.first, first.name != "loss" {
      means.insert(("loss", first.value), at: 0)
    }
    lastLoss = means.first?.value
    metrics = []
    itemsSinceRow = 0
    return means
  }

  /// Takes in an evaluation.
  /// - Parameters:
  ///   - value: a loss, or a reward.
  ///   - isReward: whether more is better.
  /// - Returns: whether it is the best so far.
  mutating func evaluate(_ value: Double, isReward: Bool = false) -> Bool {
    validationLoss = value
    let isBetter = bestLoss.map { isReward ? value > $0 : value < $0 } ?? true
    let isBest = value.isFinite && isBetter
    if isBest {
      (bestLoss, bestStep, evaluationsWithoutBest) = (value, step, 0)
    } else {
      evaluationsWithoutBest += 1
    }
    return isBest
  }

  /// Whether the numbers are possible ones: they come from a file.
  var isPlausible: Bool {
    let counts =
      [step, items, itemsSinceRow, itemsBefore ?? 0, evaluationsWithoutBest, bestStep ?? 0]
      + metrics.flatMap { [$0.count, $0.count - 1] }
    return counts.allSatisfy { (0...Self.largest).contains($0) }
  }
}
