import Datasets
import Files
import Glibc
import Kernels
import Training

/// Sums over scored tokens; log10.
struct ScoreTotals: Sendable {
  var total = 0.0
  var unknownTotal = 0.0
  var tokens = 0
  var unknown = 0

  static func + (a: ScoreTotals, b: ScoreTotals) -> ScoreTotals {
    ScoreTotals(
      total: a.total + b.total, unknownTotal: a.unknownTotal + b.unknownTotal,
      tokens: a.tokens + b.tokens, unknown: a.unknown + b.unknown)
  }
}

extension NGramLanguageModel {
  /// Perplexity of words and sentence ends, with unknown words and without, and bits per byte. A
  /// model of one stream counts no sentence ends.
  /// - Throws: ``/Files/AIGCError``: badInput for a text without words or with bytes that the way of
  ///   cutting text refuses, failed without memory, interrupted.
  public func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    let encoded = try tokens(text, name: name)
    let sum = try totals(encoded.tokens)
    guard sum.tokens > 0 else { throw .badInput("\(name): no words to evaluate") }
    let known = sum.tokens - sum.unknown
    return TextEvaluation(
      perplexity: pow(10, -sum.total / Double(sum.tokens)),
      perplexityWithoutUnknown: known > 0
        ? pow(10, -(sum.total - sum.unknownTotal) / Double(known)) : nil,
      bitsPerByte: -sum.total * M_LN10 / M_LN2 / Double(max(text.count, 1)),
      tokens: sum.tokens, unknown: sum.unknown)
  }

  /// Scores a token stream: blocks of whole sentences in parallel, cut by the text alone and added
  /// up in order.
  func totals(_ tokens: Table<UInt32>) throws(AIGCError) -> ScoreTotals {
    let blocks = configuration.sentences ? sentenceBlocks(tokens) : [0..<tokens.count]
    let slots = ParallelSlots<ScoreTotals>(count: blocks.count)
    parallelFor(blocks.count) { index in
      if Interruption.isRequested { return }
      let block = blocks[index]
      let inTurn = configuration.sentences && block.count <= Self.largestBlock
      slots.set(
        index,
        inTurn
          ? table.totalsInTurn(tokens, block)
          : table.totals(tokens, block, sentences: configuration.sentences))
    }
    try Interruption.check()
    return blocks.indices.reduce(ScoreTotals()) { $0 + (slots.get($1) ?? ScoreTotals()) }
  }

  /// Tokens of a block whose scores are kept until they are added up; only a line of many is longer.
  private static let largestBlock = 1 << 18

  /// Ranges of some 64 Ki tokens that end with a sentence.
  private func sentenceBlocks(_ tokens: Table<UInt32>) -> [Range<Int>] {
    var blocks: [Range<Int>] = []
    var start = 0
    while start < tokens.count {
      var end = min(start + 1 << 16, tokens.count)
      while end < tokens.count, tokens[end] != NGramCounts.sentenceStart { end += 1 }
      blocks.append(start..<end)
      start = end
    }
    return blocks
  }

  /// The natural-log probability of each word, and of the `</s>` that ends each sentence in a model
  /// of sentences.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that the way of cutting text refuses, interrupted.
  public func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] {
    if let tokenIds { return try score(text, name, tokenIds) }
    let sentences = try tokenRanges(text: text, mode: configuration.tokens, name: name)
    var scored: [ScoredToken] = []
    var state = startState
    for sentence in sentences {
      if configuration.sentences { state = startState }
      for (index, range) in sentence.enumerated() {
        try Interruption.check(at: index)
        let word = table.vocabulary.id(of: text, at: range) ?? NGramCounts.unknown
        let log10 = table.advance(&state, by: word)
        scored.append(scoredToken(word, range.map { text[$0] }, log10))
      }
      if configuration.sentences {
        let log10 = table.advance(&state, by: NGramCounts.sentenceEnd)
        scored.append(scoredToken(NGramCounts.sentenceEnd, Array("</s>".utf8), log10))
      }
      try Interruption.check()
    }
    return scored
  }

  /// The same of a model of a tokenizer's ids: a text is one sentence.
  private func score(
    _ text: Table<UInt8>, _ name: String, _ tokenIds: TokenIds
  ) throws(AIGCError) -> [ScoredToken] {
    var state = startState
    let ids = try tokenIds.tokenizer.encode(text, name: name, addsSpecialTokens: false)
    var scored = try Interruption.map(ids.count) { (index) throws(AIGCError) in
      let word = word(of: ids[index])
      let log10 = table.advance(&state, by: word)
      return scoredToken(word, tokenIds.tokenizer.bytes(of: ids[index]), log10)
    }
    let log10 = table.advance(&state, by: NGramCounts.sentenceEnd)
    scored.append(scoredToken(NGramCounts.sentenceEnd, Array("</s>".utf8), log10))
    return scored
  }

  private var startState: NGramTable.State {
    configuration.sentences ? table.sentenceStart : .init()
  }

  private func scoredToken(_ word: UInt32, _ bytes: [UInt8], _ log10: Float) -> ScoredToken {
    ScoredToken(
      id: Int32(word), bytes: bytes, logProbability: log10 * naturalLog,
      isUnknown: word == NGramCounts.unknown)
  }
}

