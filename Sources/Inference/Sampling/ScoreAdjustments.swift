/// The tokens of one step whose scores the chain changes before it cuts: those that its adjustments and
/// its masks name. All other scores stay as the model gave them.
struct ScoreAdjustments {
  struct Entry {
    var id: Int32
    /// Whether a mask forbids it that does not yield, and one that does.
    var isBanned = false
    var isBannedForNow = false
    /// Used by the caller to tick off entries.
    var isDone = false

    var isForbidden: Bool { isBanned || isBannedForNow }
  }

  private(set) var entries: [Entry] = []
  /// The count that each adjustment named the token of each entry with: [entry, adjustment].
  private var counts: [Int32] = []
  private let adjustments: [any ScoreAdjustment]
  private var masks: [any TokenMask]
  /// Masks before any token, and the tokens that ``masks`` were told of; only where one is stateful.
  private let freshMasks: [any TokenMask]
  private var accepted: [Int32] = []
  /// Position + 1 of a token's entry, by id; empty where nothing is ever adjusted.
  private var positions: [Int32]
  /// Whether a token can gain by adjustments.
  let raises: Bool
  /// Whether a mask looks at the whole vocabulary.
  let looksAtAll: Bool

  /// - Parameters:
  ///   - configuration: whose adjustments and masks these are.
  ///   - banned: tokens that are never drawn.
  ///   - masks: behind those of the configuration.
  ///   - breakers: those of the configuration in the model's tokens.
  init(
    _ configuration: SamplingConfiguration, banned: [Int32], vocabularySize: Int,
    masks: [any TokenMask] = [], breakers: SequenceBreakers = SequenceBreakers()
  ) {
    adjustments = configuration.adjustments(breakers)
    let all = configuration.masks(banned: banned) + masks.filter { !$0.isOff }
    self.masks = all
    freshMasks = all.contains { $0.isStateful } ? all : []
    raises = adjustments.contains { $0.raises }
    looksAtAll = all.contains { !$0.namesTokens }
    let isUsed = !adjustments.isEmpty || !all.isEmpty
    positions = isUsed ? [Int32](repeating: 0, count: max(vocabularySize, 0)) : []
  }

  /// Whether no score is ever changed.
  var isNeverUsed: Bool { adjustments.isEmpty && masks.isEmpty }

  /// Finds the entries for the next token after `history`.
  mutating func collect(_ history: [Int32]) {
    if isNeverUsed { return }
    for entry in entries { positions[Int(entry.id)] = 0 }
    entries.removeAll(keepingCapacity: true)
    counts.removeAll(keepingCapacity: true)
    tellMasks(history)
    for (index, adjustment) in adjustments.enumerated() {
      adjustment.forTokens(after: history) { token, count in
        guard let position = position(of: token) else { return }
        let sum = Int(counts[position * adjustments.count + index]) + count
        counts[position * adjustments.count + index] = Int32(clamping: sum)
      }
    }
    for mask in masks where mask.namesTokens {
      let yields = mask.yields
      mask.forForbidden(after: history) { token in
        guard let position = position(of: token) else { return }
        if yields {
          entries[position].isBannedForNow = true
        } else {
          entries[position].isBanned = true
        }
      }
    }
  }

  /// Tells stateful masks of the tokens that they do not know yet. A history that is no longer one, as
  /// that of another beam, is told from its start.
  private mutating func tellMasks(_ history: [Int32]) {
    if freshMasks.isEmpty { return }
    if !history.starts(with: accepted) { (masks, accepted) = (freshMasks, []) }
    for token in history[accepted.count...] {
      for index in masks.indices { masks[index].accept(token) }
    }
    accepted = history
  }

  /// The entry of a token, made where there is none; nil outside the vocabulary.
  private mutating func position(of id: Int32) -> Int? {
    guard id >= 0, Int(id) < positions.count else { return nil }
    if positions[Int(id)] == 0 {
      entries.append(Entry(id: id))
      for _ in adjustments { counts.append(0) }
      positions[Int(id)] = Int32(entries.count)
    }
    return Int(positions[Int(id)]) - 1
  }

  /// Position of the entry of `id`, if it has one.
  @inline(__always)
  func entry(for id: Int32) -> Int? {
    guard id >= 0, Int(id) < positions.count, positions[Int(id)] > 0 else { return nil }
    return Int(positions[Int(id)]) - 1
  }

  func isForbidden(_ id: Int32) -> Bool {
    if let position = entry(for: id), entries[position].isForbidden { return true }
    return masks.contains { !$0.namesTokens && $0.forbids(id) }
  }

  mutating func markDone(_ position: Int) { entries[position].isDone = true }

  /// The score of an entry's token after adjustments; -infinity for a forbidden one.
  func adjusted(_ logit: Float, at position: Int) -> Float {
    let entry = entries[position]
    if entry.isForbidden || !(logit > -.infinity) { return -.infinity }
    var result = min(logit, .greatestFiniteMagnitude)
    for (index, adjustment) in adjustments.enumerated() {
      let count = counts[position * adjustments.count + index]
      if count > 0 { result = adjustment.adjusted(result, of: entry.id, named: Int(count)) }
    }
    return boundedScore(result)
  }

  /// Changes the scores of the whole vocabulary.
  func apply(to scores: inout [Float]) {
    for position in entries.indices where Int(entries[position].id) < scores.count {
      let index = Int(entries[position].id)
      scores[index] = adjusted(scores[index], at: position)
    }
    for mask in masks where !mask.namesTokens { mask.apply(to: &scores) }
  }

  /// Forbids what no mask yields, where nothing can follow.
  func applyFirmMasks(to scores: inout [Float]) {
    for entry in entries where entry.isBanned && Int(entry.id) < scores.count {
      scores[Int(entry.id)] = -.infinity
    }
    for mask in masks where !mask.namesTokens && !mask.yields { mask.apply(to: &scores) }
  }
}

/// The largest finite score less infinity, or a product that overflows, stays a score.
func boundedScore(_ score: Float) -> Float {
  score.isNaN ? -.infinity : max(score, -.greatestFiniteMagnitude)
}
