import Autograd
import Inference
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
  /// Of a session that reads drafts ahead of its text: then ``cache`` may hold more than ``tokens``.
  private var draft: DraftState?

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
    if let row = draft?.append(token) {
      tokens.append(token)
      return take(row: row)
    }
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
    dropAhead()
    return cache
  }

  // MARK: Reading

  /// Reads what was appended, and scores what follows.
  mutating func read() {
    guard prepare() else { return }
    let ahead = draftAhead()
    let start = ContinuousClock.now
    if ahead.isEmpty {
      engine.decoder.read(pending, cache, scores: &logits)
    } else {
      read(ahead: ahead)
    }
    // Of a prompt nothing is to be learned.
    if pending.count == 1 { draft?.observe(pass: ContinuousClock.now - start) }
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
    dropAhead()
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

// MARK: Drafts

extension TransformerSession {
  /// From here on drafts are read ahead of the text.
  mutating func startDrafting(_ drafting: Drafting) {
    var state = drafting.start()
    for token in tokens + pending { _ = state.append(token) }
    draft = state
  }

  /// A draft of what follows the one token that is to be read; none behind a prompt, where nothing is to be gained.
  private mutating func draftAhead() -> [Int32] {
    guard draft != nil, pending.count == 1 else { return [] }
    let (room, vocabulary) = (engine.sizes.context - tokens.count - 1, engine.sizes.vocabulary)
    return draft?.draft(room: room, vocabulary: vocabulary) ?? []
  }

  /// Reads the last token with a draft of what follows.
  private mutating func read(ahead: [Int32]) {
    // Memory that two hold would be copied.
    var rows = draft?.rows ?? []
    draft?.rows = []
    engine.decoder.read(pending + ahead, cache, allScores: &rows)
    draft?.rows = rows
    take(row: 0)
  }

  /// The scores behind a token that was read ahead.
  private mutating func take(row: Int) {
    let size = engine.sizes.vocabulary
    guard let rows = draft?.rows, rows.count >= (row + 1) * size else { return }
    logits = Array(rows[row * size..<(row + 1) * size])
  }

  /// What was read ahead of the text leaves the cache.
  private mutating func dropAhead() {
    draft?.clear()
    guard cache.count > tokens.count else { return }
    if !isKnownUniquelyReferenced(&cache) { cache = cache.fork() }
    cache.truncate(to: tokens.count)
  }

  /// Takes the last tokens back.
  mutating func removeLast(_ count: Int) {
    guard count > 0 else { return }
    draft?.clear()
    let waiting = min(count, pending.count)
    pending.removeLast(waiting)
    tokens.removeLast(min(count - waiting, tokens.count))
    // Scores of one that was read before are not kept: it is read again.
    if pending.isEmpty, let last = tokens.popLast() { pending = [last] }
    areScoresKnown = false
  }
}
