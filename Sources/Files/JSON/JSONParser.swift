extension JSONValue {
  /// Reads one JSON document (RFC 8259) of UTF-8 bytes; members keep their order. A whole number
  /// that fits is an int, any other number a double.
  ///
  /// Meant for logs of many lines: a line costs microseconds, where JSONDecoder takes a hundred.
  /// - Throws: ``AIGCError`` (badInput) "byte 12: …" for what is no JSON, nested deeper than 128, or
  ///   a number beyond the range of doubles.
  public init(parsing bytes: [UInt8]) throws(AIGCError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }

  /// A number as a double; nil for other values.
  public var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .float(let value): Double(value)
    default: nil
    }
  }
}

/// A recursive descent over the bytes.
private struct JSONParser {
  let bytes: [UInt8]
  private var place = 0
  private var depth = 0
  private static let deepest = 128

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ text: String) -> AIGCError { .badInput("byte \(place): \(text)") }

  /// The byte at the place; 0 at the end, which no JSON text holds.
  private var next: UInt8 { place < bytes.count ? bytes[place] : 0 }

  mutating func document() throws(AIGCError) -> JSONValue {
    let value = try value()
    skipSpace()
    guard place == bytes.count else { throw error("text after the JSON value") }
    return value
  }

  private mutating func skipSpace() {
    while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func take(_ word: StaticString, as value: JSONValue) throws(AIGCError)
    -> JSONValue
  {
    for byte in word.description.utf8 {
      guard next == byte else { throw error("not a JSON value") }
      place += 1
    }
    return value
  }

  private mutating func value() throws(AIGCError) -> JSONValue {
    skipSpace()
    switch next {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < Self.deepest else { throw error("nested too deeply") }
      depth += 1
      let value = next == UInt8(ascii: "{") ? try object() : try array()
      depth -= 1
      return value
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try take("true", as: .bool(true))
    case UInt8(ascii: "f"): return try take("false", as: .bool(false))
    case UInt8(ascii: "n"): return try take("null", as: .null)
    default: return try number()
    }
  }

  private mutating func object() throws(AIGCError) -> JSONValue {
    place += 1
    var members: [JSONValue.Member] = []
    if take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a name in quotes is needed") }
      let name = try string()
      guard take(UInt8(ascii: ":")) else { throw error("':' is missing") }
      members.append(.init(name, try value()))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("'}' is missing") }
    return .object(members)
  }

  private mutating func array() throws(AIGCError) -> JSONValue {
    place += 1
    var values: [JSONValue] = []
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat { values.append(try value()) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("']' is missing") }
    return .array(values)
  }

  private mutating func number() throws(AIGCError) -> JSONValue {
    let start = place
    if next == UInt8(ascii: "-") { place += 1 }
    var isWhole = true
    let first = next
    guard try digits() == 1 || first != UInt8(ascii: "0") else {
      throw error("a number with a leading zero")
    }
    if next == UInt8(ascii: ".") {
      isWhole = false
      place += 1
      _ = try digits()
    }
    if next | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      place += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { place += 1 }
      _ = try digits()
    }
    let text = String(decoding: bytes[start..<place], as: UTF8.self)
    if isWhole, let value = Int(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
    return .double(value)
  }

  /// - Returns: how many, at least one.
  private mutating func digits() throws(AIGCError) -> Int {
    let start = place
    while next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") { place += 1 }
    guard place > start else { throw error("not a JSON value") }
    return place - start
  }

  private mutating func string() throws(AIGCError) -> String {
    place += 1
    var text: [UInt8] = []
    while true {
      guard place < bytes.count else { throw error("a string without its end") }
      let byte = bytes[place]
      switch byte {
      case UInt8(ascii: "\""):
        place += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw error("a string that is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        place += 1
        try escape(into: &text)
      case ..<0x20: throw error("a control character in a string")
      default:
        place += 1
        text.append(byte)
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(AIGCError) {
    let letter = next
    place += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\"), place + 1 < bytes.count,
        bytes[place + 1] == UInt8(ascii: "u")
      {
        place += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      text += Character(scalar).utf8
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(AIGCError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(next)).hexDigitValue, next < 0x80 else {
        throw error("four hexadecimal digits are needed after \\u")
      }
      code = code << 4 | UInt32(digit)
      place += 1
    }
    return code
  }
}
