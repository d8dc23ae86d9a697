import Files
import Kernels

/// A text that a model has written behind a beginning.
public struct DrawnText: Sendable, Equatable {
  /// Which of all texts it is.
  public var index: Int
  /// What it began with.
  public var prompt: [Int32]
  /// What the model wrote, without the token that ends it.
  public var tokens: [Int32] = []
  /// The natural-log probability that the model gave to all that it wrote, the end included, as it is without the
  /// sampling chain.
  public var logProbability = 0.0
  /// Tokens that ``logProbability`` is of.
  public var scored = 0
  /// Whether the model ended it; else it was cut.
  public var isEnded = false
}

/// Draws many texts from one model, each behind a beginning of its own.
///
/// ```swift
/// let drawer = try TextDrawer(model, SamplingConfiguration(), maxTokens: 256, endTokens: model.endTokens, seed: 1)
/// try drawer.draw(0..<1000, prompt: { _ in [] }) { print($0.tokens) }
/// ```
public struct TextDrawer {
  /// Texts that grow at a time: enough for few-bit weights to be unpacked once for many.
  private static let size = 64

  private let model: any LanguageModel
  private let sampler: Sampler
  private let maxTokens: Int
  private let endTokens: Set<Int32>
  private let seed: UInt64

  /// - Parameters:
  ///   - model: writes.
  ///   - sampling: how tokens are drawn.
  ///   - maxTokens: that are drawn for a text.
  ///   - endTokens: those that end a text.
  ///   - seed: text i draws from stream i of it, whatever grows beside it.
  /// - Throws: ``/Files/AIGCError`` (usage) for settings out of range.
  public init(
    _ model: any LanguageModel, _ sampling: SamplingConfiguration, maxTokens: Int,
    endTokens: [Int32], seed: UInt64
  ) throws(AIGCError) {
    sampler = try Sampler(
      sampling, vocabularySize: model.vocabularySize, endToken: endTokens.first,
      otherEndTokens: Array(endTokens.dropFirst()))
    self.model = model
    (self.maxTokens, self.endTokens, self.seed) = (maxTokens, Set(endTokens), seed)
  }

  /// Draws texts.
  /// - Parameters:
  ///   - indices: which.
  ///   - prompt: the tokens of a text's beginning.
  ///   - emit: gets the texts in order.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, interrupted after Ctrl-C; what `emit` throws.
  public func draw(
    _ indices: Range<Int>, prompt: (Int) -> [Int32],
    _ emit: (DrawnText) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let batch = RollingBatch<GrowingDrawnText>(model: model, size: Self.size)
    let damage = try batch.run(
      indices,
      begin: { (index) throws(AIGCError) in
        let prompt = prompt(index)
        var session = model.makeSession()
        for token in prompt { session.append(token) }
        return (growing(index, prompt), session)
      },
      emit: { (text) throws(AIGCError) in
        try Interruption.check()
        try emit(text.result)
        return true
      })
    if let damage { throw damage }
  }

  private func growing(_ index: Int, _ prompt: [Int32]) -> GrowingDrawnText {
    GrowingDrawnText(
      result: DrawnText(index: index, prompt: prompt), history: prompt, sampler: sampler,
      random: RandomSource(seed: seed, stream: index), maxTokens: maxTokens, endTokens: endTokens)
  }
}

private struct GrowingDrawnText: GrowingText {
  var result: DrawnText
  var history: [Int32]
  var sampler: Sampler
  var random: RandomSource
  let maxTokens: Int
  let endTokens: Set<Int32>
  private(set) var isStopped = false
  private var scores: [Float] = []

  init(
    result: DrawnText, history: [Int32], sampler: Sampler, random: RandomSource, maxTokens: Int,
    endTokens: Set<Int32>
  ) {
    (self.result, self.history, self.sampler, self.random) = (result, history, sampler, random)
    (self.maxTokens, self.endTokens) = (maxTokens, endTokens)
  }

  var isDone: Bool { isStopped || result.isEnded || result.tokens.count >= maxTokens }
  var lastToken: Int32? { history.last }

  mutating func step(_ session: inout any GenerationSession) {
    guard let token = sampler.next(&session, history: history, random: &random) else {
      isStopped = true
      return
    }
    session.ownScores(into: &scores)
    if scores.indices.contains(Int(token)) {
      result.logProbability += Double(logSoftmax(&scores, at: Int(token)))
    }
    result.scored += 1
    if endTokens.contains(token) {
      result.isEnded = true
    } else {
      result.tokens.append(token)
      history.append(token)
    }
  }

  mutating func interrupt() { isStopped = true }
}