extension ScoreTotals {
  fileprivate mutating func add(_ log10: Double, of word: UInt32) {
    total += log10
    tokens += 1
    if word != NGramCounts.unknown { return }
    unknownTotal += log10
    unknown += 1
  }
}

/// A sentence that is scored, one of several in turn (see ``ContextWalk``).
private struct SentenceWalk {
  private var walk: ContextWalk
  /// The word at hand, and the end of the sentence.
  private var index: Int
  private let end: Int

  /// - Parameter sentence: from its start mark on.
  init(_ sentence: Range<Int>, _ tokens: Table<UInt32>, _ table: NGramTable) {
    walk = ContextWalk(table.sentenceStart)
    (index, end) = (sentence.lowerBound + 1, sentence.upperBound)
    if index < end { walk.begin(tokens[index], table) }
  }

  var isOver: Bool { index >= end }

  /// - Parameters:
  ///   - scores: log10 probabilities of the tokens from `start` on.
  @inline(__always)
  mutating func step(
    _ tokens: Table<UInt32>, _ table: NGramTable, into scores: inout MutableSpan<Float>,
    from start: Int
  ) {
    guard let score = walk.step(table) else { return }
    scores[index - start] = score
    index += 1
    if index < end { walk.begin(tokens[index], table) }
  }
}

extension NGramTable {
  /// Sentences that one thread walks in turn, so that each finds in the cache what it asked for.
  private static let walks = 32

  /// The sums of whole sentences, equal to the last bit to those of
  /// ``totals(_:_:sentences:)``.
  func totalsInTurn(_ tokens: Table<UInt32>, _ range: Range<Int>) -> ScoreTotals {
    var scores = [Float](repeating: 0, count: range.count)
    var cursor = range.lowerBound
    func next() -> SentenceWalk? {
      while cursor < range.upperBound {
        let start = cursor
        cursor += 1
        while cursor < range.upperBound, tokens[cursor] != NGramCounts.sentenceStart { cursor += 1 }
        let walk = SentenceWalk(start..<cursor, tokens, self)
        if !walk.isOver { return walk }
      }
      return nil
    }
    var walks: [SentenceWalk] = []
    while walks.count < Self.walks, let walk = next() { walks.append(walk) }
    var output = scores.mutableSpan
    while !walks.isEmpty {
      var isAnyOver = false
      var running = walks.mutableSpan
      for index in running.indices {
        running[index].step(tokens, self, into: &output, from: range.lowerBound)
        if !running[index].isOver { continue }
        if let walk = next() { running[index] = walk } else { isAnyOver = true }
      }
      if isAnyOver { walks.removeAll { $0.isOver } }
    }
    var sum = ScoreTotals()
    for index in range where tokens[index] != NGramCounts.sentenceStart {
      sum.add(Double(scores[index - range.lowerBound]), of: tokens[index])
    }
    return sum
  }

  func totals(_ tokens: Table<UInt32>, _ range: Range<Int>, sentences: Bool) -> ScoreTotals {
    var sum = ScoreTotals()
    var state = State()
    for index in range {
      // After Ctrl-C nobody asks for the result.
      if index & 0xFFFF == 0, Interruption.isRequested { break }
      let word = tokens[index]
      if word == NGramCounts.sentenceStart {
        if sentences { state = sentenceStart }
        continue
      }
      if word == NGramCounts.sentenceEnd, !sentences { continue }
      sum.add(Double(advance(&state, by: word)), of: word)
    }
    return sum
  }
}
