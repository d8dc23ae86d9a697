import Files
import Kernels

/// A text cut into blocks between which no piece of ``PieceScanner`` reaches. The cut depends on the
/// text alone.
struct PieceCorpus: Sendable {
  static let blockSize = 4 << 20
  /// Pieces are numbered with 32 bits while they are merged.
  static let longestPiece = 1 << 30
  private let text: Table<UInt8>
  private let name: String
  private let addedTokens: AddedTokenMatcher?
  private let split: PieceSplit
  private let isPrepared: Bool
  /// Where blocks start, and the end.
  private let bounds: [Int]

  /// - Parameters:
  ///   - text: the whole text.
  ///   - name: the file, for messages.
  ///   - addedTokens: what is a piece by itself.
  ///   - split: how the rest is cut.
  ///   - isPrepared: whether added tokens stand as marks in the text.
  ///   - blockSize: bytes of a block; it goes on to the next line end that fits.
  init(
    _ text: Table<UInt8>, name: String, addedTokens: AddedTokenMatcher?, split: PieceSplit = .gpt2,
    isPrepared: Bool = false, blockSize: Int = Self.blockSize
  ) {
    self.text = text
    self.name = name
    self.addedTokens = addedTokens
    self.split = split
    self.isPrepared = isPrepared
    var bounds = [0]
    var position = addedTokens?.holdsLineEnds == true ? text.count : blockSize
    while position < text.count, let cut = Self.cut(text, from: position, split) {
      bounds.append(cut)
      position = cut + blockSize
    }
    bounds.append(text.count)
    self.bounds = bounds
  }

  /// The next place where a piece starts in any case: a newline behind a visible ASCII character, or what a
  /// split has in its place. Marks in the text have no characters of ASCII.
  private static func cut(_ text: Table<UInt8>, from start: Int, _ split: PieceSplit) -> Int? {
    withExtendedLifetime(text) {
      let (begin, end) = (text.start, text.end)
      func next(_ byte: UInt8, _ fits: (_ before: UInt8, _ found: ByteCursor) -> Bool) -> Int? {
        var position = begin + start
        while let found = position.first(byte, before: end) {
          if fits(found[-1], found) { return found - begin }
          position = found + 1
        }
        return nil
      }
      switch split {
      case .gpt2, .digits: return next(10) { before, _ in (0x21..<0x7F).contains(before) }
      // Signs take the newlines behind them along.
      case .llama3, .qwen2:
        return next(10) { before, _ in
          (0x30..<0x3A).contains(before) || (0x41..<0x5B).contains(before & 0xDF)
        }
      case .metaspace:
        return next(MetaspaceSplit.mark[0]) { before, found in
          before < 0x80 && Normalizer.find(MetaspaceSplit.mark, found, end) == found
        }
      case .whole(let pairs):
        return next(MetaspaceSplit.mark[0]) { before, found in
          before < 0x80 && pairs.isCut(UInt32(before), found.scalar(before: end).scalar)
        }
      }
    }
  }

  var count: Int { bounds.count - 1 }

  /// The pieces of one block: the different ones, and their order.
  func scan(_ index: Int) throws(AIGCError) -> PieceBlock {
    let (begin, end) = (text.start + bounds[index], text.start + bounds[index + 1])
    var tokens = BlockTokens(byteCount: end - begin, limit: text.end)
    let scanner = PieceScanner(
      begin: begin, end: end, addedTokens: addedTokens, split: split, isPrepared: isPrepared)
    let failure = scanner.scan(into: &tokens)
    tokens.endSentence(keepEmpty: true)
    tokens.finish()
    if let failure {
      let place = text.bytesBefore + (failure.position - text.start)
      throw .badInput("\(name): byte \(place) is not UTF-8; pass `tokens` byte")
    }
    if tokens.isOutOfMemory { throw .failed("\(name): out of memory") }
    for word in 0..<tokens.wordCount {
      guard let words = tokens.words, words[word].length <= Self.longestPiece else {
        throw .badInput("\(name): a word of more than 1 GiB; put spaces or line ends into the text")
      }
    }
    return PieceBlock(tokens: tokens, text: text)
  }

  /// Scans all blocks, several at a time, and hands each to `body`.
  /// - Returns: what `body` made of each block, in order.
  func map<Result: Sendable>(
    _ body: @Sendable (borrowing PieceBlock) -> Result
  ) throws(AIGCError) -> [Result] {
    let results = ParallelSlots<Swift.Result<Result, AIGCError>>(count: count)
    parallelFor(count) { index in
      if Interruption.isRequested { return }
      results.set(
        index,
        Swift.Result { () throws(AIGCError) in
          let block = try scan(index)
          return body(block)
        })
    }
    try Interruption.check()
    var all: [Result] = []
    for index in 0..<count {
      if let result = results.take(index) { all.append(try result.get()) }
    }
    return all
  }
}

/// The pieces of one block of text.
struct PieceBlock: ~Copyable {
  private let tokens: BlockTokens
  private let text: Table<UInt8>

  init(tokens: consuming BlockTokens, text: Table<UInt8>) {
    self.tokens = tokens
    self.text = text
  }

  /// Number of different pieces.
  var wordCount: Int { tokens.wordCount }

  /// Piece `index` in order of first occurrence.
  func withWord<R>(_ index: Int, _ body: (WordKey) -> R) -> R {
    guard let words = tokens.words, index < wordCount else { preconditionFailure("no such piece") }
    return withExtendedLifetime(text) { body(words[index]) }
  }

  /// Hands the index of each piece of the text to `body`, in order.
  @inline(__always)
  func forEach(_ body: (Int) -> Void) {
    guard let local = tokens.tokens else { return }
    // Between the two marks of the one sentence.
    for place in stride(from: 1, to: tokens.count - 1, by: 1) {
      body(Int(local[place]) - BlockTokens.firstWord)
    }
  }
}
