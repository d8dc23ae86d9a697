import Files
import Kernels

/// Byte-level byte pair encoding, as GPT-2 has it (Radford et al., 2019): text is cut into pieces
/// (words with the space before them, numbers, signs), and the bytes of each are merged in the order
/// of the vocabulary's merges. Gives the ids of the PyPI package `tokenizers` and of GPT-2's
/// encoder.py; `<|endoftext|>` in the text, and other added tokens, are one token each.
///
/// Every text in UTF-8 has ids, and the bytes of its tokens are the text again. Other bytes are
/// refused: GPT-2's own encoder never sees them, as Python has made U+FFFD of them before.
public struct BPETokenizer: Tokenizer {
  private let tokens: TokenBytes
  /// Ids of tokens that the files hold as plain text, not in GPT-2's alphabet for bytes.
  let plainTokens: Set<Int32>
  /// The id of each byte by itself.
  private let byteTokens: [Int32]
  let merges: MergeTable
  let addedTokens: [AddedToken]
  private let allTokens: AddedTokenMatcher?
  private let textTokens: AddedTokenMatcher?

  /// The token that ends a text: `<|endoftext|>` where the vocabulary has it. A model whose
  /// configuration names another one sets it.
  public var endToken: Int32?

  /// Whether special tokens in the text, `<|endoftext|>` say, are one token each; else they are text
  /// like any other.
  public var parsesSpecialTokens = true

  /// Whether a text gets a space before it that is not there (`add_prefix_space`), as does what
  /// follows an added token.
  public let addsPrefixSpace: Bool

  /// Tokens before and behind every text: those of `add_bos_token`, or of a template.
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []

  /// `bos_token` and its like, as a folder names them; nil for a tokenizer that no folder names.
  var namedTokens: [(name: String, id: Int32?)]?

  /// Whether a folder asks for special tokens in the text to be text.
  var splitsSpecialTokens = false

  /// A model's number of tokens, where it has fewer than the tokenizer: added tokens that a model was
  /// not enlarged for. A text with one of these is refused.
  public var idLimit: Int?

  static let endOfText = Array("<|endoftext|>".utf8)

  /// - Parameters:
  ///   - tokens: the bytes of each id.
  ///   - plainTokens: see ``plainTokens``.
  ///   - byteTokens: the id of each byte.
  ///   - merges: pairs of ids, all in range.
  ///   - addedTokens: what is found in text before it is cut; ids in range.
  ///   - endToken: ``endToken``; nil for the added token `<|endoftext|>`.
  /// - Throws: ``/Files/AIGCError`` (failed) without memory.
  init(
    tokens: TokenBytes, plainTokens: Set<Int32> = [], byteTokens: [Int32], merges: MergeTable,
    addedTokens: [AddedToken], addsPrefixSpace: Bool = false, endToken: Int32? = nil
  ) throws(AIGCError) {
    self.tokens = tokens
    self.plainTokens = plainTokens
    self.byteTokens = byteTokens
    self.merges = merges
    self.addedTokens = addedTokens
    self.addsPrefixSpace = addsPrefixSpace
    self.endToken = endToken ?? addedTokens.first { $0.content == Self.endOfText }?.id
    allTokens = try AddedTokenMatcher(addedTokens)
    textTokens = try AddedTokenMatcher(addedTokens.filter { !$0.isSpecial })
  }

  /// The kind is ``TokenizerKind/bpe``.
  public var kind: TokenizerKind { .bpe }
  /// The number of ids, those of added tokens included.
  public var vocabularySize: Int { tokens.count }
  /// Always true: ``endToken`` ends a whole text.
  public var endTokenEndsText: Bool { true }
  /// Always nil: every text in UTF-8 has ids.
  public var unknownToken: Int32? { nil }
  /// The number of merges in the vocabulary.
  public var mergeCount: Int { merges.pairs.count }

  private var matcher: AddedTokenMatcher? { parsesSpecialTokens ? allTokens : textTokens }

