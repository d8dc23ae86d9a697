import Autograd
import Datasets
import Files
import Glibc
import Inference
import Kernels

extension TransformerLanguageModel {
  /// How many tokens go through the network at once.
  private static let tokensAtOnce = 4096

  /// Natural-log probabilities of tokens, each from those before it in its window; nil for the first.
  ///
  /// Windows of `context` tokens begin `stride` tokens apart. Each token is scored once, in the first
  /// window that holds it, so that all but the first window's have at least context - stride before
  /// them (the way of transformers' guide "Perplexity of fixed-length models"). Windows that would
  /// only touch overlap by one token, so that each token has one before it. They are computed as text
  /// is generated, so that both give a token the same probability.
  func logProbabilities(
    _ tokens: [Int32], context: Int, stride: Int
  ) throws(AIGCError) -> [Float?] {
    var result = [Float?](repeating: nil, count: tokens.count)
    let context = max(context, 2)
    let starts = Self.starts(tokens.count, context: context, stride: stride)
    var scored = 1
    var next = 0
    while next < starts.count {
      // Windows of one length side by side; only the last may be shorter.
      let length = min(context, tokens.count - starts[next])
      guard length > 1 else { break }
      var rows = 1
      while next + rows < starts.count, starts[next + rows] + length <= tokens.count,
        (rows + 1) * length <= Self.tokensAtOnce
      {
        rows += 1
      }
      var windows: [(first: Int, tokens: ArraySlice<Int32>)] = []
      for start in starts[next..<next + rows] {
        windows.append((max(scored, start + 1), tokens[start..<start + length]))
        scored = max(scored, start + length)
      }
      for (window, scores) in zip(windows, try logProbabilities(windows)) {
        for place in window.first..<max(window.first, window.tokens.endIndex) {
          result[place] = scores[place - window.tokens.startIndex - 1]
        }
      }
      next += rows
      try Interruption.check()
    }
    try checkScores(result)
    return result
  }

  private static func starts(_ count: Int, context: Int, stride: Int) -> [Int] {
    let stride = max(1, min(stride, context - 1))
    var starts: [Int] = [0]
    while let last = starts.last, last + context < count { starts.append(last + stride) }
    return starts
  }

  /// Scores of all tokens in windows, which are those of ``score(_:name:window:)``.
  /// - Throws: ``/Files/AIGCError``: what `body` throws; usage for a model in memory and for a window that is none;
  ///   mismatch for ids that the model does not have; badInput for damaged weights; interrupted.
  public func logits(
    of tokens: [Int32], window: ScoringWindow, _ body: ([Float]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let (context, stride) = try resolved(window)
    guard let engine else { throw .usage("`logits`: the model is in no file") }
    let size = Int32(engine.sizes.vocabulary)
    if let token = tokens.first(where: { !(0..<size).contains($0) }) {
      throw .mismatch("the token \(token): the model has those from 0 to \(size - 1)")
    }
    var scored = 1
    for start in Self.starts(tokens.count, context: context, stride: stride) {
      let end = min(start + context, tokens.count)
      guard scored < end else { break }
      let cache = KeyValueCache(for: engine.decoder.weights, type: engine.cacheType)
      try engine.decoder.logits(
        Array(tokens[start..<end - 1]), from: scored - start - 1, cache
      ) { (rows) throws(AIGCError) in
        try Interruption.check()
        guard areFinite(rows) else { throw scoreDamage }
        try body(rows)
      }
      scored = end
    }
  }

  /// The same of windows of one length, of each the scores of all tokens but the first; those before
  /// `first` are of no interest.
  private func logProbabilities(
    _ windows: [(first: Int, tokens: ArraySlice<Int32>)]
  ) throws(AIGCError) -> [[Float]] {
    if let engine {
      let texts = windows.map { window in
        let next = window.tokens.indices.dropFirst()
        return (
          Array(window.tokens.dropLast()),
          next.map { $0 < window.first ? Int32(-1) : window.tokens[$0] }
        )
      }
      return engine.decoder.logProbabilities(texts, type: engine.cacheType)
    }
    let length = (windows.first?.tokens.count ?? 1) - 1
    let losses = try network().losses(
      Indices(windows.flatMap { $0.tokens.dropLast() }, [windows.count, length]),
      targets: windows.flatMap { $0.tokens.dropFirst() })
    return windows.indices.map { row in
      losses[row * length..<(row + 1) * length].map { -$0 }
    }
  }

  /// The perplexity of a text in windows of the whole context, each half a context after the one
  /// before.
  /// - Throws: ``/Files/AIGCError``: as ``evaluate(_:name:window:)``.
  public func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    try evaluate(text, name: name, window: ScoringWindow())
  }

