import CKernels
import Glibc
import Kernels

/// What a teacher says of rows: the probabilities of its likeliest classes at a temperature. What is missing to 1 is the
/// probability of all others together.
public struct SoftTargets: Sendable {
  /// Classes of each row.
  public let count: Int
  /// [rows, count] class numbers, different ones in each row.
  public let ids: [Int32]
  /// [rows, count], each row's sum at most 1.
  public let probabilities: [Float]
  /// Divides scores before they become probabilities: those of the teacher were.
  public let temperature: Float
  /// The share of the divergence in the loss, 0 to 1.
  public let ratio: Float

  /// Creates targets of all their parts.
  /// - Parameters:
  ///   - count: classes of each row.
  ///   - ids: [rows, count] class numbers.
  ///   - probabilities: of them.
  ///   - temperature: see ``temperature``.
  ///   - ratio: see ``ratio``.
  public init(
    count: Int, ids: [Int32], probabilities: [Float], temperature: Float, ratio: Float
  ) {
    (self.count, self.ids, self.probabilities) = (count, ids, probabilities)
    (self.temperature, self.ratio) = (temperature, ratio)
  }

  func check(rows: Int, classes: Int) {
    require(
      count > 0 && ids.count == rows * count && probabilities.count == ids.count
        && ids.allSatisfy { (0..<Int32(classes)).contains($0) },
      "soft targets: \(ids.count) ids, \(count) of each of \(rows) rows, \(classes) classes")
  }

  /// The losses of some rows, and their gradient by the logits in the place of these.
  /// - Parameters:
  ///   - rows: numbers of rows.
  ///   - targets: the class of every row; below 0: it counts nothing.
  ///   - scale: a factor of the gradient.
  ///   - logits: of the rows, [rows, classes].
  ///   - losses: get one value for each of the rows.
  func learn(
    _ rows: Range<Int>, _ targets: [Int32], classes: Int, scale: Float,
    _ logits: UnsafeMutablePointer<Float>, _ losses: UnsafeMutablePointer<Float>
  ) {
    let scratch = Storage(count: classes)
    for row in rows {
      let line = logits + (row - rows.lowerBound) * classes
      if targets[row] < 0 {
        line.update(repeating: 0, count: classes)
        losses[row - rows.lowerBound] = 0
      } else {
        losses[row - rows.lowerBound] = learn(
          row, targets[row], classes, scale, line, scratch.base)
      }
    }
  }

  /// With q = softmax(z / T), and p_r and q_r the probabilities of all classes that the teacher does not name, the
  /// divergence is Σ p_j log(p_j / q_j) + p_r log(p_r / q_r), and T² times its gradient by z is T (q_j - p_j) for those
  /// that it names, and T q_j (1 - p_r / q_r) for the others.
  private func learn(
    _ row: Int, _ target: Int32, _ classes: Int, _ scale: Float,
    _ line: UnsafeMutablePointer<Float>, _ q: UnsafeMutablePointer<Float>
  ) -> Float {
    let entries = row * count..<(row + 1) * count
    aigc_scale_add(classes, 1 / temperature, 0, line, q)
    let scores = entries.map { q[Int(ids[$0])] }
    var (target, anchor): (Int32, Int32) = (target, ids[entries.lowerBound])
    var (plain, first): (Float, Float) = (0, 0)
    aigc_cross_entropy(1, classes, line, &target, scale * (1 - ratio), &plain)
    aigc_cross_entropy(1, classes, q, &anchor, 1, &first)
    for entry in entries { q[Int(ids[entry])] = 0 }
    // Of what is left, not 1 less the others: that would be rounding where these are nearly all.
    var rest: Float = 0
    aigc_sum(classes, q, &rest)
    let named = entries.reduce(0.0) { $0 + Double(probabilities[$1]) }
    let missing = count < classes ? max(0, 1 - named) : 0
    var divergence = 0.0
    if missing > 0 {
      divergence += missing * (log(missing) - log(max(Double(rest), .leastNormalMagnitude)))
    }
    let weight = ratio * temperature * scale
    if rest > 0 { aigc_axpy(classes, weight * (1 - Float(missing) / rest), q, line) }
    for (place, entry) in entries.enumerated() {
      let logQ = scores[place] - scores[0] - first
      let p = probabilities[entry]
      if p > 0 { divergence += Double(p) * (log(Double(p)) - Double(logQ)) }
      line[Int(ids[entry])] += weight * (expf(logQ) - p)
    }
    return (1 - ratio) * plain + ratio * temperature * temperature * Float(divergence)
  }
}