  /// A whole text as ids, between the tokens that the tokenizer's files put around every text.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are not UTF-8, mismatch for an id that is not
  ///   below ``idLimit``, failed without memory, interrupted.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    let ids = try encode(prefixed: addsPrefixSpace ? withSpaces(text).text : text, name: name)
    return prefix.isEmpty && suffix.isEmpty ? ids : prefix + ids + suffix
  }

  /// Sets the tokens around every text.
  /// - Throws: ``/Files/AIGCError`` (badInput) for ids that are none.
  mutating func frame(prefix: [Int32], suffix: [Int32], path: String) throws(AIGCError) {
    for id in prefix + suffix where !(0..<Int32(vocabularySize)).contains(id) {
      throw .badInput("\(path): the token \(id) around texts is none of \(vocabularySize)")
    }
    (self.prefix, self.suffix) = (prefix, suffix)
  }

  /// How many ids a model needs that can read text without added tokens.
  public var plainVocabularySize: Int {
    let added = Set(addedTokens.map { $0.id })
    var count = vocabularySize
    while count > 0, added.contains(Int32(count - 1)) { count -= 1 }
    return count
  }

  private func checkLimit(_ ids: [Int32], _ name: String) throws(AIGCError) {
    guard let idLimit, idLimit < vocabularySize,
      let id = (prefix + ids + suffix).first(where: { $0 >= idLimit })
    else { return }
    throw .mismatch(
      "\(name): the token \(shown(String(decoding: bytes(of: id), as: UTF8.self))) has the id "
        + "\(id), the model has \(idLimit) tokens")
  }

  private func encode(prefixed text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    let corpus = PieceCorpus(text, name: name, addedTokens: matcher)
    let blocks = try corpus.map { encode($0) }
    for block in blocks { try checkLimit(block, name) }
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
    var isStopped = false
    merges.withReader { reader in
      var merger = PieceMerger(reader)
      for word in 0..<block.wordCount where !isStopped {
        isStopped = word & 1023 == 0 && Interruption.isRequested
        block.withWord(word) { append($0, to: &ids, &merger) }
        ends.append(ids.count)
      }
    }
    // After Ctrl-C nobody asks for the result.
    if isStopped { return [] }
    var count = 0
    block.forEach { count += ends[$0 + 1] - ends[$0] }
    var result: [Int32] = []
    result.reserveCapacity(count)
    block.forEach { word in
      for place in ends[word]..<ends[word + 1] { result.append(ids[place]) }
    }
    return result
  }

  /// Appends the ids of one piece.
  private func append(_ word: WordKey, to ids: inout [Int32], _ merger: inout PieceMerger) {
    let start = ids.count
    // Text between added tokens never is one.
    if let id = matcher?.id(of: word) {
      ids.append(id)
      return
    }
    for place in 0..<word.length { ids.append(byteTokens[Int(word.start[place])]) }
    merger.merge(&ids, from: start)
  }

  /// Byte ranges in `text` of its tokens, one for one with ``encode(_:name:)``. They leave out the
  /// spaces of ``addsPrefixSpace``; tokens that are put around the text have empty ones.
  /// - Throws: as ``encode(_:name:)``.
  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    let (whole, spaces) = addsPrefixSpace ? try withSpaces(text) : (text, [])
    let stripped = matcher?.hasStrips == true ? matcher?.stripped(in: text) ?? [] : []
    var position = 0
    // Spaces that are not in the text, and white space that is in no token, are before the position.
    var (added, removed, lastEnd) = (0, 0, 0)
    var gaps = stripped[...]
    let ids = try encode(prefixed: whole, name: name)
    let ranges = try Interruption.map(ids.count) { (index) throws(AIGCError) in
      let id = ids[index]
      position += tokens.range(of: id).count
      while added < spaces.count, spaces[added] < position { added += 1 }
      while let gap = gaps.first, gap.lowerBound < position - added + removed {
        removed += gap.count
        gaps.removeFirst()
      }
      let begin = lastEnd
      lastEnd = max(begin, position - added + removed)
      return begin..<lastEnd
    }
    let end = ranges.last?.upperBound ?? 0
    return prefix.map { _ in 0..<0 } + ranges + suffix.map { _ in end..<end }
  }

  /// The text with the spaces of ``addsPrefixSpace``, and where in it they are.
  private func withSpaces(_ text: Table<UInt8>) throws(AIGCError) -> (
    text: Table<UInt8>, spaces: [Int]
  ) {
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 1)
    var spaces: [Int] = []
    func append(
      _ start: ByteCursor, _ end: ByteCursor, _ isToken: Bool
    ) -> Bool {
      if !isToken, start < end, start.byte != 32 {
        spaces.append(output.count)
        output.append(32)
      }
      output.append(start, count: end - start)
      return true
    }
    withExtendedLifetime(text) {
      let (begin, end) = (text.start, text.end)
      _ = matcher?.split(begin, end, append) ?? append(begin, end, false)
    }
    return (try Table(output), spaces)
  }

  /// The bytes of one token, not always UTF-8 by themselves; none for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] { Array(tokens[id]) }

  /// Streams text out of ids; a UTF-8 character of several tokens comes when it is complete.
  public func makeDecoder() -> any TokenDecoder { ByteSequenceDecoder(self) }
}

/// The bytes of all tokens, one after the other.
struct TokenBytes: Sendable {
  private var bytes: [UInt8] = []
  /// Where each token ends.
  private var ends: [Int] = []

  var count: Int { ends.count }

  mutating func append(_ token: some Sequence<UInt8>) {
    bytes.append(contentsOf: token)
    ends.append(bytes.count)
  }

  /// - Parameter capacity: about how many tokens will come.
  init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity * 8)
    ends.reserveCapacity(capacity)
  }

  /// Appends the bytes that `token` spells in GPT-2's alphabet.
  /// - Parameter alphabet: ``ByteAlphabet/bytes``.
  /// - Returns: false when it spells none: its own bytes are then the token.
  mutating func append(spelled token: ArraySlice<UInt8>, _ alphabet: [Int16]) -> Bool {
    let isSpelled = ByteAlphabet.decode(token, into: &bytes, alphabet)
    if !isSpelled { bytes.append(contentsOf: token) }
    ends.append(bytes.count)
    return isSpelled
  }

  /// Where the bytes of a token lie; empty for ids out of range.
  func range(of id: Int32) -> Range<Int> {
    guard ends.indices.contains(Int(id)) else { return 0..<0 }
    return (id == 0 ? 0 : ends[Int(id) - 1])..<ends[Int(id)]
  }

  subscript(id: Int32) -> ArraySlice<UInt8> { bytes[range(of: id)] }
}
