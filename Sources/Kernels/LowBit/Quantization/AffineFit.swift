/// The scale and the minimum of a run whose values become minimum + scale × an integer from 0 to `highest`,
/// so that the sum of squared errors is small.
///
/// As ``SymmetricFit``: for a trial scale the nearest integers, then the line that fits them best.
struct AffineFit {
  let run: ValueRun
  let highest: Float
  /// Whether the minimum may be above 0.
  let isFree: Bool

  /// Where the highest integer is put, in trials: less than `highest` leaves levels unused, more cuts off.
  private static let trials = 14
  private static let step: Float = 0.4

  /// What the values are from one end to the other.
  struct Line {
    var scale: Float
    var minimum: Float
  }

  /// The line whose ends are the smallest and the largest value.
  var span: Line {
    let (low, high) = run.bounds
    let minimum = isFree ? low : min(low, 0)
    return Line(scale: max(high - minimum, 0) / highest, minimum: minimum)
  }

  func line() -> Line {
    let span = span
    guard span.scale * highest >= SymmetricFit.smallestPeak else { return span }
    var (best, bestGain) = (span, -Float.infinity)
    for trial in 0...Self.trials {
      let end = highest - 1.6 + Float(trial) * Self.step
      let inverse = end / (span.scale * highest)
      let (line, gain) = fit(inverse, span.minimum)
      if gain > bestGain { (best, bestGain) = (line, gain) }
    }
    return best
  }

  /// The line that fits the nearest integers of another best.
  func refit(_ line: Line) -> Line {
    guard line.scale > 0 else { return line }
    return fit(1 / line.scale, line.minimum).line
  }

  /// The sum of squared errors where every value takes its nearest integer.
  @inline(__always)
  func error(_ line: Line) -> Float {
    let inverse = line.scale == 0 ? 0 : 1 / line.scale
    var sum = ValueRun.Vector()
    for index in 0..<run.count {
      let values = run[index]
      let moved = values - line.minimum
      let rest = moved - line.scale * nearest(moved * inverse, from: 0, to: highest)
      sum += run.weights(values) * rest * rest
    }
    return sum.sum()
  }

  /// Σwq, Σwq², Σwxq of the nearest integers q and the weights w, Σwx and Σw.
  @inline(__always)
  func sums(_ line: Line) -> (q: Float, qq: Float, xq: Float, x: Float, all: Float) {
    sums(line.scale == 0 ? 0 : 1 / line.scale, line.minimum)
  }

  @inline(__always)
  private func sums(
    _ inverse: Float, _ minimum: Float
  ) -> (q: Float, qq: Float, xq: Float, x: Float, all: Float) {
    var (q, qq, xq) = (ValueRun.Vector(), ValueRun.Vector(), ValueRun.Vector())
    var (x, all) = (ValueRun.Vector(), ValueRun.Vector())
    for index in 0..<run.count {
      let values = run[index]
      let integers = nearest((values - minimum) * inverse, from: 0, to: highest)
      let weights = run.weights(values)
      let weighted = weights * integers
      q += weighted
      qq += weighted * integers
      xq += values * weighted
      x += values * weights
      all += weights
    }
    return (q.sum(), qq.sum(), xq.sum(), x.sum(), all.sum())
  }

  /// The best line for the integers of one, and by how much less than Σx² its errors are.
  @inline(__always)
  private func fit(_ inverse: Float, _ minimum: Float) -> (line: Line, gain: Float) {
    let (sum, squares, products, x, count) = sums(inverse, minimum)
    let determinant = count * squares - sum * sum
    guard determinant > 0, squares > 0 else {
      return (Line(scale: 0, minimum: minimum), -.infinity)
    }
    var line = Line(
      scale: (count * products - x * sum) / determinant,
      minimum: (squares * x - sum * products) / determinant)
    if !isFree, line.minimum > 0 { line = Line(scale: products / squares, minimum: 0) }
    // Σx² less the squared errors, by the sums.
    let (scale, least) = (line.scale, line.minimum)
    let gain =
      2 * scale * products + 2 * least * x - scale * scale * squares - 2 * scale * least * sum
      - least * least * count
    return (line, gain)
  }
}
