import Files

/// All substrings of a few texts as one automaton, built byte by byte in linear time (Blumer et al.,
/// "The smallest automaton recognizing the subwords of a text", 1985; several texts share it).
///
/// A text streamed through ``advance(_:by:)`` gives at each byte its longest end that stands in one
/// of the texts. Memory: some 170 bytes a byte of the texts, of which 50 only while it is built.
struct SuffixAutomaton {
  /// A set of substrings that end at the same places: one is a suffix of the next.
  struct State: BitwiseCopyable, Sendable {
    /// One bit a symbol that can follow.
    var follows = SIMD4<UInt64>()
    /// Where its targets start, in the order of their symbols.
    var first: UInt32 = 0
    /// Of its longest substring.
    var length: UInt32 = 0
    /// The state of the longest suffix that also ends elsewhere.
    var link: UInt32 = 0
    /// Whoever streams texts through keeps a number here, 0 at first.
    var mark: UInt32 = 0
  }

  /// How far a streamed text is: the longest end of it that the automaton knows.
  struct Position {
    var state: UInt32 = 0
    var length: UInt32 = 0
  }

  let states: MutableTable<State>
  let count: Int
  /// For each text, the state of each of its prefixes.
  let prefixes: [[UInt32]]
  private let targets: MutableTable<UInt32>
  /// Bytes by how often they occur, so that most symbols stand in the first word of ``State/follows``;
  /// 256 for bytes that never do.
  private let symbols: [Int]

  /// - Throws: ``/Files/AIGCError``: usage for texts of more than 256 MB, failed without memory.
  init(_ texts: [[UInt8]]) throws(AIGCError) {
    let size = texts.reduce(0) { $0 + $1.count }
    guard size <= 256 << 20 else {
      throw .usage("\(size) bytes of text are too many to look for; 268435456 at most")
    }
    symbols = Self.symbols(texts)
    var builder = try SuffixAutomatonBuilder(size: size)
    var prefixes: [[UInt32]] = []
    for text in texts {
      var last: UInt32 = 0
      var ends: [UInt32] = []
      ends.reserveCapacity(text.count)
      for byte in text {
        last = builder.extend(last, by: UInt8(truncatingIfNeeded: symbols[Int(byte)]))
        ends.append(last)
      }
      prefixes.append(ends)
      try Interruption.check()
    }
    self.prefixes = prefixes
    states = builder.states
    count = builder.count
    targets = try builder.packedTargets()
  }

  private static func symbols(_ texts: [[UInt8]]) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for text in texts {
      for byte in text { counts[Int(byte)] += 1 }
    }
    let order = counts.indices.sorted { (counts[$0], $1) > (counts[$1], $0) }
    var symbols = [Int](repeating: 256, count: 256)
    for (symbol, byte) in order.enumerated() where counts[byte] > 0 { symbols[byte] = symbol }
    return symbols
  }

  /// Moves on by the next byte of a streamed text.
  @inline(__always)
  func advance(_ position: inout Position, by byte: UInt8) {
    let symbol = symbols[Int(byte)]
    guard symbol < 256 else {
      position = Position()
      return
    }
    let (word, bit) = (symbol >> 6, UInt64(1) << UInt64(symbol & 63))
    while true {
      let state = Int(position.state)
      let follows = word == 0 ? states[state].follows.x : states[state].follows[word]
      if follows & bit != 0 {
        var rank = (follows & (bit - 1)).nonzeroBitCount
        if word > 0 {
          for earlier in 0..<word { rank += states[state].follows[earlier].nonzeroBitCount }
        }
        position.state = targets[Int(states[state].first) + rank]
        position.length += 1
        return
      }
      if state == 0 {
        position.length = 0
        return
      }
      position.state = states[state].link
      position.length = states[Int(position.state)].length
    }
  }
}

/// The automaton while it grows: a state's edges are a list.
struct SuffixAutomatonBuilder {
  private struct Edge: BitwiseCopyable, Sendable {
    var target: UInt32 = 0
    /// The state's next edge; 0 after the last.
    var next: UInt32 = 0
    var symbol: UInt8 = 0
  }

