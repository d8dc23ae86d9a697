/// The bytes of a vocabulary's tokens as a tree, in the order in which it is walked: a node, then what is below it.
struct TokenTrie: Sendable {
  /// The byte that leads to each node, and how many lead to it; node 0 is the root.
  private(set) var bytes: [UInt8] = [0]
  private(set) var depths: [Int32] = [0]
  /// Behind the last node below each node.
  private(set) var ends: [Int32] = [0]
  /// Where the tokens of each node begin in ``tokens``; one entry more than nodes.
  private(set) var firstTokens: [Int32] = [0]
  private(set) var tokens: [Int32] = []
  let largestDepth: Int
  let vocabularySize: Int

  /// - Parameter vocabulary: the bytes of each token; empty for one that is never to be drawn.
  init(_ vocabulary: [[UInt8]]) {
    vocabularySize = vocabulary.count
    largestDepth = vocabulary.reduce(0) { max($0, $1.count) }
    let order = vocabulary.indices.filter { !vocabulary[$0].isEmpty }.sorted {
      vocabulary[$0] == vocabulary[$1]
        ? $0 < $1 : vocabulary[$0].lexicographicallyPrecedes(vocabulary[$1])
    }
    // The nodes from the root to the last token.
    var path = [0]
    var last: [UInt8] = []
    for token in order {
      let text = vocabulary[token]
      var common = 0
      while common < min(last.count, text.count), last[common] == text[common] { common += 1 }
      while path.count > common + 1 { close(&path) }
      for byte in text[common...] {
        path.append(bytes.count)
        bytes.append(byte)
        depths.append(Int32(path.count - 1))
        ends.append(0)
        firstTokens.append(Int32(tokens.count))
      }
      tokens.append(Int32(token))
      last = text
    }
    while !path.isEmpty { close(&path) }
    firstTokens.append(Int32(tokens.count))
  }

  private mutating func close(_ path: inout [Int]) {
    ends[path.removeLast()] = Int32(bytes.count)
  }

  /// The tokens that end at a node.
  func tokens(at node: Int) -> ArraySlice<Int32> {
    tokens[Int(firstTokens[node])..<Int(firstTokens[node + 1])]
  }

  /// Tells `visit` of each node below `top` to which the automaton can go, of the set there and what it costs.
  /// - Parameters:
  ///   - set: where the automaton stands at `top`.
  ///   - path: space for the sets on the way.
  @inline(__always)
  func walk(
    below top: Int, from set: Int32, _ automaton: inout GrammarAutomaton, _ path: inout [Int32],
    _ visit: (_ node: Int, _ set: Int32, _ cost: Int, _ mayEnd: Bool) -> Void
  ) {
    if path.count <= largestDepth { path = [Int32](repeating: 0, count: largestDepth + 1) }
    path[Int(depths[top])] = set
    var node = top + 1
    let end = Int(ends[top])
    while node < end {
      let depth = Int(depths[node])
      let next = automaton.step(path[depth - 1], bytes[node])
      if next == GrammarAutomaton.dead {
        node = Int(ends[node])
        continue
      }
      path[depth] = next
      visit(node, next, automaton.costs[Int(next)], automaton.mayEnd[Int(next)])
      node += 1
    }
  }
}
