import Files

/// Reads JSON (RFC 8259) from front to end without building values: what a caller does not ask for
/// takes no memory, however long or deep it is.
struct JSONScanner {
  private let bytes: Table<UInt8>
  private(set) var position = 0
  private let place: String
  private static let largestDepth = 64

  /// - Parameters:
  ///   - bytes: the text.
  ///   - place: what the text is, for messages.
  init(_ bytes: Table<UInt8>, place: String) {
    self.bytes = bytes
    self.place = place
  }

  func error(_ text: String) -> AIGCError {
    .badInput("\(place): damaged JSON at byte \(position): \(text)")
  }

  /// The next byte that is no white space, which stays.
  mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case let byte: return byte
      }
    }
    return nil
  }

  /// Takes `byte` when it is next.
  mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  mutating func expect(_ byte: Unicode.Scalar) throws(AIGCError) {
    guard take(byte) else { throw error("'\(byte)' is missing") }
  }

  /// Only white space may follow.
  mutating func finish() throws(AIGCError) {
    if peek() != nil { throw error("more text after the end") }
  }

  /// An object; `member` takes the value of each key.
  mutating func object(
    _ member: (inout JSONScanner, String) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    try expect("{")
    if take("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while take(",")
    try expect("}")
  }

  /// An array; `element` takes each value.
  mutating func array(_ element: (inout JSONScanner) throws(AIGCError) -> Void) throws(AIGCError) {
    try expect("[")
    if take("]") { return }
    repeat { try element(&self) } while take(",")
    try expect("]")
  }

  /// An array of at most `limit` integers that are not negative.
  mutating func sizes(limit: Int) throws(AIGCError) -> [Int] {
    var values: [Int] = []
    try array { (scanner) throws(AIGCError) in
      guard values.count < limit else { throw scanner.error("more than \(limit) numbers") }
      values.append(try scanner.size())
    }
    return values
  }

  /// An integer that is not negative.
  mutating func size() throws(AIGCError) -> Int {
    _ = peek()
    var value = 0
    let start = position
    while position < bytes.count, case let digit = bytes[position], digit >= 48, digit <= 57 {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(Int(digit - 48))
      guard !overflow, !sumOverflow else { throw error("the number is too large") }
      value = sum
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != 48 else {
      throw error("a whole number from 0 up is needed")
    }
    if position < bytes.count, [0x2E, 0x45, 0x65].contains(bytes[position]) {
      throw error("a whole number is needed")
    }
    return value
  }

  mutating func string() throws(AIGCError) -> String {
    try expect("\"")
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a text is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"): try escape(into: &text)
      case 0..<0x20: throw error("a control character in a text")
      default: text.append(byte)
      }
    }
    throw error("the end of a text is missing")
  }

  private mutating func escape(into text: inout [UInt8]) throws(AIGCError) {
    guard position < bytes.count else { throw error("the end of a text is missing") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(8)
    case UInt8(ascii: "f"): text.append(12)
    case UInt8(ascii: "n"): text.append(10)
    case UInt8(ascii: "r"): text.append(13)
    case UInt8(ascii: "t"): text.append(9)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if code >> 10 == 0x36 {
        guard position + 2 <= bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair") }
        position += 2
        let second = try hexadecimal()
        guard second >> 10 == 0x37 else { throw error("half of a surrogate pair") }
        code = 0x10000 + (code & 0x3FF) << 10 + second & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
      text += String(scalar).utf8
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(AIGCError) -> UInt32 {
    guard position + 4 <= bytes.count else { throw error("the end of a text is missing") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
        throw error("a wrong \\u escape")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// A text, number, true, false or null as text; nil for an array or an object, which is passed over.
  mutating func scalarText() throws(AIGCError) -> String? {
    switch peek() {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try skip()
      return nil
    default:
      let start = position
      try word()
      return bytes.text(start..<position)
    }
  }

  /// Passes over any value.
  mutating func skip(depth: Int = 0) throws(AIGCError) {
    guard depth < Self.largestDepth else { throw error("nested too deep") }
    switch peek() {
    case UInt8(ascii: "{"):
      try object { (scanner, _) throws(AIGCError) in try scanner.skip(depth: depth + 1) }
    case UInt8(ascii: "["):
      try array { (scanner) throws(AIGCError) in try scanner.skip(depth: depth + 1) }
    case UInt8(ascii: "\""): _ = try string()
    default: try word()
    }
  }

  /// A number, true, false or null.
  private mutating func word() throws(AIGCError) {
    let start = position
    while position < bytes.count,
      case let byte = bytes[position],
      byte >= 48 && byte <= 57 || byte >= 97 && byte <= 122 || [43, 45, 46, 69].contains(byte),
      position - start < 64
    {
      position += 1
    }
    let text = bytes.text(start..<position)
    guard ["true", "false", "null"].contains(text) || Double(text) != nil && text.last != "." else {
      throw error("a value is missing")
    }
  }
}
