extension JSONScanner {
  /// A string.
  public mutating func string() throws(AIGCError) -> String {
    var text: [UInt8] = []
    try string(into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the characters of a string in UTF-8, which they are checked to be.
  public mutating func string(into text: inout [UInt8]) throws(AIGCError) {
    try expect("\"")
    while let part = try part() {
      switch part {
      case .run(let range):
        text.append(
          contentsOf: UnsafeBufferPointer(start: bytes.base + range.lowerBound, count: range.count))
      case .escaped(let scalar):
        if let encoded = UTF8.encode(scalar) { text.append(contentsOf: encoded) }
      }
    }
  }

  /// Passes over a string, which is checked like any other.
  mutating func skipString() throws(AIGCError) {
    try expect("\"")
    while try part() != nil {}
  }

  private enum Part {
    /// Characters that stand for themselves.
    case run(Range<Int>)
    case escaped(Unicode.Scalar)
  }

  /// The next part of a string; nil at its end, which is taken.
  private mutating func part() throws(AIGCError) -> Part? {
    let start = position
    let end = bytes.base + bytes.count
    var place = bytes.base + start
    while place < end {
      let byte = place.pointee
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
      let length = byte < 0x80 ? 1 : decodeUTF8(place, end).length
      if length == 0 {
        position = place - bytes.base
        throw error("a string that is not UTF-8")
      }
      place += length
    }
    position = place - bytes.base
    if position > start { return .run(start..<position) }
    guard position < bytes.count else { throw error("a string without its end") }
    position += 1
    switch place.pointee {
    case UInt8(ascii: "\""): return nil
    case UInt8(ascii: "\\"): return .escaped(try escape())
    default:
      position -= 1
      throw error("a control character in a string")
    }
  }

  private mutating func escape() throws(AIGCError) -> Unicode.Scalar {
    let letter = next
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code >> 10 == 0x36, next == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        guard low >> 10 == 0x37 else { throw error("half a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      return scalar
    default:
      position -= 1
      throw error("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(AIGCError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = next - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = next - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = next - UInt8(ascii: "A") + 10
      default: throw error("four hexadecimal digits are needed after \\u")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
