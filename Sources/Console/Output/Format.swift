/// Numbers as people read them, the same in every locale.
public enum Format {
  /// With `digits` decimals: `fixed(588.699, 2)` is "588.70".
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value.magnitude * scale).rounded()
    guard scaled < 0x1p63, scaled.isFinite else { return "\(value)" }
    let whole = UInt64(scaled)
    let unit = UInt64(scale)
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % unit)
    let zeros = String(repeating: "0", count: digits - fraction.utf8.count)
    return "\(sign)\(whole / unit).\(zeros)\(fraction)"
  }

  /// "812 B", "12.3 MB" (powers of 1000).
  public static func byteCount(_ count: Int) -> String {
    var value = Double(count)
    guard value >= 1000 else { return "\(count) B" }
    var units = ["kB", "MB", "GB", "TB", "PB", "EB"][...]
    value /= 1000
    while value >= 999.95, units.count > 1 {
      value /= 1000
      units.removeFirst()
    }
    return "\(fixed(value, value < 99.95 ? 1 : 0)) \(units.first ?? "")"
  }

  /// "950", "12.3k", "3.5M".
  public static func short(_ value: Double) -> String {
    switch value {
    case ..<9.95: fixed(value, 1)
    case ..<999.5: fixed(value, 0)
    case ..<999_950: fixed(value / 1000, value < 99_950 ? 1 : 0) + "k"
    default: fixed(value / 1_000_000, value < 99_950_000 ? 1 : 0) + "M"
    }
  }

  /// "0:07", "12:30", "3:05:00".
  public static func time(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(max(0, seconds).rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = total / 60
    if minutes < 60 { return "\(minutes):\(two(total % 60))" }
    return "\(minutes / 60):\(two(minutes % 60)):\(two(total % 60))"
  }
}
