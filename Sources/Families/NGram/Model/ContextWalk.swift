import Files
import Kernels

/// One text on its way through a model, cut where it waits for memory.
///
/// A word needs a context, its children and the child, each somewhere else in hundreds of megabytes. So
/// each step asks for what the next one reads, and a thread that walks several texts in turn finds it in
/// its cache (asynchronous memory access chaining, Kocberber et al. 2015). Results are those of
/// ``NGramTable/advance(_:by:)``, operation by operation.
struct ContextWalk {
  private enum Stage { case context, search, enter }
  private var stage = Stage.context
  private(set) var state: NGramTable.State
  private var word: UInt32 = 0
  private var weight: Float = 0
  /// The context's own weight and suffix, while its children are searched.
  private var contextWeight: Float = 0
  private var suffix: UInt32 = 0
  /// Where the word may be among the children, or the node that was found.
  private var low = 0
  private var count = 0
  /// Whether the state's context was just read.
  private var isLoaded = false

  init(_ state: NGramTable.State) { self.state = state }

  /// Starts anew, at the start of a sentence.
  @inline(__always)
  mutating func restart(_ state: NGramTable.State) {
    self.state = state
    isLoaded = false
  }

  /// Starts with a word; ``step(_:)`` then goes on until it gives the score.
  @inline(__always)
  mutating func begin(_ word: UInt32, _ table: NGramTable) {
    self.word = word
    weight = 0
    if table.unseenContextBackoff != 0 {
      weight = table.unseenContextBackoff * Float(state.history - state.length)
    }
    state.history = min(state.history + 1, Int32(truncatingIfNeeded: table.order - 1))
    if state.length == 0 { return found(Int(word), table) }
    stage = .context
    if isLoaded { enterContext(table) }
  }

  /// - Returns: log10 p(word | state) once the walk is over; ``state`` then follows the word.
  @inline(__always)
  mutating func step(_ table: NGramTable) -> Float? {
    switch stage {
    case .context: enterContext(table)
    case .search: search(table)
    case .enter:
      let level = Int(state.length)
      let probability = table.enter(&state, level: level, low)
      prefetchState(enteredLevel: level, table)
      return weight + probability
    }
    return nil
  }

  /// Takes a word whose node is known.
  @inline(__always)
  mutating func enter(level: Int, node: Int, _ table: NGramTable) {
    state.history = min(state.history + 1, Int32(truncatingIfNeeded: table.order - 1))
    _ = table.enter(&state, level: level, node)
    prefetchState(enteredLevel: level, table)
  }

  /// Asks for the state's context, unless it is the node that was just read.
  @inline(__always)
  private mutating func prefetchState(enteredLevel level: Int, _ table: NGramTable) {
    isLoaded = level + 1 < table.order
    if !isLoaded, state.length > 0 { table.levels[level - 1].prefetch(Int(state.node)) }
  }

  private mutating func enterContext(_ table: NGramTable) {
    let context = table.levels[Int(state.length) - 1].context(Int(state.node))
    let end = table.levels[Int(state.length) - 1].firstChild(Int(state.node) + 1)
    (contextWeight, suffix) = (context.backoff, context.suffix)
    low = Int(context.firstChild)
    count = end - low
    if count == 0 { return leave(table) }
    stage = .search
    prefetchWords(table)
  }

  /// A part of ``NGramTable/find(_:level:_:_:)``: one halving where the next probe is far away, all that
  /// is left where it is near.
  private mutating func search(_ table: NGramTable) {
    if count > Self.near {
      halve(table)
      return prefetchWords(table)
    }
    while count > NGramTable.shortSearch { halve(table) }
    let words = table.levels[Int(state.length)].words
    for node in low..<low + count where words[node] == word { return found(node, table) }
    leave(table)
  }

  /// Words of a line of the cache; so many lie in two.
  private static let near = 16

  @inline(__always)
  private mutating func halve(_ table: NGramTable) {
    let half = count / 2
    low = table.levels[Int(state.length)].words[low + half] <= word ? low + half : low
    count -= half
  }

  @inline(__always)
  private func prefetchWords(_ table: NGramTable) {
    if count > Self.near {
      table.levels[Int(state.length)].words.prefetch(low + count / 2)
    } else {
      table.levels[Int(state.length)].words.prefetch(low)
      let isInNextLine = low % Self.near + count > Self.near
      if isInNextLine { table.levels[Int(state.length)].words.prefetch(low + count - 1) }
    }
  }

  /// Goes on to the shorter context.
  private mutating func leave(_ table: NGramTable) {
    weight += contextWeight
    state = .init(length: state.length - 1, node: suffix, history: state.history)
    if state.length == 0 { return found(Int(word), table) }
    table.levels[Int(state.length) - 1].prefetch(Int(suffix))
    stage = .context
  }

  private mutating func found(_ node: Int, _ table: NGramTable) {
    low = node
    stage = .enter
    table.levels[Int(state.length)].prefetch(node)
  }
}
