import Files

/// A vocabulary as one JSON object of tokens and their ids: `{"!":0,"\"":1,…}`, the `vocab.json` of
/// GPT-2, and `vocab` in `tokenizer.json`.
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
    var scanner = JSONScanner(try file.bytes(), place: path)
    try self.init(&scanner, name: path)
    try scanner.finish()
  }

  /// Reads the object that is next.
  /// - Parameter name: the file, for messages.
  init(_ scanner: inout JSONScanner, name: String) throws(AIGCError) {
    var builder = VocabularyBuilder()
    var order: [Int] = []
    var bytes: [UInt8] = []
    var ids = [Int32](repeating: -1, count: builder.count)
    var ends: [UInt32] = []
    try scanner.members { (scanner) throws(AIGCError) in
      let start = bytes.count
      try scanner.string(into: &bytes)
      guard bytes.count > start else { throw scanner.error("an empty token") }
      let word = Int(bytes.withUnsafeBufferPointer { builder.id(for: $0, from: start) })
      if word == ids.count { ids.append(-1) }
      guard ids[word] < 0 else { throw scanner.error("a token that was there") }
      try scanner.expect(":")
      let id = try scanner.size()
      // An id that is too large for the number of tokens is refused below.
      ids[word] = Int32(clamping: id)
      order.append(id)
      ends.append(UInt32(bytes.count))
    }
    words = try builder.freeze()
    places = try Self.invert(order, name)
    (self.bytes, self.ends, self.ids) = (bytes, ends, ids)
  }

  /// For each id its place in the file.
  private static func invert(_ order: [Int], _ name: String) throws(AIGCError) -> [UInt32] {
    let missing = UInt32.max
    var places = [UInt32](repeating: missing, count: order.count)
    for (place, id) in order.enumerated() {
      guard id < order.count else {
        throw .badInput(
          "\(name): id \(id) with \(order.count) tokens; ids must be 0 to \(order.count - 1)")
      }
      guard places[id] == missing else { throw .badInput("\(name): id \(id) comes twice") }
      places[id] = UInt32(place)
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
  func id(of token: [UInt8]) -> Int32? { id(of: token, at: token.indices) }

  /// The id of the token that lies in `text` at `range`; nil when there is none.
  func id(of text: [UInt8], at range: Range<Int>) -> Int32? {
    guard let word = words.id(of: text, at: range), ids[Int(word)] >= 0 else { return nil }
    return ids[Int(word)]
  }

  /// Writes tokens in the order of their ids.
  static func write(_ tokens: some Sequence<[UInt8]>, to path: String) throws(AIGCError) {
    var output: [UInt8] = []
    append(tokens, to: &output)
    let file = try OutputFile(path: path)
    try file.write(output)
    try file.commit(sync: true)
  }

  /// The object of tokens in the order of their ids.
  static func append(_ tokens: some Sequence<[UInt8]>, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "{"))
    for (id, token) in tokens.enumerated() {
      if id > 0 { output.append(UInt8(ascii: ",")) }
      JSONValue.write(String(decoding: token, as: UTF8.self), into: &output)
      output += ":\(id)".utf8
    }
    output.append(UInt8(ascii: "}"))
  }
}
