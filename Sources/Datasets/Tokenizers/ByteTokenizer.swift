import Files

/// One token a byte, its value the id. Reads every file.
public struct ByteTokenizer: Tokenizer {
  public init() {}

  public var kind: TokenizerKind { .byte }
  public var vocabularySize: Int { 256 }
  public var endToken: Int32? { nil }
  public var endTokenEndsText: Bool { false }
  public var unknownToken: Int32? { nil }

  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    text.withUnsafeBuffer { $0.map { Int32($0) } }
  }

  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    try Interruption.map(text.count) { $0..<$0 + 1 }
  }

  public func bytes(of id: Int32) -> [UInt8] { UInt8(exactly: id).map { [$0] } ?? [] }

  public func makeDecoder() -> any TokenDecoder { ByteSequenceDecoder(self) }

  /// Needs no file.
  public func write(to path: (String) -> String) throws(AIGCError) {}
}
