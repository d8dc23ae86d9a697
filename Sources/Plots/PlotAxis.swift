import Glibc

/// The range of an axis, how values become places on it, and its ticks.
struct PlotAxis {
  struct Tick {
    var value: Double
    /// "" for a small one between those with a label.
    var label: String
  }

  private(set) var low: Double
  private(set) var high: Double
  let isLogarithmic: Bool

  /// What an axis can show at all, so that lengths and quotients of two values stay finite.
  static func isDrawable(_ value: Double, isLogarithmic: Bool = false) -> Bool {
    isLogarithmic ? value >= 1e-100 && value <= 1e100 : value.magnitude <= 1e300
  }

  /// An axis over all drawable `values`, with a margin of `margin` of its length at both ends.
  init(_ values: some Sequence<Double>, isLogarithmic: Bool = false, margin: Double) {
    self.isLogarithmic = isLogarithmic
    var (low, high) = (Double.infinity, -Double.infinity)
    for value in values where Self.isDrawable(value, isLogarithmic: isLogarithmic) {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = isLogarithmic ? (0.1, 1) : (0, 1) }
    if isLogarithmic {
      if high / low < 1.02 { (low, high) = (low / 1.2, high * 1.2) }
      let room = pow(high / low, margin)
      (self.low, self.high) = (low / room, high * room)
      return
    }
    let size = max(low.magnitude, high.magnitude)
    if high - low < size * 1e-9 || high - low < 1e-280 {
      // One value: its own size around it tells nothing wrong.
      let half = size < 1e-280 ? 0.5 : size * 0.1
      (low, high) = (low - half, high + half)
    }
    let room = (high - low) * margin
    (self.low, self.high) = (low - room, high + room)
  }

  /// 0 at the low end, 1 at the high end.
  func fraction(_ value: Double) -> Double {
    isLogarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low)
  }

  /// Ticks at multiples of 1, 2 or 5 times a power of ten.
  /// - Parameter most: how many there is room for.
  /// - Parameter isWhole: whether fractions make no sense (names stand at whole numbers).
  func ticks(most: Int, isWhole: Bool = false) -> [Tick] {
    isLogarithmic && high / low >= 10 ? decades(most: most) : steps(most: most, isWhole: isWhole)
  }

  private func steps(most: Int, isWhole: Bool) -> [Tick] {
    let raw = (high - low) / Double(max(most, 1))
    var exponent = Int(log10(raw).rounded(.down))
    var factor = 10
    for candidate in [1, 2, 5] where raw <= Double(candidate) * power(exponent) * 1.0001 {
      factor = candidate
      break
    }
    if factor == 10 { (factor, exponent) = (1, exponent + 1) }
    if isWhole, exponent < 0 { (factor, exponent) = (1, 0) }
    let step = Double(factor) * power(exponent)
    guard step > 0, step.isFinite else { return [] }
    // At most ten digits: an axis is never shorter than a billionth of its values.
    let (first, last) = ((low / step).rounded(.up), (high / step).rounded(.down))
    guard first <= last, first.magnitude < 1e14, last.magnitude < 1e14 else { return [] }
    let counts = Int(first)...Int(last)
    let largest = max(counts.lowerBound.magnitude, counts.upperBound.magnitude)
    let style = LabelStyle(largest: Double(largest) * step, exponent: exponent)
    return counts.map { count in
      let value =
        exponent < 0
        ? Double(count * factor) / power(-exponent) : Double(count * factor) * power(exponent)
      return Tick(value: value, label: style.label(count * factor, exponent))
    }
  }

  private func decades(most: Int) -> [Tick] {
    let first = Int(log10(low).rounded(.down))
    let last = Int(log10(high).rounded(.up))
    let decades = log10(high / low)
    let labelled = decades * 3 <= Double(most) ? [1, 2, 5] : [1]
    let stride = max(1, Int((decades / Double(max(most, 1))).rounded(.up)))
    var ticks: [Tick] = []
    for exponent in first...last {
      for factor in 1...9 {
        let value = Double(factor) * power(exponent)
        guard value >= low, value <= high else { continue }
        let hasLabel = labelled.contains(factor) && exponent % stride == 0
        guard hasLabel || decades <= 8 || factor == 1 else { continue }
        let style = LabelStyle(largest: value, exponent: exponent)
        ticks.append(Tick(value: value, label: hasLabel ? style.label(factor, exponent) : ""))
      }
    }
    return ticks
  }
}

private func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }

/// How the numbers of one axis are written.
private enum LabelStyle {
  case plain, thousands, millions, scientific

  /// - Parameters:
  ///   - largest: the largest number's magnitude.
  ///   - exponent: all are multiples of this power of ten.
  init(largest: Double, exponent: Int) {
    if largest >= 1e12 || exponent < -4 {
      self = .scientific
    } else if exponent >= 6 || (exponent == 5 && largest >= 1e6) {
      self = .millions
    } else if exponent >= 3 && largest >= 1e4 {
      self = .thousands
    } else {
      self = .plain
    }
  }

  /// `count` · 10^`exponent`.
  func label(_ count: Int, _ exponent: Int) -> String {
    if count == 0 { return self == .plain && exponent < 0 ? fixed(0, exponent) : "0" }
    switch self {
    case .plain: return fixed(count, exponent)
    case .thousands: return fixed(count, exponent - 3) + "k"
    case .millions: return fixed(count, exponent - 6) + "M"
    case .scientific:
      var (digits, power) = (count, exponent)
      while digits % 10 == 0 { (digits, power) = (digits / 10, power + 1) }
      let decimals = String(digits.magnitude).utf8.count - 1
      power += decimals
      return fixed(digits, -decimals) + "e\(power)"
    }
  }

  /// As many decimals as the exponent is below 0.
  private func fixed(_ count: Int, _ exponent: Int) -> String {
    var digits = String(count.magnitude)
    let sign = count < 0 ? "-" : ""
    guard exponent < 0 else {
      return sign + digits + (count == 0 ? "" : String(repeating: "0", count: exponent))
    }
    while digits.utf8.count <= -exponent { digits = "0" + digits }
    return "\(sign)\(digits.dropLast(-exponent)).\(digits.suffix(-exponent))"
  }
}
