import Datasets
import Files

/// A neural language model's tokenizer, whose ids are the words of an n-gram model: each is written as its number, with
/// a space between two, and a text is one sentence.
struct TokenIds: Sendable {
  let tokenizer: any Tokenizer

  /// The ids of a text as a line of numbers.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are no text, mismatch for text that the vocabulary cannot
  ///   write, failed without memory, interrupted.
  func line(_ text: Table<UInt8>, name: String) throws(AIGCError) -> Table<UInt8> {
    try Self.line(tokenizer.encode(text, name: name, addsSpecialTokens: false))
  }

  static func line(_ ids: [Int32]) throws(AIGCError) -> Table<UInt8> {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(ids.count * 6)
    for (index, id) in ids.enumerated() {
      try Interruption.check(at: index)
      bytes += word(id)
      bytes.append(UInt8(ascii: " "))
    }
    if !bytes.isEmpty { bytes[bytes.count - 1] = UInt8(ascii: "\n") }
    return try Table(bytes)
  }

  /// What stands in the vocabulary for an id.
  static func word(_ id: Int32) -> [UInt8] { Array(String(id).utf8) }

  /// The id for each word of a vocabulary; nil for marks and for what is none.
  static func ids(of vocabulary: Vocabulary) -> [Int32?] {
    (0..<UInt32(truncatingIfNeeded: vocabulary.count)).map { word in
      guard word > NGramCounts.sentenceEnd else { return nil }
      return Int32(String(decoding: vocabulary.bytes(of: word), as: UTF8.self)).flatMap {
        $0 >= 0 ? $0 : nil
      }
    }
  }
}

/// Streams text out of the words of a model of ids.
struct TokenIdDecoder: TokenDecoder {
  private var decoder: any TokenDecoder
  private let ids: [Int32?]

  init(_ tokenizer: any Tokenizer, _ ids: [Int32?]) {
    decoder = tokenizer.makeDecoder()
    self.ids = ids
  }

  mutating func append(_ word: Int32) -> [UInt8] {
    guard ids.indices.contains(Int(word)), let id = ids[Int(word)] else { return [] }
    return decoder.append(id)
  }

  mutating func finish() -> [UInt8] { decoder.finish() }
}
