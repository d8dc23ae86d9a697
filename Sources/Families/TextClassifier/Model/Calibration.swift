import Datasets
import Files
import Glibc
import Training

/// How sure a classifier is of texts whose class is known, and how sure it should be.
struct Calibration {
  /// [texts, classes].
  let logits: [Float]
  let labels: [Int32]
  let classes: Int

  /// The mean cross-entropy in nats.
  func loss(temperature: Double) -> Double {
    var total = 0.0
    for (text, label) in labels.enumerated() {
      let row = logits[text * classes..<(text + 1) * classes]
      let top = Double(row.max() ?? 0)
      let sum = row.reduce(0) { $0 + exp((Double($1) - top) / temperature) }
      total += log(sum) - (Double(row[row.startIndex + Int(label)]) - top) / temperature
    }
    return total / Double(max(labels.count, 1))
  }

  /// The temperature of the smallest loss (Guo et al. 2017, "On Calibration of Modern Neural Networks").
  var bestTemperature: Double {
    // The loss has one minimum by the logarithm of the temperature: golden sections find it.
    let share = (5.0.squareRoot() - 1) / 2
    // A few texts that are all told apart would make a model surer than they can show.
    var (low, high) = (log(0.2), log(50.0))
    var (left, right) = (high - share * (high - low), low + share * (high - low))
    var (atLeft, atRight) = (loss(temperature: exp(left)), loss(temperature: exp(right)))
    for _ in 0..<40 {
      if atLeft < atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - share * (high - low)
        atLeft = loss(temperature: exp(left))
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + share * (high - low)
        atRight = loss(temperature: exp(right))
      }
    }
    return exp((low + high) / 2)
  }

  /// Probabilities, [texts, classes].
  static func probabilities(_ logits: [Float], classes: Int, temperature: Double) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(logits.count)
    for first in stride(from: 0, to: logits.count, by: classes) {
      let row = logits[first..<first + classes].map { Double($0) / temperature }
      let top = row.max() ?? 0
      let shares = row.map { exp($0 - top) }
      let sum = shares.reduce(0, +)
      result += shares.map { Float($0 / sum) }
    }
    return result
  }

  /// What was taken for what.
  func confusion(_ names: [String]) -> ConfusionMatrix {
    var result = ConfusionMatrix(classes: names, itemName: "texts")
    for (text, label) in labels.enumerated() {
      let row = Array(logits[text * classes..<(text + 1) * classes])
      result.add(Int(label), predicted: row.indices.max { row[$0] < row[$1] } ?? 0)
    }
    return result
  }

  /// The expected calibration error: how far the probability of the likeliest class is from how often it is right, in
  /// the mean over bins of equal width (Naeini et al. 2015).
  func error(temperature: Double, bins: Int = 15) -> Double {
    let probabilities = Self.probabilities(logits, classes: classes, temperature: temperature)
    var (sure, right) = (
      [Double](repeating: 0, count: bins), [Double](repeating: 0, count: bins)
    )
    for (text, label) in labels.enumerated() {
      let row = Array(probabilities[text * classes..<(text + 1) * classes])
      let best = row.indices.max { row[$0] < row[$1] } ?? 0
      let bin = min(bins - 1, max(0, Int((Double(row[best]) * Double(bins)).rounded(.up)) - 1))
      sure[bin] += Double(row[best])
      right[bin] += best == Int(label) ? 1 : 0
    }
    return zip(sure, right).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(max(labels.count, 1))
  }
}
