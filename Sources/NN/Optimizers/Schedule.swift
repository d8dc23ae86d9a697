import Glibc

/// The learning rate over a run.
public struct Schedule: Codable, Equatable, Sendable {
  /// How the rate changes over the run once the warm-up is over.
  public enum Shape: String, Codable, CaseIterable, Sendable {
    /// The same at every step.
    case constant
    /// Half a cosine from the peak to the end (Loshchilov and Hutter 2017).
    case cosine
    /// A straight line from the peak to the end.
    case linear
    /// The peak for half of the run, then a straight line to 0 (Zhu et al. 2017).
    case linearAfterHalf = "linear-after-half"
    /// Up for 30% of the run, down for the rest, both by cosines (Smith 2018; PyTorch's OneCycleLR).
    case oneCycle = "one-cycle"
  }

  /// How the rate changes over the run once the warm-up is over.
  public var shape = Shape.constant
  /// The largest learning rate of the run.
  public var peak: Float
  /// The rate that is reached after the last step, as a share of the peak; of cosine and linear.
  public var endShare: Float = 0.1
  /// Steps of a straight line from 0 to the peak before all else.
  public var warmup = 0

  /// Creates a schedule without warm-up; cosine and linear end at a tenth of `peak`.
  public init(_ shape: Shape = .constant, peak: Float) {
    self.shape = shape
    self.peak = peak
  }

  /// The rate of step `step` of `total`, counted from 0.
  public func rate(_ step: Int, of total: Int) -> Float {
    if step < warmup { return peak * Float(step + 1) / Float(warmup) }
    let length = Double(max(total - warmup, 1))
    let place = Double(step - warmup)
    let done = min(1, place / length)
    let end = Double(endShare)
    let share: Double
    switch shape {
    case .constant: share = 1
    case .linear: share = 1 - (1 - end) * done
    case .linearAfterHalf: share = min(1, 2 * (1 - done))
    case .cosine: share = end + (1 - end) * (1 + cos(Double.pi * done)) / 2
    case .oneCycle:
      // PyTorch reaches the peak one step before 30%, and the end at the last step.
      let (start, top) = (1.0 / 25, max(0.3 * length - 1, 0))
      if place < top {
        share = 1 - (1 - start) * (1 + cos(Double.pi * place / top)) / 2
      } else {
        let rest = min(1, (place - top) / max(length - 1 - top, 1))
        share = start * 1e-4 + (1 - start * 1e-4) * (1 + cos(Double.pi * rest)) / 2
      }
    }
    return peak * Float(share)
  }
}
