/// All decimal digits of a double, exactly: Python rounds from these, half to even.
struct DecimalDigits {
  /// From the highest one on.
  private(set) var digits: [UInt8]
  /// How many of them stand before the point; may be negative.
  private(set) var pointPlace: Int

  /// - Parameter value: finite and not negative.
  init(_ value: Double) {
    guard value > 0, value.isFinite else {
      (digits, pointPlace) = ([0], 1)
      return
    }
    var exponent = Int(value.exponent) - 52
    var significand = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
    if !value.isNormal { exponent = -1074 }
    while significand & 1 == 0 {
      significand >>= 1
      exponent += 1
    }
    // Base 1,000,000,000 from the lowest one on; 2^-n is 5^n / 10^n.
    var parts: [UInt64] = []
    while significand > 0 {
      parts.append(significand % 1_000_000_000)
      significand /= 1_000_000_000
    }
    for _ in 0..<abs(exponent) {
      var carry: UInt64 = 0
      for index in parts.indices {
        let product = parts[index] * (exponent > 0 ? 2 : 5) + carry
        parts[index] = product % 1_000_000_000
        carry = product / 1_000_000_000
      }
      if carry > 0 { parts.append(carry) }
    }
    var text = ""
    for part in parts.reversed() {
      let own = String(part)
      text += text.isEmpty ? own : String(repeating: "0", count: 9 - own.count) + own
    }
    digits = text.utf8.map { $0 - 48 }
    pointPlace = digits.count + min(exponent, 0)
  }

  /// The power of ten of the first digit.
  var exponent: Int { pointPlace - 1 }

  /// Keeps `count` digits from the first one on; negative: none, and 0 is left.
  mutating func round(toDigits count: Int) {
    guard count < digits.count else { return }
    guard count >= 0 else {
      (digits, pointPlace) = ([0], 1)
      return
    }
    let rest = digits[count...]
    let isTie = rest.first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
    let isOdd = count > 0 && digits[count - 1] & 1 == 1
    let isUp = isTie ? isOdd : (rest.first ?? 0) >= 5
    digits.removeSubrange(count...)
    if isUp {
      var place = count - 1
      while place >= 0, digits[place] == 9 {
        digits[place] = 0
        place -= 1
      }
      if place >= 0 {
        digits[place] += 1
      } else {
        digits.insert(1, at: 0)
        pointPlace += 1
      }
    } else if count == 0 {
      (digits, pointPlace) = ([0], 1)
    }
  }

  /// The number with `decimals` digits behind the point.
  func fixed(_ decimals: Int) -> String {
    var copy = self
    copy.round(toDigits: pointPlace + decimals)
    let whole = copy.text(from: 0, to: copy.pointPlace)
    let fraction = copy.text(from: copy.pointPlace, to: copy.pointPlace + decimals)
    return (whole.isEmpty ? "0" : whole) + (decimals > 0 ? "." + fraction : "")
  }

  /// The number with one digit before the point, `decimals` behind it, and an exponent.
  func scientific(_ decimals: Int) -> String {
    var copy = self
    copy.round(toDigits: decimals + 1)
    let size = String(copy.exponent.magnitude)
    return copy.text(from: 0, to: 1)
      + (decimals > 0 ? "." + copy.text(from: 1, to: decimals + 1) : "")
      + (copy.exponent < 0 ? "e-" : "e+") + (size.count < 2 ? "0" + size : size)
  }

  /// `%g`: so many digits, with an exponent where the number is small or large.
  func general(_ precision: Int, keepsZeros: Bool) -> String {
    let count = max(precision, 1)
    var copy = self
    copy.round(toDigits: count)
    let isScientific = copy.exponent < -4 || copy.exponent >= count
    let text =
      isScientific ? copy.scientific(count - 1) : copy.fixed(max(0, count - 1 - copy.exponent))
    guard !keepsZeros, text.contains(".") else { return text }
    var parts = text.split(separator: "e", maxSplits: 1).map(String.init)
    while parts[0].last == "0" { parts[0].removeLast() }
    if parts[0].last == "." { parts[0].removeLast() }
    return parts.joined(separator: "e")
  }

  /// Digits by their places, zeros where there are none.
  private func text(from start: Int, to end: Int) -> String {
    guard start < end else { return "" }
    return String(
      decoding: (start..<end).map { digits.indices.contains($0) ? digits[$0] + 48 : 48 },
      as: UTF8.self)
  }
}

/// Python's `round(value, decimals)`.
func pythonRounded(_ value: Double, _ decimals: Int) -> Double {
  guard value.isFinite, decimals < 330 else { return value }
  guard decimals > -310 else { return value < 0 ? -0.0 : 0 }
  let digits = DecimalDigits(value.magnitude)
  let text: String
  if decimals >= 0 {
    text = digits.fixed(decimals)
  } else {
    var rounded = digits
    rounded.round(toDigits: digits.pointPlace + decimals)
    text = rounded.fixed(0)
  }
  let result = Double(text) ?? value
  return value.sign == .minus ? -result : result
}
