import Files

/// A vocabulary as one JSON object of tokens and their ids: `{"!":0,"\"":1,…}`, the `vocab.json` of
/// GPT-2, and `vocab` in `tokenizer.json`.
struct VocabularyJSON: Sendable {
  /// The tokens by their bytes, and for each number there the id, -1 where it is no token.
  private let words: VocabularyBuilder
  private let ids: [Int32]
  /// For each id its number in ``words``.
  private let numbers: [UInt32]
  /// Bytes of the longest token.
  let longest: Int

  /// Files hold 1 MB for 50,000 tokens.
  static let largest = 64 << 20

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, too large or no such object, when
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
    // About 20 bytes an entry.
    builder.reserve(scanner.remaining / 32)
    var token: [UInt8] = []
    var ids = [Int32](repeating: -1, count: builder.count)
    try scanner.members { (scanner) throws(AIGCError) in
      token.removeAll(keepingCapacity: true)
      try scanner.string(into: &token)
      guard !token.isEmpty else { throw scanner.error("an empty token") }
      let word = Int(builder.id(for: token))
      if word == ids.count { ids.append(-1) }
      guard ids[word] < 0 else { throw scanner.error("a token that was there") }
      try scanner.expect(":")
      let id = try scanner.size()
      guard id < Int(Int32.max) else { throw scanner.error("id \(id) is too large") }
      ids[word] = Int32(id)
    }
    builder.partLongRuns()
    words = builder
    self.ids = ids
    numbers = try Self.invert(ids, name)
    longest = numbers.reduce(0) { max($0, builder.bytes(of: Int($1)).count) }
  }

  /// Tokens in the order of their ids. Of one text twice the later id is found; an empty text, which no text
  /// can be, is known by its id.
  init(_ texts: VocabularyData.Texts, name: String) throws(AIGCError) {
    var builder = VocabularyBuilder()
    builder.reserve(texts.count)
    var ids = [Int32](repeating: -1, count: builder.count)
    var numbers: [UInt32] = []
    numbers.reserveCapacity(texts.count)
    for id in 0..<texts.count {
      if id & 0xFFFF == 0 { try Interruption.check() }
      let text = texts[id]
      let word = builder.id(for: text.isEmpty ? Array("[EMPTY_\(id)]".utf8) : Array(text))
      if Int(word) == ids.count { ids.append(-1) }
      ids[Int(word)] = Int32(id)
      numbers.append(word)
    }
    builder.partLongRuns()
    words = builder
    self.ids = ids
    self.numbers = numbers
    longest = numbers.reduce(0) { max($0, builder.bytes(of: Int($1)).count) }
  }

  /// For each id its number among the words.
  private static func invert(_ ids: [Int32], _ name: String) throws(AIGCError) -> [UInt32] {
    let missing = UInt32.max
    let count = ids.reduce(0) { $1 < 0 ? $0 : $0 + 1 }
    var numbers = [UInt32](repeating: missing, count: count)
    for (number, id) in ids.enumerated() where id >= 0 {
      guard id < count else {
        throw .badInput(
          "\(name): id \(id) with \(counted(count, "token")); ids must be 0 to \(count - 1)")
      }
      guard numbers[Int(id)] == missing else { throw .badInput("\(name): id \(id) comes twice") }
      numbers[Int(id)] = UInt32(number)
    }
    return numbers
  }

  var count: Int { numbers.count }

  /// The bytes of the token with that id.
  func token(_ id: Int) -> [UInt8] { Array(words.bytes(of: Int(numbers[id]))) }

  /// Hands the bytes of all tokens to `body`, in the order of the ids.
  func forEach(_ body: (_ id: Int32, _ token: ArraySlice<UInt8>) -> Void) {
    for (id, number) in numbers.enumerated() { body(Int32(id), words.bytes(of: Int(number))) }
  }

  /// Whether the token with that id is `token`.
  @inline(__always)
  func isToken(_ id: Int32, _ token: [UInt8]) -> Bool {
    id < count && words.bytes(of: Int(numbers[Int(id)])).elementsEqual(token)
  }

  /// The id of a token; nil when there is none.
  func id(of token: [UInt8]) -> Int32? { id(of: token[...]) }

  @inline(__always)
  func id(of token: ArraySlice<UInt8>) -> Int32? {
    token.withCursors { start, end in
      guard start < end, let word = words.existing(WordKey(start, end - start, limit: end)),
        ids[Int(word)] >= 0
      else { return nil }
      return ids[Int(word)]
    }
  }

  /// The id of a piece of text; nil when no token is the whole of it.
  /// - Parameter isSpelled: whether tokens stand in GPT-2's alphabet for bytes.
  func id(ofPiece piece: WordKey, isSpelled: Bool) -> Int32? {
    guard piece.length <= longest else { return nil }
    let bytes = piece.start.bytes(piece.length)
    return id(of: isSpelled ? ByteAlphabet.encode(bytes) : bytes)
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
