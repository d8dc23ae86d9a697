/// The tokens of one step whose scores the chain changes before it cuts: penalised, biased and
/// banned ones. All other scores stay as the model gave them.
struct ScoreAdjustments {
  struct Entry {
    var id: Int32
    /// Occurrences among the recent tokens.
    var count: Int32 = 0
    var bias: Float = 0
    var isBanned = false
    /// Banned only because it would repeat N tokens.
    var wouldRepeat = false
    /// Used by the caller to tick off entries.
    var isDone = false
  }

  private(set) var entries: [Entry] = []
  private let configuration: SamplingConfiguration
  private let banned: [Int32]
  private let vocabularySize: Int
  /// Position + 1 of a token's entry, by id; empty where nothing is ever adjusted.
  private var positions: [Int32]

  init(_ configuration: SamplingConfiguration, banned: [Int32], vocabularySize: Int) {
    self.configuration = configuration
    self.banned = banned
    self.vocabularySize = vocabularySize
    let isUsed =
      configuration.penalises || configuration.noRepeatNgram > 0
      || !configuration.logitBias.isEmpty || !banned.isEmpty
    positions = isUsed ? [Int32](repeating: 0, count: max(vocabularySize, 0)) : []
  }

  /// Whether there is never an entry.
  var isNeverUsed: Bool { positions.isEmpty }

  /// Finds the entries for the next token after `history`.
  mutating func collect(_ history: [Int32]) {
    if positions.isEmpty { return }
    for entry in entries { positions[Int(entry.id)] = 0 }
    entries.removeAll(keepingCapacity: true)
    for item in configuration.logitBias {
      guard let position = position(of: item.token) else { continue }
      entries[position].bias += item.bias
      // Infinities of both signs add up to NaN: the ban wins.
      if item.bias == -.infinity { entries[position].isBanned = true }
    }
    for id in banned {
      if let position = position(of: id) { entries[position].isBanned = true }
    }
    if configuration.penalises {
      let last = configuration.repeatLastN
      let start = last < 0 ? 0 : max(0, history.count - last)
      for index in start..<history.count {
        if let position = position(of: history[index]) { entries[position].count += 1 }
      }
    }
    banRepeats(of: configuration.noRepeatNgram, in: history)
  }

  /// Bans what would complete `size` tokens that occurred before.
  private mutating func banRepeats(of size: Int, in history: [Int32]) {
    guard size > 0, history.count >= size else { return }
    let tail = history.count - (size - 1)
    for start in 0...(history.count - size) {
      var offset = 0
      while offset < size - 1, history[start + offset] == history[tail + offset] { offset += 1 }
      guard offset == size - 1 else { continue }
      if let position = position(of: history[start + size - 1]) {
        entries[position].wouldRepeat = true
      }
    }
  }

  /// The entry of a token, made where there is none; nil outside the vocabulary.
  private mutating func position(of id: Int32) -> Int? {
    guard id >= 0, Int(id) < positions.count else { return nil }
    if positions[Int(id)] == 0 {
      entries.append(Entry(id: id))
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
    guard let position = entry(for: id) else { return false }
    return entries[position].isBanned || entries[position].wouldRepeat
  }

  mutating func markDone(_ position: Int) { entries[position].isDone = true }

  /// The score after penalties and bias; -infinity for a banned token.
  func adjusted(_ logit: Float, by entry: Entry) -> Float {
    if entry.isBanned || entry.wouldRepeat || !(logit > -.infinity) { return -.infinity }
    var result = min(logit, .greatestFiniteMagnitude)
    if entry.count > 0 {
      let penalty = Float(configuration.repeatPenalty)
      result = result > 0 ? result / penalty : result * penalty
      result -= Float(entry.count) * Float(configuration.frequencyPenalty)
      result -= Float(configuration.presencePenalty)
    }
    result += entry.bias
    // The largest finite score less infinity, or a product that overflows, stays a score.
    return result.isNaN ? -.infinity : max(result, -.greatestFiniteMagnitude)
  }
}
