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

  /// Columns that a text takes on a terminal: Chinese letters and the like take two, marks over others none.
  public static func columns(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + columns($1) }
  }

  private static func columns(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // What the Unicode Standard calls wide or fullwidth (Annex 11), by blocks.
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
      0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return 2
    default: return 1
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
