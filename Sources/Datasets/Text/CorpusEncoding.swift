import Files
import Kernels

/// A text as token ids.
public struct EncodedText: Sendable {
  /// `1 w w w 2 1 w 2 …`: each sentence between the ids of `<s>` and `</s>`.
  public let tokens: Table<UInt32>
  /// The number of sentences.
  public let sentences: Int
  /// Tokens without sentence marks.
  public let words: Int
  /// Bytes of text read.
  public let byteCount: Int
  /// `<s>`, `</s>` and `<unk>` in the text, which were taken as white space.
  public let specialTokensSkipped: Int
}

/// Turns text into ids; words that `vocabulary` does not have are added to it.
///
/// The result does not depend on the number of threads.
/// - Parameters:
///   - text: whole lines.
///   - mode: how to cut it into tokens.
///   - vocabulary: takes new words in order of first occurrence.
///   - name: the file, for messages.
/// - Returns: the ids, in order.
/// - Throws: ``/Files/AIGCError``: badInput for bytes that `mode` refuses, failed without memory,
///   interrupted. The vocabulary may then have grown.
public func encodeGrowing(
  text: Table<UInt8>, mode: TokenMode, into vocabulary: inout VocabularyBuilder, name: String
) throws(AIGCError) -> EncodedText {
  let corpus = TextCorpus(text, mode: mode, name: name, offset: 0)
  try corpus.scan()
  for block in corpus.blocks { block.number { vocabulary.id(for: $0) } }
  return try corpus.encoded()
}

/// Turns text into ids; words that `vocabulary` does not have become `<unk>`, 0.
/// - Parameters:
///   - text: whole lines.
///   - mode: how to cut it into tokens.
///   - vocabulary: the words that have ids.
///   - name: the file, for messages.
/// - Returns: the ids, in order.
/// - Throws: ``/Files/AIGCError``: badInput for bytes that `mode` refuses, failed without memory,
///   interrupted.
public func encode(
  text: Table<UInt8>, mode: TokenMode, vocabulary: Vocabulary, name: String
) throws(AIGCError) -> EncodedText {
  let corpus = TextCorpus(text, mode: mode, name: name, offset: 0)
  try corpus.scan()
  parallelFor(corpus.blocks.count) { index in
    corpus.blocks[index].number { vocabulary.id(of: $0) ?? Vocabulary.unknown }
  }
  return try corpus.encoded()
}

/// Encodes a corpus that is larger than memory, a piece at a time, into one growing vocabulary.
public struct BlockEncoder {
  /// How the text is cut into tokens.
  public let mode: TokenMode
  /// The words that have ids so far.
  public private(set) var vocabulary: VocabularyBuilder
  /// Bytes encoded so far.
  public private(set) var byteCount = 0
  private let name: String

  /// - Parameters:
  ///   - mode: how to cut the text into tokens.
  ///   - vocabulary: words that have ids already.
  ///   - name: the file, for messages.
  public init(mode: TokenMode, vocabulary: VocabularyBuilder = VocabularyBuilder(), name: String) {
    self.mode = mode
    self.vocabulary = vocabulary
    self.name = name
  }

  /// Encodes the next piece: whole lines, as ``TextReader/next()`` gives them; the last may lack
  /// its newline at the end of the corpus only.
  /// - Throws: as ``encodeGrowing(text:mode:into:name:)``; offsets count from the corpus' start.
  public mutating func encode(_ lines: Table<UInt8>) throws(AIGCError) -> EncodedText {
    let corpus = TextCorpus(lines, mode: mode, name: name, offset: byteCount)
    try corpus.scan()
    for block in corpus.blocks { block.number { vocabulary.id(for: $0) } }
    byteCount += lines.bytesBefore + lines.count
    return try corpus.encoded()
  }
}

/// The tokens of a text, where they lie: for each sentence the byte ranges of its tokens.
///
/// The tokens are those of ``encode(text:mode:vocabulary:name:)``, one for one.
/// - Throws: ``/Files/AIGCError`` (badInput) for bytes that `mode` refuses.
public func tokenRanges(
  text: Table<UInt8>, mode: TokenMode, name: String
) throws(AIGCError) -> [[Range<Int>]] {
  struct Sink: TokenSink {
    let begin: ByteCursor
    var sentences: [[Range<Int>]] = []
    var current: [Range<Int>] = []
    mutating func token(_ start: ByteCursor, _ length: Int) {
      current.append(start - begin..<start - begin + length)
    }
    mutating func endSentence(keepEmpty: Bool) {
      if current.isEmpty, !keepEmpty { return }
      sentences.append(current)
      current = []
    }
    mutating func skipSpecialToken() {}
  }
  let corpus = TextCorpus(text, mode: mode, name: name, offset: 0)
  var sink = Sink(begin: text.start)
  for block in corpus.blocks {
    var scanner = TokenScanner(begin: block.begin, end: block.end)
    let failure = scanner.scan(mode, into: &sink)
    try Interruption.check()
    if let failure { throw corpus.error(failure) }
  }
  return sink.sentences
}

/// A text cut into blocks of lines. The cut depends on the text alone.
private struct TextCorpus: Sendable {
  static let blockSize = 4 << 20
  let blocks: [TextBlock]
  let text: Table<UInt8>
  let mode: TokenMode
  let name: String
  /// Where `text` starts in its file.
  let offset: Int

  init(_ text: Table<UInt8>, mode: TokenMode, name: String, offset: Int) {
    self.text = text
    self.mode = mode
    self.name = name
    self.offset = offset
    var blocks: [TextBlock] = []
    let limit = text.end
    var begin = text.start
    while begin < limit {
      var end = limit
      if limit - begin > Self.blockSize {
        let from = begin + (Self.blockSize - 1)
        if let newline = from.first(10, before: limit) { end = newline + 1 }
      }
      blocks.append(TextBlock(begin: begin, end: end, limit: limit))
      begin = end
    }
    self.blocks = blocks
  }

  /// Finds the tokens of all blocks.
  func scan() throws(AIGCError) {
    parallelFor(blocks.count) { index in
      if !Interruption.isRequested { blocks[index].scan(mode) }
    }
    try Interruption.check()
    for block in blocks {
      if let failure = block.failure { throw error(failure) }
      if block.isOutOfMemory { throw .failed("\(name): out of memory; use a lower `memory`") }
    }
  }

  /// Joins the numbered blocks.
  func encoded() throws(AIGCError) -> EncodedText {
    try Interruption.check()
    var starts = [0]
    for block in blocks { starts.append(starts[starts.count - 1] + block.count) }
    let total = starts[blocks.count]
    let tokens = try MutableTable<UInt32>(count: total)
    let places = starts
    parallelFor(blocks.count) { index in blocks[index].write(to: tokens, from: places[index]) }
    try Interruption.check()
    let sentences = blocks.reduce(0) { $0 + $1.sentences }
    return EncodedText(
      tokens: tokens.frozen(), sentences: sentences, words: total - 2 * sentences,
      byteCount: text.count, specialTokensSkipped: blocks.reduce(0) { $0 + $1.skipped })
  }

  func error(_ failure: ScanFailure) -> AIGCError {
    let place = offset + text.bytesBefore + (failure.position - text.start)
    switch failure.reason {
    case .notUTF8: return .badInput("\(name): byte \(place) is not UTF-8; pass `tokens` byte")
    case .null:
      return .badInput(
        "\(name): byte \(place) is NUL, not text; pass `tokens` byte or whitespace")
    }
  }
}
