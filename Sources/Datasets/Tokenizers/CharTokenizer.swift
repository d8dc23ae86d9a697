import Files

/// One token a character (Unicode scalar), line ends and spaces included: those that the training
/// text holds, numbered in the order of their code points, as `sorted(set(text))` of nanoGPT and
/// char-rnn.
public struct CharTokenizer: Tokenizer {
  /// The character of each id.
  public let characters: [Unicode.Scalar]
  private let ids: ScalarMap

  static let fileName = "vocab.json"

  /// The characters of texts.
  /// - Throws: ``/Files/AIGCError`` (badInput) for bytes that are not UTF-8, or no characters at all.
  public init(texts: [Table<UInt8>], name: String) throws(AIGCError) {
    var isThere = [Bool](repeating: false, count: 0x110000)
    for text in texts {
      var reader = ScalarReader(text, name: name)
      var count = 0
      while let scalar = try reader.next() {
        try Interruption.check(at: count)
        count += 1
        isThere[Int(scalar)] = true
      }
    }
    let found = (0..<0x110000).lazy.filter { isThere[$0] }
    self.init(characters: found.compactMap { Unicode.Scalar(UInt32($0)) })
    guard !characters.isEmpty else { throw .badInput("\(name): no text in it") }
  }

  /// Characters in the order of their ids.
  init(characters: [Unicode.Scalar]) {
    self.characters = characters
    var ids = ScalarMap()
    for (id, character) in characters.enumerated() { ids[character.value] = Int32(id) }
    self.ids = ids
  }

  /// Reads `vocab.json`, an object of characters and their ids.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing or damaged.
  public init(folder: String) throws(AIGCError) {
    let path = "\(folder)/\(Self.fileName)"
    let vocabulary = try VocabularyJSON(path: path)
    var characters: [Unicode.Scalar] = []
    for id in 0..<vocabulary.count {
      let token = String(decoding: vocabulary.token(id), as: UTF8.self).unicodeScalars
      guard token.count == 1, let first = token.first else {
        throw .badInput("\(path): token \(id) is not one character")
      }
      characters.append(first)
    }
    guard !characters.isEmpty else { throw .badInput("\(path): no characters in it") }
    self.init(characters: characters)
  }

  /// The kind is ``TokenizerKind/char``.
  public var kind: TokenizerKind { .char }
  /// The number of characters.
  public var vocabularySize: Int { characters.count }
  /// Always nil: line ends are characters like others.
  public var endToken: Int32? { nil }
  /// Always false, as there is no end token.
  public var endTokenEndsText: Bool { false }
  /// Always nil: a character without an id is an error.
  public var unknownToken: Int32? { nil }

  /// The characters of a text as ids.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are not UTF-8, mismatch for a character that
  ///   has no id, interrupted.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    var result: [Int32] = []
    result.reserveCapacity(text.count)
    var reader = ScalarReader(text, name: name)
    var offset = reader.offset
    while let scalar = try reader.next() {
      let id = ids[scalar]
      try Interruption.check(at: result.count)
      guard id >= 0 else { throw unknown(scalar, text, offset, name) }
      result.append(id)
      offset = reader.offset
    }
    return result
  }

  private func unknown(
    _ scalar: UInt32, _ text: Table<UInt8>, _ offset: Int, _ name: String
  ) -> AIGCError {
    let line = text.reduce(0..<offset, into: 1) { if $1 == 10 { $0 += 1 } }
    let digits = String(scalar, radix: 16, uppercase: true)
    let code = "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    // Control characters would break the message's line or the terminal.
    let isControl = scalar < 0x20 || (0x7F..<0xA0).contains(scalar) || scalar == 0x2028
    let shown =
      isControl || scalar == 0x2029 ? code : "'\(Character(Self.scalar(scalar)))' (\(code))"
    return .mismatch(
      "\(name): line \(line): the character \(shown) is not among the model's "
        + "\(characters.count); remove it, or train on a text that holds it")
  }

  private static func scalar(_ value: UInt32) -> Unicode.Scalar {
    Unicode.Scalar(value) ?? "\u{FFFD}"
  }

  /// Byte ranges in `text` of its characters, one for one with ``encode(_:name:)``.
  /// - Throws: as ``encode(_:name:)``.
  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    try consecutiveRanges(encode(text, name: name))
  }

  /// The character of an id in UTF-8; no bytes for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] {
    guard characters.indices.contains(Int(id)) else { return [] }
    return Array(UTF8.encode(characters[Int(id)]) ?? .init())
  }

  /// Streams text out of ids, each character by itself.
  public func makeDecoder() -> any TokenDecoder { ByteSequenceDecoder(self) }

  /// Writes `vocab.json`, an object of characters and their ids.
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder is missing or the disk refuses.
  public func write(to path: (String) -> String) throws(AIGCError) {
    try VocabularyJSON.write(
      characters.indices.lazy.map { bytes(of: Int32($0)) }, to: path(Self.fileName))
  }
}
