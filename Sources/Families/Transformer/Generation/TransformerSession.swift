import Autograd
import Kernels
import Training

/// A transformer at one position of one text. A copy goes its own way and shares the memory of what both have
/// read.
///
/// Tokens are read when scores are asked for, so that a prompt is read at once. A text that outgrows
/// the context loses its middle: the first ``keep`` tokens stay, and the latter half of the rest.
/// Keys know their positions, so that what moves is read anew: that costs one prompt of half a
/// context, every half a context.
struct TransformerSession: GenerationSession {
  let engine: TransformerEngine
  /// How many tokens at the start are never dropped.
  let keep: Int
  /// What stands before a text that has no tokens.
  let startToken: Int32
  /// What the model has in view and has read.
  private(set) var tokens: [Int32] = []
  private var pending: [Int32] = []
  private var cache: KeyValueCache
  /// Scores of the next token, where ``areScoresKnown``.
  private var logits: [Float] = []
  private var areScoresKnown = false

  /// - Parameters:
  ///   - engine: the model.
  ///   - startToken: stands before a text that has no tokens: `<|endoftext|>`.
  ///   - keep: see ``keep``; at most half of the context.
  init(_ engine: TransformerEngine, startToken: Int32 = 0, keep: Int = 0) {
    self.engine = engine
    self.startToken = startToken
    self.keep = min(max(keep, 0), engine.sizes.context / 2)
    cache = KeyValueCache(for: engine.decoder.weights, type: engine.cacheType)
  }

  /// A session that has read `tokens`, whose keys and values are in `cache`.
  init(
    _ engine: TransformerEngine, tokens: [Int32], cache: KeyValueCache, startToken: Int32, keep: Int
  ) {
    self.init(engine, startToken: startToken, keep: keep)
    self.tokens = tokens
    self.cache = cache
    // Scores are not kept: the last token is read again when they are asked for.
    if let last = self.tokens.popLast() {
      cache.truncate(to: self.tokens.count)
      pending = [last]
    }
  }

  mutating func append(_ token: Int32) {
    guard token >= 0, Int(token) < engine.sizes.vocabulary else { return }
    pending.append(token)
    areScoresKnown = false
  }

  mutating func scores(into scores: inout [Float]) {
    read()
    scores = logits
  }

  mutating func score(of token: Int32) -> Float {
    read()
    let index = Int(token)
    return logits.indices.contains(index) ? logits[index] : -.infinity
  }

  mutating func draw(using random: inout RandomSource) -> Int32? {
    read()
    // The weights take the logits' place.
    var weights = logits
    return Int32(drawFromSoftmax(&weights, uniform: random.uniform()))
  }

  /// Keys and values of ``tokens``, all that was appended.
  mutating func readCache() -> KeyValueCache {
    read()
    return cache
  }

  // MARK: Reading

  /// Reads what was appended, and scores what follows.
  mutating func read() {
    guard prepare() else { return }
    engine.decoder.read(pending, cache, scores: &logits)
    finish()
  }

  /// Reads what was appended to each of several sessions of one model; those that have one new token,
  /// as all have in the midst of generation, together: each weight is read once for eight of them.
  /// The scores are the same that each session would have alone, to the last bit.
  static func read(_ sessions: inout [TransformerSession]) {
    var steps: [Int] = []
    for index in sessions.indices {
      guard sessions[index].prepare() else { continue }
      if sessions[index].pending.count == 1, sessions[index].engine === sessions[0].engine {
        steps.append(index)
      } else {
        sessions[index].read()
      }
    }
    guard let first = steps.first else { return }
    guard steps.count > 1 else { return sessions[first].read() }
    let engine = sessions[first].engine
    let entries = steps.map { (token: sessions[$0].pending[0], cache: sessions[$0].cache) }
    var scores: [Float] = []
    engine.decoder.step(entries, scores: &scores)
    let size = engine.sizes.vocabulary
    for (place, index) in steps.enumerated() {
      sessions[index].logits = Array(scores[place * size..<(place + 1) * size])
      sessions[index].finish()
    }
  }

  /// - Returns: whether there is something to read.
  private mutating func prepare() -> Bool {
    if tokens.isEmpty, pending.isEmpty { append(startToken) }
    guard !areScoresKnown, !pending.isEmpty else { return false }
    if !isKnownUniquelyReferenced(&cache) { cache = cache.fork() }
    if tokens.count + pending.count > engine.sizes.context { shift() }
    return true
  }

  var areScoresFinite: Bool { areFinite(logits) }

  private mutating func finish() {
    tokens += pending
    pending.removeAll(keepingCapacity: true)
    areScoresKnown = true
  }

  /// Drops tokens after the first ``keep`` until half of what they leave is free.
  private mutating func shift() {
    let all = tokens + pending
    let room = engine.sizes.context - keep
    let kept = all.count - (room - room / 2)
    // What was read of the part that stays where it is remains.
    let valid = min(keep, tokens.count)
    cache.truncate(to: valid)
    tokens = Array(all[..<valid])
    pending = Array(all[valid..<keep] + all[max(kept, keep)...])
  }
}
