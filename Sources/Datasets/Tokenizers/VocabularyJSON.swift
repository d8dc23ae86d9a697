import Files

/// A vocabulary as one JSON object of tokens and their ids: `{"!":0,"\"":1,…}`, the `vocab.json` of
/// GPT-2. A parser of its own: 50,000 tokens in a few milliseconds.
struct VocabularyJSON: Sendable {
  /// The tokens' bytes in the order of the file.
  private var bytes: [UInt8] = []
  private var ends: [UInt32] = []
  /// For each id its place in the file.
  private var places: [UInt32] = []
  /// The tokens by their bytes, and for each number there the id, -1 where it is no token.
  private let words: Vocabulary
  private var ids: [Int32]

  /// Files hold 1 MB for 50,000 tokens.
  static let largest = 64 << 20

  /// - Throws: ``AIGCError`` (badInput) when the file is missing, too large or no such object, when
  ///   ids are not 0, 1, 2 … or a token comes twice.
  init(path: String) throws(AIGCError) {
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large for a vocabulary") }
    try self.init(file.bytes(), name: path)
  }

  init(_ text: Table<UInt8>, name: String) throws(AIGCError) {
    var parser = Parser(text: text, name: name)
    var builder = VocabularyBuilder()
    var order: [UInt32] = []
    ids = [Int32](repeating: -1, count: builder.count)
    var start = 0
    try parser.open()
    while try parser.string(into: &bytes, isFirst: order.isEmpty) {
      let word = Int(builder.id(for: Array(bytes[start...])))
      if word == ids.count { ids.append(-1) }
      guard bytes.count > start, ids[word] < 0 else {
        throw parser.error(bytes.count > start ? "a token that was there" : "an empty token")
      }
      let id = try parser.number()
      ids[word] = Int32(id)
      order.append(id)
      ends.append(UInt32(bytes.count))
      start = bytes.count
    }
    words = try builder.freeze()
    places = try Self.invert(order, name)
  }

  /// For each id its place in the file.
  private static func invert(_ order: [UInt32], _ name: String) throws(AIGCError) -> [UInt32] {
    let missing = UInt32.max
    var places = [UInt32](repeating: missing, count: order.count)
    for (place, id) in order.enumerated() {
      guard id < order.count else {
        throw .badInput(
          "\(name): id \(id) with \(order.count) tokens; ids must be 0 to \(order.count - 1)")
      }
      guard places[Int(id)] == missing else { throw .badInput("\(name): id \(id) comes twice") }
      places[Int(id)] = UInt32(place)
    }
    return places
  }

  var count: Int { ends.count }

  /// The bytes of the token with that id.
  func token(_ id: Int) -> ArraySlice<UInt8> {
    let place = Int(places[id])
    return bytes[(place == 0 ? 0 : Int(ends[place - 1]))..<Int(ends[place])]
  }

  /// The id of a token; nil when there is none.
  func id(of token: [UInt8]) -> Int32? {
    guard let word = words.id(of: token), ids[Int(word)] >= 0 else { return nil }
    return ids[Int(word)]
  }

  /// The id of the token that lies in `text` at `range`; nil when there is none.
  func id(of text: Table<UInt8>, at range: Range<Int>) -> Int32? {
    guard let word = words.id(of: text, at: range), ids[Int(word)] >= 0 else { return nil }
    return ids[Int(word)]
  }

  /// Writes tokens in the order of their ids.
  static func write(_ tokens: some Sequence<[UInt8]>, to path: String) throws(AIGCError) {
    var output = Array("{".utf8)
    for (id, token) in tokens.enumerated() {
      if id > 0 { output.append(UInt8(ascii: ",")) }
      append(token, to: &output)
      output += Array(":\(id)".utf8)
    }
    output += Array("}".utf8)
    let file = try OutputFile(path: path)
    try file.write(output)
    try file.commit(sync: true)
  }

