import Datasets
import Files

/// A back-off n-gram model: p(w | h) is stored for n-grams that were seen, and is the weight of h
/// times p(w | h without its first word) for the others (Katz 1987; the ARPA file's meaning).
struct NGramTable: Sendable {
  let vocabulary: Vocabulary
  /// What is written to a file; keeps the memory of ``levels``.
  let stored: [NGramLevel]
  let levels: [NGramLevelView]
  /// log10 weight of a step to a shorter context where the longer one is unknown.
  let unseenContextBackoff: Float

  init(vocabulary: Vocabulary, levels: [NGramLevel], unseenContextBackoff: Float) {
    self.vocabulary = vocabulary
    stored = levels
    self.levels = levels.map(NGramLevelView.init)
    self.unseenContextBackoff = unseenContextBackoff
  }

  var order: Int { levels.count }

  /// The longest known end of the words so far: an n-gram of `length` words, node `node` of that
  /// level. Length 0 is the empty context.
  struct State: Equatable, Hashable, Sendable {
    var length: Int32 = 0
    var node: UInt32 = 0
    /// Words so far, up to order - 1: more than `length` where the longer context is unknown.
    var history: Int32 = 0
  }

  /// The state at the start of a sentence.
  var sentenceStart: State {
    order > 1 ? State(length: 1, node: NGramCounts.sentenceStart, history: 1) : State()
  }

  /// Scores `word` after `state` and moves on.
  /// - Parameter word: below the vocabulary's size; 0 for an unknown word.
  /// - Returns: log10 p(word | state).
  @inline(__always)
  func advance(_ state: inout State, by word: UInt32) -> Float {
    var backoff: Float = 0
    if unseenContextBackoff != 0 {
      backoff = unseenContextBackoff * Float(state.history - state.length)
    }
    state.history = min(state.history + 1, Int32(truncatingIfNeeded: order - 1))
    while state.length > 0 {
      let context = levels[Int(state.length) - 1].context(Int(state.node))
      let end = levels[Int(state.length) - 1].firstChild(Int(state.node) + 1)
      if let child = find(word, level: Int(state.length), Int(context.firstChild), end) {
        return backoff + enter(&state, level: Int(state.length), child)
      }
      backoff += context.backoff
      state = State(length: state.length - 1, node: context.suffix, history: state.history)
    }
    return backoff + enter(&state, level: 0, Int(word))
  }

  /// Makes node `child` of `level` the state, or its suffix where nothing can follow it.
  @inline(__always)
  func enter(_ state: inout State, level: Int, _ child: Int) -> Float {
    if level + 1 == order {
      let leaf = levels[level].leaf(child)
      state.length = Int32(truncatingIfNeeded: level)
      state.node = level == 0 ? 0 : leaf.suffix
      return leaf.probability
    }
    state.length = Int32(truncatingIfNeeded: level + 1)
    state.node = UInt32(truncatingIfNeeded: child)
    return levels[level].context(child).probability
  }

  /// So few words are read one after the other.
  static let shortSearch = 8

  /// The node of `word` among nodes `first ..< end` of `level` (0 the unigrams).
  @inline(__always)
  func find(_ word: UInt32, level: Int, _ first: Int, _ end: Int) -> Int? {
    let words = levels[level].words
    var (low, count) = (first, end - first)
    while count > Self.shortSearch {
      let half = count / 2
      low = words[low + half] <= word ? low + half : low
      count -= half
    }
    for node in low..<low + count where words[node] == word { return node }
    return nil
  }

  /// log10 p(word | state) without moving on.
  func probability(of word: UInt32, after state: State) -> Float {
    var copy = state
    return advance(&copy, by: word)
  }
}
