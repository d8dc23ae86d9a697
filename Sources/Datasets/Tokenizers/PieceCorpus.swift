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
  /// Where blocks start, and the end.
  private let bounds: [Int]

  /// - Parameters:
  ///   - text: the whole text.
  ///   - name: the file, for messages.
  ///   - addedTokens: what is a piece by itself.
  ///   - blockSize: bytes of a block; it goes on to the next line end that fits.
  init(
    _ text: Table<UInt8>, name: String, addedTokens: AddedTokenMatcher?,
    blockSize: Int = Self.blockSize
  ) {
    self.text = text
    self.name = name
    self.addedTokens = addedTokens
    var bounds = [0]
    var position = addedTokens?.holdsLineEnds == true ? text.count : blockSize
    while position < text.count, let cut = Self.cut(text, from: position) {
      bounds.append(cut)
      position = cut + blockSize
    }
    bounds.append(text.count)
    self.bounds = bounds
  }

  /// The next newline behind a visible ASCII character: a piece starts there in any case.
  private static func cut(_ text: Table<UInt8>, from start: Int) -> Int? {
    withExtendedLifetime(text) {
      var position = text.start + start
      while let found = position.first(10, before: text.end) {
        if (0x21..<0x7F).contains(found[-1]) { return found - text.start }
        position = found + 1
      }
      return nil
    }
  }

  var count: Int { bounds.count - 1 }

  /// The pieces of one block: the different ones, and their order.
  func scan(_ index: Int) throws(AIGCError) -> PieceBlock {
    let (begin, end) = (text.start + bounds[index], text.start + bounds[index + 1])
    var tokens = BlockTokens(byteCount: end - begin, limit: text.end)
    let scanner = PieceScanner(begin: begin, end: end, addedTokens: addedTokens)
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
