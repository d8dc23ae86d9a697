/// Which nodes of a program allow the same tokens: those that read the same bytes for as long as a token is, each step
/// with the same difference of costs. The places of a bounded string ("at most 500 characters") are of one class but
/// for the last ones, so that what is found out about one of them serves all.
struct NodeClasses: Sendable {
  /// The first node of each node's class.
  private let representatives: [Int32]

  /// Nodes times bytes that are looked at; of larger programs each node is a class of its own.
  private static let largestWork = 1 << 24

  /// - Parameters:
  ///   - program: its nodes.
  ///   - depth: how many bytes the longest token has.
  init(_ program: GrammarProgram, depth: Int) {
    let count = program.nodes.count
    let own = (0..<count).map { Int32($0) }
    guard depth < Self.largestWork / max(count, 1), let order = Self.order(program) else {
      representatives = own
      return
    }
    var hashes = [UInt64](repeating: 0, count: count)
    for _ in 0...depth {
      var next = hashes
      for node in order {
        next[Int(node)] = Self.hash(Int(node), program, before: hashes, now: next)
      }
      hashes = next
    }
    var first: [UInt64: Int32] = [:]
    representatives = own.map { node in
      // Costs that were cut have no true differences.
      if program.costs[Int(node)] >= GrammarProgram.largestCost / 2 { return node }
      if let known = first[hashes[Int(node)]] { return known }
      first[hashes[Int(node)]] = node
      return node
    }
  }

  /// The node that stands for all of the class.
  subscript(node: Int32) -> Int32 { representatives[Int(node)] }

  /// What a node looks like: `before` is how nodes look for a byte less, `now` those that it leads to without a byte.
  private static func hash(
    _ index: Int, _ program: GrammarProgram, before: [UInt64], now: [UInt64]
  ) -> UInt64 {
    let cost = program.costs[index]
    func difference(_ other: Int32) -> UInt64 {
      let other = program.costs[Int(other)]
      return other == GrammarProgram.never ? .max : UInt64(bitPattern: Int64(other &- cost))
    }
    switch program.nodes[index] {
    case .end: return 1
    case .bytes(let range):
      var value: UInt64 = 2
      for edge in program.edges[range] {
        value = mix(value, UInt64(edge.low) << 8 | UInt64(edge.high))
        value = mix(value, difference(edge.next))
        value = mix(value, before[Int(edge.next)])
      }
      return value
    case .split(let range):
      var value: UInt64 = 3
      for link in program.links[range] {
        value = mix(mix(value, difference(link)), now[Int(link)])
      }
      return value
    case .call(let rule, let next):
      let start = program.starts[rule]
      let after = isEmpty(start, program) ? now : before
      let value = mix(mix(4, UInt64(rule)), difference(next))
      return mix(mix(value, now[Int(start)]), after[Int(next)])
    }
  }

  private static func mix(_ value: UInt64, _ other: UInt64) -> UInt64 {
    // The finalizer of SplitMix64 (Steele et al., 2014).
    var sum = (value ^ other) &+ 0x9E37_79B9_7F4A_7C15 &+ (value << 6)
    sum = (sum ^ (sum >> 30)) &* 0xBF58_476D_1CE4_E5B9
    sum = (sum ^ (sum >> 27)) &* 0x94D0_49BB_1331_11EB
    return sum ^ (sum >> 31)
  }

  /// Whether a rule that begins at this node has the empty text.
  private static func isEmpty(_ start: Int32, _ program: GrammarProgram) -> Bool {
    program.costs[Int(start)] == 0
  }

  /// The nodes in an order in which each stands behind those that it leads to without a byte; nil where they form a
  /// ring, as a repetition of what may be empty does.
  private static func order(_ program: GrammarProgram) -> [Int32]? {
    var order: [Int32] = []
    order.reserveCapacity(program.nodes.count)
    // 0: not seen, 1: on the way, 2: in the order.
    var marks = [UInt8](repeating: 0, count: program.nodes.count)
    var path: [Int32] = []
    for top in 0..<Int32(program.nodes.count) where marks[Int(top)] == 0 {
      path.append(top)
      while let node = path.last {
        if marks[Int(node)] == 0 {
          marks[Int(node)] = 1
          for next in silent(node, program) {
            if marks[Int(next)] == 1 { return nil }
            if marks[Int(next)] == 0 { path.append(next) }
          }
        } else {
          path.removeLast()
          if marks[Int(node)] == 1 {
            marks[Int(node)] = 2
            order.append(node)
          }
        }
      }
    }
    return order
  }

  /// Where a node leads without a byte.
  private static func silent(_ node: Int32, _ program: GrammarProgram) -> [Int32] {
    switch program.nodes[Int(node)] {
    case .end, .bytes: return []
    case .split(let range): return Array(program.links[range])
    case .call(let rule, let next):
      let start = program.starts[rule]
      return isEmpty(start, program) ? [start, next] : [start]
    }
  }
}
