import Files
import Kernels

/// Byte-level byte pair encoding, as GPT-2 has it (Radford et al., 2019): text is cut into pieces
/// (words with the space before them, numbers, signs), and the bytes of each are merged in the order
/// of the vocabulary's merges. Gives the ids of the PyPI package `tokenizers` and of GPT-2's
/// encoder.py; `<|endoftext|>` in the text is its one token where the vocabulary has it.
///
/// Every text in UTF-8 has ids, and the bytes of its tokens are the text again. Other bytes are
/// refused: GPT-2's own encoder never sees them, as Python has made U+FFFD of them before.
public struct BPETokenizer: Tokenizer {
  /// The bytes of all tokens, one after the other.
  private var bytes: [UInt8] = []
  /// Where each token ends.
  private var ends: [Int] = []
  /// Ids of tokens that the files hold as plain text, not in GPT-2's alphabet for bytes.
  private(set) var plainTokens: Set<Int32> = []
  /// The id of each byte by itself.
  private let byteTokens: [Int32]
  let merges: MergeTable
  public let endToken: Int32?

  /// - Parameters:
  ///   - tokens: the bytes of each id.
  ///   - plainTokens: see ``plainTokens``.
  ///   - byteTokens: the id of each byte.
  ///   - merges: pairs of ids, all in range.
  ///   - endToken: the id of `<|endoftext|>`.
  init(
    tokens: some Sequence<[UInt8]>, plainTokens: Set<Int32> = [], byteTokens: [Int32],
    merges: MergeTable, endToken: Int32?
  ) {
    for token in tokens {
      bytes += token
      ends.append(bytes.count)
    }
    self.plainTokens = plainTokens
    self.byteTokens = byteTokens
    self.merges = merges
    self.endToken = endToken
  }

  public var kind: TokenizerKind { .bpe }
  public var vocabularySize: Int { ends.count }
  public var endTokenEndsText: Bool { true }
  public var unknownToken: Int32? { nil }
  public var mergeCount: Int { merges.pairs.count }

  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    let corpus = PieceCorpus(text, name: name, findsEndOfText: endToken != nil)
    let blocks = try corpus.map { encode($0) }
    if blocks.count == 1 { return blocks[0] }
    let count = blocks.reduce(0) { $0 + $1.count }
    var result: [Int32] = []
    result.reserveCapacity(count)
    for block in blocks { result += block }
    return result
  }

  /// Merges each different piece once, then puts the ids in the order of the text.
  private func encode(_ block: borrowing PieceBlock) -> [Int32] {
    var ids: [Int32] = []
    var ends: [Int] = [0]
    ends.reserveCapacity(block.wordCount + 1)
    merges.withReader { reader in
      var merger = PieceMerger(reader)
      for word in 0..<block.wordCount {
        block.withWord(word) { append($0, to: &ids, &merger) }
        ends.append(ids.count)
      }
    }
    return ids.withUnsafeBufferPointer { ids in
      ends.withUnsafeBufferPointer { ends in
        var count = 0
        block.forEach { count += ends[$0 + 1] - ends[$0] }
        return [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
          block.forEach { word in
            for place in ends[word]..<ends[word + 1] {
              buffer[initialized] = ids[place]
              initialized += 1
            }
          }
        }
      }
    }
  }

  /// Appends the ids of one piece.
  private func append(_ word: WordKey, to ids: inout [Int32], _ merger: inout PieceMerger) {
    let start = ids.count
    let piece = UnsafeBufferPointer(start: word.start, count: word.length)
    if let endToken, piece.elementsEqual(PieceScanner.endOfText) {
      ids.append(endToken)
      return
    }
    for byte in piece { ids.append(byteTokens[Int(byte)]) }
    merger.merge(&ids, from: start)
  }

  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    var position = 0
    return try encode(text, name: name).map { id in
      let begin = position
      position += range(of: id).count
      return begin..<position
    }
  }

  private func range(of id: Int32) -> Range<Int> {
    guard ends.indices.contains(Int(id)) else { return 0..<0 }
    return (id == 0 ? 0 : ends[Int(id) - 1])..<ends[Int(id)]
  }

  public func bytes(of id: Int32) -> [UInt8] { Array(bytes[range(of: id)]) }

  public func makeDecoder() -> any TokenDecoder { ByteSequenceDecoder(self) }
}
