import Datasets
import Files

/// How a token stands in an ARPA file, where white space separates tokens.
///
/// In `char` and `byte` mode white space and control characters are written as `<U+0020>` and
/// `<0x20>`; so are bytes that are not ASCII, to keep the file UTF-8. All else stands as it is.
public func arpaSpelling(of token: [UInt8], mode: TokenMode) -> [UInt8] {
  switch mode {
  case .byte:
    guard token.count == 1, token[0] <= 0x20 || token[0] >= 0x7F else { return token }
    return Array("<0x\(hexadecimal(UInt32(token[0]), digits: 2))>".utf8)
  case .char:
    guard let scalar = onlyScalar(token), needsEscape(scalar) else { return token }
    return Array("<U+\(hexadecimal(scalar.value, digits: 4))>".utf8)
  case .auto, .word, .whitespace:
    return token
  }
}

/// The token that is spelled so in an ARPA file: the inverse of ``arpaSpelling(of:mode:)``.
public func tokenBytes(ofARPASpelling spelling: [UInt8], mode: TokenMode) -> [UInt8] {
  switch mode {
  case .byte:
    guard let value = escapedValue(spelling, prefix: "<0x"), value < 256 else { return spelling }
    return [UInt8(value)]
  case .char:
    guard let value = escapedValue(spelling, prefix: "<U+"), let scalar = Unicode.Scalar(value)
    else { return spelling }
    return Array(String(Character(scalar)).utf8)
  case .auto, .word, .whitespace:
    return spelling
  }
}

private func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
  if scalar.isASCII { return scalar.value <= 0x20 || scalar.value == 0x7F }
  return scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
}

/// The scalar that `bytes` are, nothing more.
private func onlyScalar(_ bytes: [UInt8]) -> Unicode.Scalar? {
  guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
  let scalars = text.unicodeScalars
  return scalars.count == 1 ? scalars.first : nil
}

private func hexadecimal(_ value: UInt32, digits: Int) -> String {
  let text = String(value, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}

private func escapedValue(_ spelling: [UInt8], prefix: String) -> UInt32? {
  guard spelling.starts(with: prefix.utf8), spelling.last == UInt8(ascii: ">") else { return nil }
  let digits = spelling[prefix.utf8.count..<spelling.count - 1]
  guard (1...6).contains(digits.count) else { return nil }
  var value: UInt32 = 0
  for digit in digits {
    guard let number = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
    value = value << 4 | UInt32(number)
  }
  return value
}
