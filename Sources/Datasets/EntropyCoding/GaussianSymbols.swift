import Kernels

/// Numbers of a normal distribution as symbols: each is rounded to a multiple of a step, whose probability is
/// that of its interval.
public struct GaussianSymbols: Sendable {
  /// The frequencies of the symbols, for an entropy coder.
  public let table: FrequencyTable
  /// The multiple that symbol 0 stands for.
  private let first: Int
  private let step: Double

  /// Deviations on each side of the mean that have symbols of their own; what lies beyond becomes the
  /// outermost.
  private static let reach = 8.0

  /// - Parameters:
  ///   - mean: of the numbers.
  ///   - deviation: of the numbers, from 0 up.
  ///   - step: between two values, above 0.
  /// - Returns: nil when the step is so small that there are more symbols than a table may have, or
  ///   when a value is not finite.
  public init?(mean: Double, deviation: Double, step: Double) {
    let low = ((mean - Self.reach * deviation) / step).rounded(.down)
    let high = ((mean + Self.reach * deviation) / step).rounded(.up)
    guard step > 0, deviation >= 0, low.magnitude < 1e15, high.magnitude < 1e15,
      high - low < Double(FrequencyTable.largest)
    else { return nil }
    self.step = step
    first = Int(low)
    func below(_ edge: Double) -> Double {
      let distance = edge * step - mean
      return deviation > 0
        ? NormalDistribution.cumulative(distance / deviation) : distance > 0 ? 1 : 0
    }
    var (weights, last) = ([Double](), 0.0)
    for multiple in Int(low)...Int(high) {
      let next = multiple == Int(high) ? 1 : below(Double(multiple) + 0.5)
      weights.append(next - last)
      last = next
    }
    table = FrequencyTable(weights)
  }

  /// The symbol of a number; one that is none gets a symbol too.
  public func symbol(_ value: Float) -> Int {
    let multiple = (Double(value) / step).rounded() - Double(first)
    return multiple.isFinite ? Int(min(max(multiple, 0), Double(table.count - 1))) : 0
  }

  /// The number that a symbol stands for.
  public func value(_ symbol: Int) -> Float { Float(Double(first + symbol) * step) }
}
