import Files

/// Finds left recursion: a rule that leads back to itself before a byte is read would be followed for ever.
enum GrammarRecursion {
  /// - Throws: ``/Files/AIGCError``: badInput that names the rule; interrupted.
  static func check(_ program: GrammarProgram) throws(AIGCError) {
    let isEmpty = try nullable(program)
    // Depth first over nodes and the rules that they call, without recursion of our own.
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: program.starts.count)
    for rule in program.starts.indices where marks[rule] == .new {
      var path: [(rule: Int, called: ArraySlice<Int>)] = []
      func leading(_ rule: Int) -> ArraySlice<Int> { calls(program, rule, isEmpty)[...] }
      marks[rule] = .open
      path.append((rule, leading(rule)))
      var steps = 0
      while let last = path.last {
        steps += 1
        try Interruption.check(at: steps)
        guard let next = last.called.first else {
          marks[last.rule] = .done
          path.removeLast()
          continue
        }
        path[path.count - 1].called.removeFirst()
        switch marks[next] {
        case .done: continue
        case .open:
          throw .badInput(
            "grammar: the rule \(printable(program.names[next])) begins with itself (left recursion): write "
              + "it so that it reads something first")
        case .new:
          marks[next] = .open
          path.append((next, leading(next)))
        }
      }
    }
  }

  /// Rules that can be called before a byte is read.
  private static func calls(
    _ program: GrammarProgram, _ rule: Int, _ isEmpty: [Bool]
  ) -> [Int] {
    var (rules, seen, work) = ([Int](), Set<Int32>(), [program.starts[rule]])
    while let node = work.popLast() {
      guard seen.insert(node).inserted else { continue }
      switch program.nodes[Int(node)] {
      case .end, .bytes: break
      case .split(let range): work += program.links[range]
      case .call(let called, let next):
        rules.append(called)
        if isEmpty[Int(program.starts[called])] { work.append(next) }
      }
    }
    return rules
  }

  /// Whether each node leads to the end of its rule without a byte.
  private static func nullable(_ program: GrammarProgram) throws(AIGCError) -> [Bool] {
    let users = GrammarCosts.Users(program)
    var isEmpty = [Bool](repeating: false, count: program.nodes.count)
    var work: [Int32] = [0]
    isEmpty[0] = true
    var steps = 0
    while let node = work.popLast() {
      steps += 1
      try Interruption.check(at: steps)
      users.forEach(of: node) { user in
        if isEmpty[Int(user)] { return }
        switch program.nodes[Int(user)] {
        case .end, .bytes: return
        case .split: break
        case .call(let rule, let next):
          guard isEmpty[Int(program.starts[rule])], isEmpty[Int(next)] else { return }
        }
        isEmpty[Int(user)] = true
        work.append(user)
      }
    }
    return isEmpty
  }
}