  let states: MutableTable<SuffixAutomaton.State>
  private(set) var count = 1
  private let edges: MutableTable<Edge>
  /// Edge 0 is none.
  private var edgeCount = 1
  private static let none = UInt32.max

  /// Room for texts of `size` bytes together.
  init(size: Int) throws(AIGCError) {
    // At most 2n states and 3n edges; untouched memory costs nothing.
    states = try MutableTable(count: 2 * size + 2)
    edges = try MutableTable(count: 3 * size + 4)
    states[0].link = Self.none
  }

  private func edge(_ state: UInt32, _ symbol: UInt8) -> UInt32 {
    let word = Int(symbol >> 6)
    guard states[Int(state)].follows[word] & (1 << UInt64(symbol & 63)) != 0 else { return 0 }
    var edge = states[Int(state)].first
    while edge != 0, edges[Int(edge)].symbol != symbol { edge = edges[Int(edge)].next }
    return edge
  }

  private mutating func connect(_ state: UInt32, _ symbol: UInt8, to target: UInt32) {
    edges[edgeCount] = Edge(target: target, next: states[Int(state)].first, symbol: symbol)
    states[Int(state)].first = UInt32(truncatingIfNeeded: edgeCount)
    states[Int(state)].follows[Int(symbol >> 6)] |= 1 << UInt64(symbol & 63)
    edgeCount += 1
  }

  private mutating func makeState(length: UInt32) -> UInt32 {
    states[count].length = length
    count += 1
    return UInt32(truncatingIfNeeded: count - 1)
  }

  /// Adds the text of `last`, longer by one symbol, and all its suffixes; gives its state.
  mutating func extend(_ last: UInt32, by symbol: UInt8) -> UInt32 {
    let length = states[Int(last)].length + 1
    let known = edge(last, symbol)
    if known != 0 {
      let target = edges[Int(known)].target
      return states[Int(target)].length == length ? target : split(target, at: last, symbol)
    }
    let new = makeState(length: length)
    var state = last
    while state != Self.none, edge(state, symbol) == 0 {
      connect(state, symbol, to: new)
      state = states[Int(state)].link
    }
    guard state != Self.none else { return new }
    let target = edges[Int(edge(state, symbol))].target
    let isWhole = states[Int(target)].length == states[Int(state)].length + 1
    states[Int(new)].link = isWhole ? target : split(target, at: state, symbol)
    return new
  }

  /// Takes the substrings of `target` that `state` and its suffixes lead to out of it, into a new state.
  private mutating func split(
    _ target: UInt32, at state: UInt32, _ symbol: UInt8
  ) -> UInt32 {
    let clone = makeState(length: states[Int(state)].length + 1)
    var copied = states[Int(target)].first
    while copied != 0 {
      connect(clone, edges[Int(copied)].symbol, to: edges[Int(copied)].target)
      copied = edges[Int(copied)].next
    }
    states[Int(clone)].link = states[Int(target)].link
    states[Int(target)].link = clone
    var state = state
    while state != Self.none {
      let edge = Int(edge(state, symbol))
      guard edge != 0, edges[edge].target == target else { break }
      edges[edge].target = clone
      state = states[Int(state)].link
    }
    return clone
  }

  /// The targets of each state side by side; its `first` then points there.
  func packedTargets() throws(AIGCError) -> MutableTable<UInt32> {
    let targets = try MutableTable<UInt32>(count: max(edgeCount, 1))
    var end = 0
    for state in 0..<count {
      let follows = states[state].follows
      var edge = Int(states[state].first)
      states[state].first = UInt32(truncatingIfNeeded: end)
      while edge != 0 {
        let symbol = edges[edge].symbol
        var rank = 0
        for word in 0..<Int(symbol >> 6) { rank += follows[word].nonzeroBitCount }
        let below = (UInt64(1) << UInt64(symbol & 63)) - 1
        rank += (follows[Int(symbol >> 6)] & below).nonzeroBitCount
        targets[end + rank] = edges[edge].target
        edge = Int(edges[edge].next)
      }
      for word in 0..<4 { end += follows[word].nonzeroBitCount }
    }
    states[0].link = 0
    return targets
  }
}
