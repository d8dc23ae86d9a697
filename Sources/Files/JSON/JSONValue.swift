/// A JSON value to print or to read from a configuration. Members keep the order they are given in.
public indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  /// Not a number and infinities are written as null.
  case double(Double)
  /// Written with the few digits a Float needs.
  case float(Float)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// One "name": value.
  public struct Member: Equatable, Sendable {
    /// The key as text, without its quotes and escapes.
    public var name: String
    /// The value that the key stands for.
    public var value: JSONValue
    /// Creates a member from its key and its value.
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// An optional value: nil is null.
  public init(_ value: Double?) { self = value.map { .double($0) } ?? .null }
  /// An optional number in single precision; nil is null.
  public init(_ value: Float?) { self = value.map { .float($0) } ?? .null }
  /// An optional whole number; nil is null.
  public init(_ value: Int?) { self = value.map { .int($0) } ?? .null }
  /// An optional truth value; nil is null.
  public init(_ value: Bool?) { self = value.map { .bool($0) } ?? .null }
  /// An optional text; nil is null.
  public init(_ value: String?) { self = value.map { .string($0) } ?? .null }

  /// The members for text that may not be UTF-8: `text`, with U+FFFD where needed, and then `bytes`.
  public static func text(_ name: String = "text", bytes: [UInt8]) -> [Member] {
    let text = Member(name, .string(String(decoding: bytes, as: UTF8.self)))
    guard String(validating: bytes, as: UTF8.self) == nil else { return [text] }
    return [text, Member("bytes", .array(bytes.map { .int(Int($0)) }))]
  }

  /// Appends the value as compact JSON.
  public func write(into output: inout [UInt8]) {
    switch self {
    case .null: output += "null".utf8
    case .bool(let value): output += (value ? "true" : "false").utf8
    case .int(let value): output += String(value).utf8
    case .double(let value): output += (value.isFinite ? value.description : "null").utf8
    case .float(let value): output += (value.isFinite ? value.description : "null").utf8
    case .string(let value): Self.write(value, into: &output)
    case .array(let values):
      output.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        value.write(into: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        Self.write(member.name, into: &output)
        output.append(UInt8(ascii: ":"))
        member.value.write(into: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// Appends a text as a JSON string; what is beyond ASCII stays as it is.
  public static func write(_ text: String, into output: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0x0A: output += "\\n".utf8
      case 0x09: output += "\\t".utf8
      case 0x0D: output += "\\r".utf8
      case 0..<0x20, 0x7F:
        output += "\\u00".utf8
        output += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  /// The value as compact JSON text.
  public var text: String {
    var bytes: [UInt8] = []
    write(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// Creates a `.string` from a string literal.
  public init(stringLiteral value: String) { self = .string(value) }
  /// Creates an `.int` from an integer literal.
  public init(integerLiteral value: Int) { self = .int(value) }
  /// Creates a `.double` from a floating-point literal.
  public init(floatLiteral value: Double) { self = .double(value) }
  /// Creates a `.bool` from a Boolean literal.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// Creates an `.array` from an array literal.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Creates an `.object` whose members keep their order from a dictionary literal.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

extension JSONValue: Decodable {
  private struct MemberName: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Reads any JSON value; members come sorted by name.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: MemberName.self) {
      let keys = container.allKeys.sorted { $0.stringValue < $1.stringValue }
      self = .object(
        try keys.map { Member($0.stringValue, try container.decode(JSONValue.self, forKey: $0)) })
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int.self) {
      self = .int(value)
    } else if let value = try? container.decode(Double.self) {
      self = .double(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else {
      self = .array(try container.decode([JSONValue].self))
    }
  }
}

extension JSONValue: Encodable {
  /// Writes the value as the encoder writes such a value of Swift; of two members with one name the last
  /// one stays.
  public func encode(to encoder: any Encoder) throws {
    if case .object(let members) = self {
      var keys = encoder.container(keyedBy: MemberName.self)
      for member in members {
        try keys.encode(member.value, forKey: MemberName(stringValue: member.name))
      }
      return
    }
    var container = encoder.singleValueContainer()
    switch self {
    case .bool(let value): try container.encode(value)
    case .int(let value): try container.encode(value)
    case .double(let value): try container.encode(value)
    case .float(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .null, .object: try container.encodeNil()
    }
  }
}

extension JSONValue {
  /// Reads one JSON document (RFC 8259) of UTF-8 bytes; members keep their order. A whole number
  /// that fits is an int, any other number a double.
  ///
  /// Meant for logs of many lines: a line costs microseconds, where JSONDecoder takes a hundred.
  /// - Throws: ``AIGCError`` (badInput) "byte 12: …" for what is no JSON, nested deeper than 128, or
  ///   a number beyond the range of doubles.
  public init(parsing bytes: Table<UInt8>) throws(AIGCError) {
    var scanner = JSONScanner(bytes, place: "")
    self = try scanner.value()
    try scanner.finish()
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