  /// The probabilities of a text's tokens in windows of the whole context, each half a context
  /// after the one before.
  /// - Throws: ``/Files/AIGCError``: as ``score(_:name:window:)``.
  public func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] {
    try score(text, name: name, window: ScoringWindow())
  }

  /// Perplexity, also over words and bytes, and bits per byte of a text. Each token but the first
  /// is scored once, in the first window that holds it.
  /// - Throws: ``/Files/AIGCError``: usage for a window that is larger than the context, or a stride that
  ///   is larger than the window; badInput for text of fewer than two tokens, text that the
  ///   tokenizer refuses and damaged weights; mismatch for text that the vocabulary cannot write;
  ///   interrupted.
  public func evaluate(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> TextEvaluation {
    let tokens = try tokenizer.encode(text, name: name)
    let (context, stride) = try resolved(window)
    let scores = try logProbabilities(tokens, context: context, stride: stride)
    var (total, counted) = (0.0, 0)
    for case let score? in scores {
      total += Double(score)
      counted += 1
    }
    guard counted > 0 else { throw .badInput("\(name): too little text to evaluate") }
    var result = TextEvaluation(
      perplexity: exp(-total / Double(counted)), perplexityWithoutUnknown: nil,
      bitsPerByte: -total / M_LN2 / Double(max(text.count, 1)), tokens: counted, unknown: nil)
    result.perplexityPerWord = exp(-total / Double(max(wordCount(text), 1)))
    result.perplexityPerByte = exp(-total / Double(max(text.count, 1)))
    (result.context, result.stride) = (context, stride)
    return result
  }

  /// The natural-log probability of each token of a text, in windows; the first token has none.
  /// - Throws: ``/Files/AIGCError``: as ``evaluate(_:name:window:)``, though a short text is no error.
  public func score(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> [ScoredToken] {
    let tokens = try tokenizer.encode(text, name: name)
    let ranges = try tokenizer.ranges(of: text, name: name)
    let (context, stride) = try resolved(window)
    let scores = try logProbabilities(tokens, context: context, stride: stride)
    return try Interruption.map(tokens.count) { (index) throws(AIGCError) in
      ScoredToken(
        id: tokens[index], bytes: ranges[index].map { text[$0] }, logProbability: scores[index],
        isUnknown: tokenizer.unknownToken.map { $0 == tokens[index] })
    }
  }

  /// What stands in `window`, or the whole context and half of it.
  private func resolved(
    _ window: ScoringWindow
  ) throws(AIGCError) -> (context: Int, stride: Int) {
    let context = window.context ?? self.context
    guard (2...max(2, self.context)).contains(context) else {
      throw .usage("`context` \(context): the model has positions for \(self.context)")
    }
    let stride = window.stride ?? max(1, context / 2)
    guard (1...context).contains(stride) else {
      throw .usage("`stride` \(stride): from 1 to the context, \(context)")
    }
    return (context, stride)
  }
}

/// Words with white space between them.
private func wordCount(_ text: Table<UInt8>) -> Int {
  var (count, isInside) = (0, false)
  for index in text.indices {
    let isSpace = text[index] == 32 || (9...13).contains(text[index])
    if !isSpace, !isInside { count += 1 }
    isInside = !isSpace
  }
  return count
}
