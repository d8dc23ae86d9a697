/// Reads JSON (RFC 8259) from front to end without building values: what a caller does not ask for
/// takes no memory, however long or deep it is.
///
/// A copy of a scanner is a bookmark: it goes on where the scanner stood.
public struct JSONScanner {
  let bytes: Table<UInt8>
  /// Byte offset of what is read next.
  public internal(set) var position = 0
  private let place: String
  private var depth = 0
  /// Objects and arrays inside each other.
  static let largestDepth = 128

  /// - Parameters:
  ///   - bytes: the text.
  ///   - place: what the text is, for messages.
  public init(_ bytes: Table<UInt8>, place: String) {
    self.bytes = bytes
    self.place = place
  }

  /// "place: byte 12: …", badInput.
  public func error(_ text: String) -> AIGCError {
    .badInput((place.isEmpty ? "" : "\(place): ") + "byte \(position): \(text)")
  }

  /// The byte at the position; 0 at the end, which no JSON text holds outside of strings.
  @inline(__always)
  var next: UInt8 { position < bytes.count ? bytes[position] : 0 }

  /// Number of bytes that are not read yet.
  public var remaining: Int { bytes.count - position }

  /// The next byte that is no white space, which stays.
  public mutating func peek() -> UInt8? {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case let byte: return byte
      }
    }
    return nil
  }

  /// Takes `byte` when it is next.
  public mutating func take(_ byte: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: byte) else { return false }
    position += 1
    return true
  }

  /// Passes over white space and takes `byte`.
  /// - Throws: ``AIGCError`` (badInput) when something else, or the end of the text, comes next.
  public mutating func expect(_ byte: Unicode.Scalar) throws(AIGCError) {
    guard take(byte) else { throw error("'\(byte)' is missing") }
  }

  /// Only white space may follow.
  public mutating func finish() throws(AIGCError) {
    if peek() != nil { throw error("more text after the JSON value") }
  }

  // MARK: Objects and arrays

  /// An object; `member` takes the value of each key.
  public mutating func object(
    _ member: (inout JSONScanner, String) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    try members { (scanner) throws(AIGCError) in
      let key = try scanner.string()
      try scanner.expect(":")
      try member(&scanner, key)
    }
  }

  /// An object; `member` takes each key, the colon and the value.
  public mutating func members(
    _ member: (inout JSONScanner) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    try list("{", "}", member)
  }

  /// An array; `element` takes each value.
  public mutating func array(
    _ element: (inout JSONScanner) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    try list("[", "]", element)
  }

  private mutating func list(
    _ begin: Unicode.Scalar, _ end: Unicode.Scalar,
    _ element: (inout JSONScanner) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    _ = peek()
    guard depth < Self.largestDepth else { throw error("nested too deeply") }
    try expect(begin)
    if take(end) { return }
    depth += 1
    repeat { try element(&self) } while take(",")
    depth -= 1
    try expect(end)
  }

  /// Passes over any value.
  public mutating func skip() throws(AIGCError) {
    switch peek() {
    case UInt8(ascii: "{"):
      try members { (scanner) throws(AIGCError) in
        try scanner.skipString()
        try scanner.expect(":")
        try scanner.skip()
      }
    case UInt8(ascii: "["): try array { (scanner) throws(AIGCError) in try scanner.skip() }
    case UInt8(ascii: "\""): try skipString()
    default: _ = try word()
    }
  }

  /// A text, number, true, false or null as text; nil for an array or an object, which is passed over.
  public mutating func scalarText() throws(AIGCError) -> String? {
    switch peek() {
    case UInt8(ascii: "\""): return try string()
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try skip()
      return nil
    default: return bytes.text(try word())
    }
  }

  /// Whether null is next, which is taken then.
  public mutating func takeNull() throws(AIGCError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    _ = try word()
    return true
  }

  /// `true` or `false`.
  public mutating func bool() throws(AIGCError) -> Bool {
    switch peek() {
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      let isTrue = next == UInt8(ascii: "t")
      _ = try word()
      return isTrue
    default: throw error("true or false is needed")
    }
  }

  /// Any value. What it takes of memory is some hundred bytes for each byte of the text at worst.
  public mutating func value() throws(AIGCError) -> JSONValue {
    switch peek() {
    case UInt8(ascii: "{"):
      var members: [JSONValue.Member] = []
      try object { (scanner, name) throws(AIGCError) in
        members.append(.init(name, try scanner.value()))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var values: [JSONValue] = []
      try array { (scanner) throws(AIGCError) in values.append(try scanner.value()) }
      return .array(values)
    case UInt8(ascii: "\""): return .string(try string())
    default:
      let range = try word()
      switch bytes[range.lowerBound] {
      case UInt8(ascii: "t"): return .bool(true)
      case UInt8(ascii: "f"): return .bool(false)
      case UInt8(ascii: "n"): return .null
      default: return try number(bytes.text(range))
      }
    }
  }

  // MARK: Numbers and names

  /// An array of at most `limit` integers that are not negative.
  public mutating func sizes(limit: Int) throws(AIGCError) -> [Int] {
    var values: [Int] = []
    try array { (scanner) throws(AIGCError) in
      guard values.count < limit else { throw scanner.error("more than \(limit) numbers") }
      values.append(try scanner.size())
    }
    return values
  }

  /// An integer that is not negative.
  public mutating func size() throws(AIGCError) -> Int {
    _ = peek()
    var value = 0
    let start = position
    while case let digit = next, digit >= 48, digit <= 57 {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(Int(digit - 48))
      guard !overflow, !sumOverflow else { throw error("the number is too large") }
      value = sum
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != 48 else {
      throw error("a whole number from 0 up is needed")
    }
    if [0x2E, 0x45, 0x65].contains(next) { throw error("a whole number is needed") }
    return value
  }

  /// A whole number that fits is an int, any other one a double.
  private func number(_ text: String) throws(AIGCError) -> JSONValue {
    if let value = Int(text) { return .int(value) }
    guard let value = Double(text), value.isFinite else { throw error("a number out of range") }
    return .double(value)
  }

  /// Where a number, true, false or null lies.
  private mutating func word() throws(AIGCError) -> Range<Int> {
    let first = peek()
    let start = position
    switch first {
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default: try numberRange()
    }
    return start..<position
  }

  private mutating func literal(_ word: StaticString) throws(AIGCError) {
    for byte in word.description.utf8 {
      guard next == byte else { throw error("not a JSON value") }
      position += 1
    }
  }

  private mutating func numberRange() throws(AIGCError) {
    if next == UInt8(ascii: "-") { position += 1 }
    let first = next
    guard try digits() == 1 || first != UInt8(ascii: "0") else {
      throw error("a number with a leading zero")
    }
    if next == UInt8(ascii: ".") {
      position += 1
      _ = try digits()
    }
    if next | 0x20 == UInt8(ascii: "e") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      _ = try digits()
    }
  }

  /// - Returns: how many, at least one.
  private mutating func digits() throws(AIGCError) -> Int {
    let start = position
    while next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") { position += 1 }
    guard position > start else { throw error("not a JSON value") }
    return position - start
  }
}
