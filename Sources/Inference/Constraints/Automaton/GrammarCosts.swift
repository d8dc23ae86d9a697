import Files

/// The length of the shortest text from each node of a grammar to the end of its rule: Dijkstra's algorithm as Knuth
/// widened it to grammars ("A generalization of Dijkstra's algorithm", 1977).
enum GrammarCosts {
  /// The nodes that lead to a node: by an edge, a link or a call, or by a call of the rule that begins there.
  struct Users {
    private var first: [Int32]
    private var users: [Int32]

    init(_ program: GrammarProgram) {
      var counts = [Int32](repeating: 0, count: program.nodes.count + 1)
      Self.forEachPair(program) { used, _ in counts[Int(used) + 1] += 1 }
      for index in 1..<counts.count { counts[index] += counts[index - 1] }
      first = counts
      users = [Int32](repeating: 0, count: Int(counts[counts.count - 1]))
      var places = counts
      var list = users
      Self.forEachPair(program) { used, user in
        list[Int(places[Int(used)])] = user
        places[Int(used)] += 1
      }
      users = list
    }

    private static func forEachPair(_ program: GrammarProgram, _ body: (Int32, Int32) -> Void) {
      for (index, node) in program.nodes.enumerated() {
        let user = Int32(index)
        switch node {
        case .end: break
        case .bytes(let range): for edge in program.edges[range] { body(edge.next, user) }
        case .split(let range): for link in program.links[range] { body(link, user) }
        case .call(let rule, let next):
          body(program.starts[rule], user)
          body(next, user)
        }
      }
    }

    func forEach(of node: Int32, _ body: (Int32) -> Void) {
      for place in first[Int(node)]..<first[Int(node) + 1] { body(users[Int(place)]) }
    }
  }

  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  static func costs(_ program: GrammarProgram) throws(AIGCError) -> [Int] {
    let users = Users(program)
    var costs = [Int](repeating: GrammarProgram.never, count: program.nodes.count)
    var isSettled = [Bool](repeating: false, count: program.nodes.count)
    var queue = CostQueue()
    costs[0] = 0
    queue.insert(0, 0)
    var steps = 0
    while let (cost, node) = queue.removeFirst() {
      steps += 1
      try Interruption.check(at: steps)
      if isSettled[Int(node)] { continue }
      isSettled[Int(node)] = true
      users.forEach(of: node) { user in
        guard !isSettled[Int(user)],
          let new = reached(program, user, cost, costs, isSettled),
          new < costs[Int(user)]
        else { return }
        costs[Int(user)] = new
        queue.insert(new, user)
      }
    }
    return costs
  }

  /// What `user` costs by way of a settled node of this cost; nil: not known yet.
  private static func reached(
    _ program: GrammarProgram, _ user: Int32, _ cost: Int, _ costs: [Int], _ isSettled: [Bool]
  ) -> Int? {
    switch program.nodes[Int(user)] {
    case .end: return nil
    case .split: return cost
    case .bytes(let range):
      // The edges of a node all begin characters or all go on with one.
      let units = program.edges[range].first.map { program.alphabet.units($0.low) }
      return units.map { min(cost + $0, GrammarProgram.largestCost) }
    case .call(let rule, let next):
      let start = program.starts[rule]
      guard isSettled[Int(start)], isSettled[Int(next)] else { return nil }
      return min(costs[Int(start)] + costs[Int(next)], GrammarProgram.largestCost)
    }
  }
}

/// Nodes by their cost, the least first: a binary heap.
private struct CostQueue {
  private var heap: [(cost: Int, node: Int32)] = []

  mutating func insert(_ cost: Int, _ node: Int32) {
    heap.append((cost, node))
    var place = heap.count - 1
    while place > 0, heap[place].cost < heap[(place - 1) / 2].cost {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func removeFirst() -> (Int, Int32)? {
    guard let first = heap.first else { return nil }
    heap[0] = heap[heap.count - 1]
    heap.removeLast()
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < heap.count && heap[child].cost < heap[least].cost {
        least = child
      }
      if least == place { break }
      heap.swapAt(place, least)
      place = least
    }
    return first
  }
}
