import Files

/// One token a byte, its value the id. Reads every file.
public struct ByteTokenizer: Tokenizer {
  /// Creates the tokenizer, which has no settings.
  public init() {}

  /// The kind is ``TokenizerKind/byte``.
  public var kind: TokenizerKind { .byte }
  /// 256, one id for each value of a byte.
  public var vocabularySize: Int { 256 }
  /// Always nil: no token ends a line or a text.
  public var endToken: Int32? { nil }
  /// Always false, as there is no end token.
  public var endTokenEndsText: Bool { false }
  /// Always nil: every text has ids.
  public var unknownToken: Int32? { nil }

  /// The bytes of a text as ids; any bytes will do.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    text.indices.map { Int32(text[$0]) }
  }

  /// One byte for each token.
  /// - Throws: ``/Files/AIGCError/interrupted`` after Ctrl-C.
  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    try Interruption.map(text.count) { $0..<$0 + 1 }
  }

  /// The byte of an id; none for ids that are not 0 to 255.
  public func bytes(of id: Int32) -> [UInt8] { UInt8(exactly: id).map { [$0] } ?? [] }

  /// Streams text out of ids; a UTF-8 character of several bytes comes when it is complete.
  public func makeDecoder() -> any TokenDecoder { ByteSequenceDecoder(self) }

  /// Needs no file.
  public func write(to path: (String) -> String) throws(AIGCError) {}
}
