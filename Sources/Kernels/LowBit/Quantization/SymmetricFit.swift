/// The scale of a run whose values become integers from -`levels` to `levels` - 1 times it, so that the sum
/// of squared errors, weighted as ``ValueRun`` says, is small.
///
/// For a trial scale the nearest integers q are taken, then the scale that fits them best, Σxq / Σq²;
/// what it leaves of Σx² is Σx² - (Σxq)² / Σq². Trials put the value farthest from 0 near either end of
/// the integers, also beyond it, where it is cut off and the others gain.
struct SymmetricFit {
  let run: ValueRun
  let levels: Float
  /// Trials from one integer to the next.
  let trials: Int

  /// The peak below which a scale is 0 in half precision, whatever it is divided by.
  static let smallestPeak: Float = 0x1p-26
  /// A gain times that is one that differs by more than rounding.
  private static let clearly: Float = 1.000_001

  /// - Parameter peak: the value farthest from 0.
  func scale(peak: Float) -> Float {
    guard peak.magnitude >= Self.smallestPeak else { return 0 }
    // The peak at the lowest integer, unless another trial is better by more than rounding.
    let (xq, qq) = sums(-levels / peak)
    var (best, bestGain) = (xq / qq, xq * xq / qq * Self.clearly)
    for trial in 0...Int(4.5 * Float(trials)) {
      let offset = Float(trial) / Float(trials)
      for end in [1.5 - levels - offset, levels - 2.5 + offset] {
        let (xq, qq) = sums(end / peak)
        let gain = xq * xq / qq
        if qq > 0, gain > bestGain { (best, bestGain) = (xq / qq, gain * Self.clearly) }
      }
    }
    return best
  }

  /// The scale that fits the nearest integers of another best.
  func refit(_ scale: Float) -> Float {
    let (xq, qq) = sums(1 / scale)
    return qq > 0 ? xq / qq : scale
  }

  /// The sum of squared errors where every value takes its nearest integer.
  func error(_ scale: Float) -> Float {
    let inverse = scale == 0 ? 0 : 1 / scale
    var sum = ValueRun.Vector()
    for index in 0..<run.count {
      let values = run[index]
      let rest = values - scale * nearest(values * inverse, from: -levels, to: levels - 1)
      sum += run.weights(values) * rest * rest
    }
    return sum.sum()
  }

  /// Σxq and Σq² of the nearest integers q.
  @inline(__always)
  func sums(_ inverse: Float) -> (xq: Float, qq: Float) {
    var (xq, qq) = (ValueRun.Vector(), ValueRun.Vector())
    for index in 0..<run.count {
      let values = run[index]
      let integers = nearest(values * inverse, from: -levels, to: levels - 1)
      let weighted = run.weights(values) * integers
      xq += values * weighted
      qq += weighted * integers
    }
    return (xq.sum(), qq.sum())
  }
}