  /// A JSON string; what is beyond ASCII stays as it is.
  private static func append(_ token: [UInt8], to output: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    output.append(UInt8(ascii: "\""))
    for byte in token {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 0..<0x20, 0x7F:
        output += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }
}

/// What little JSON a vocabulary needs.
private struct Parser {
  let text: Table<UInt8>
  let name: String
  private var position = 0

  init(text: Table<UInt8>, name: String) {
    self.text = text
    self.name = name
  }

  func error(_ what: String) -> AIGCError {
    .badInput("\(name): byte \(position): \(what); an object of tokens and their ids is needed")
  }

  private func isLineSpace() -> Bool {
    text[position] == 10 || text[position] == 13 || text[position] == 9
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] <= 32, text[position] == 32 || isLineSpace() {
      position += 1
    }
  }

  /// The next byte that is not white space.
  private mutating func take() throws(AIGCError) -> UInt8 {
    skipSpace()
    guard position < text.count else { throw error("the file ends here") }
    position += 1
    return text[position - 1]
  }

  private mutating func expect(_ byte: UInt8) throws(AIGCError) {
    guard try take() == byte else {
      position -= 1
      throw error("no '\(Character(Unicode.Scalar(byte)))'")
    }
  }

  mutating func open() throws(AIGCError) { try expect(UInt8(ascii: "{")) }

  /// Appends the next key; false after the last.
  mutating func string(into bytes: inout [UInt8], isFirst: Bool) throws(AIGCError) -> Bool {
    let next = try take()
    if next == UInt8(ascii: "}") {
      skipSpace()
      guard position == text.count else { throw error("more behind the object") }
      return false
    }
    if isFirst { position -= 1 }
    guard isFirst || next == UInt8(ascii: ",") else { throw error("no ','") }
    try expect(UInt8(ascii: "\""))
    while position < text.count {
      let byte = text[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        try expect(UInt8(ascii: ":"))
        return true
      }
      guard byte >= 0x20 else { throw error("a control character in a string") }
      if byte == UInt8(ascii: "\\") {
        try escape(into: &bytes)
      } else if byte < 0x80 {
        bytes.append(byte)
        position += 1
      } else {
        try character(into: &bytes)
      }
    }
    throw error("the file ends here")
  }

  private mutating func character(into bytes: inout [UInt8]) throws(AIGCError) {
    let length = withExtendedLifetime(text) {
      decodeUTF8(text.pointer + position, text.pointer + text.count).length
    }
    guard length > 0 else { throw error("not UTF-8") }
    for _ in 0..<length {
      bytes.append(text[position])
      position += 1
    }
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(AIGCError) {
    guard position + 1 < text.count else { throw error("the file ends here") }
    let letter = text[position + 1]
    position += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(letter)
    case UInt8(ascii: "b"): bytes.append(8)
    case UInt8(ascii: "f"): bytes.append(12)
    case UInt8(ascii: "n"): bytes.append(10)
    case UInt8(ascii: "r"): bytes.append(13)
    case UInt8(ascii: "t"): bytes.append(9)
    case UInt8(ascii: "u"):
      var value = try hexadecimal()
      if value & 0xFC00 == 0xD800, position + 1 < text.count, text[position] == UInt8(ascii: "\\"),
        text[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hexadecimal()
        guard low & 0xFC00 == 0xDC00 else { throw error("half a surrogate pair") }
        value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(value), let encoded = UTF8.encode(scalar) else {
        throw error("half a surrogate pair")
      }
      bytes.append(contentsOf: encoded)
    default: throw error("an unknown escape")
    }
  }

  private mutating func hexadecimal() throws(AIGCError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < text.count,
        let digit = Character(Unicode.Scalar(text[position])).hexDigitValue
      else { throw error("four hexadecimal digits are missing") }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  /// A whole number of at most nine digits.
  mutating func number() throws(AIGCError) -> UInt32 {
    skipSpace()
    var value: UInt32 = 0
    let start = position
    while position < text.count, text[position] >= 48, text[position] < 58, position - start < 9 {
      value = value * 10 + UInt32(text[position] - 48)
      position += 1
    }
    guard position > start else { throw error("no id") }
    return value
  }
}
