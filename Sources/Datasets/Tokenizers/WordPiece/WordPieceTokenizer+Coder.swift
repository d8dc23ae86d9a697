import Files

extension WordPieceTokenizer: TokenCoder {
  /// The kind is ``TokenizerKind/wordPiece``.
  public var kind: TokenizerKind { .wordPiece }

  /// The ids of a text, with the tokens around it.
  /// - Throws: ``/Files/AIGCError`` (badInput) for what is not UTF-8.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    try encode(text, limit: .max, name: name)
  }

  /// The same with a choice of the tokens around the text.
  public func encode(
    _ text: Table<UInt8>, name: String, addsSpecialTokens: Bool
  ) throws(AIGCError) -> [Int32] {
    let ids = try encode(text, limit: .max, name: name)
    return addsSpecialTokens ? ids : Array(ids.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// The ids of words, with a choice of the tokens around them.
  public func encode(prompt: String, addsSpecialTokens: Bool) throws(AIGCError) -> [Int32] {
    try encode(
      Table(Array(prompt.utf8)), name: "the text", addsSpecialTokens: addsSpecialTokens)
  }

  /// Streams text out of ids: words with a space between them, and none before a mark that ends a clause.
  public func makeDecoder() -> any TokenDecoder { WordPieceDecoder(tokenizer: self) }
}

/// What the decoder "WordPiece" of the package `tokenizers` does, with its `cleanup`.
struct WordPieceDecoder: TokenDecoder {
  let tokenizer: WordPieceTokenizer
  private var isFirst = true
  private static let clauseMarks = Set([".", "?", "!", ","].map { Array($0.utf8) })

  init(tokenizer: WordPieceTokenizer) { self.tokenizer = tokenizer }

  mutating func append(_ id: Int32) -> [UInt8] {
    let bytes = tokenizer.bytes(of: id)
    defer { isFirst = false }
    if isFirst { return bytes }
    let continuation = tokenizer.continuation
    if !continuation.isEmpty, bytes.starts(with: continuation) {
      return Array(bytes.dropFirst(continuation.count))
    }
    return Self.clauseMarks.contains(bytes) ? bytes : [32] + bytes
  }

  mutating func finish() -> [UInt8] { [] }
}
