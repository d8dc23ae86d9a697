import Files

/// Follows a grammar byte by byte. Where it stands is a set of stacks, as in llama.cpp's grammars: a node that reads
/// the next byte, and the nodes at which the rules around it go on. Stacks and sets of them have numbers, and each
/// step from a set by a byte is computed once: a lazily built automaton.
struct GrammarAutomaton {
  /// The number of a stack that is over: the end of the text, or of what is followed by itself.
  static let over: Int32 = 0
  /// The number of the set without stacks: no text goes on so.
  static let dead: Int32 = 0

  let program: GrammarProgram
  /// The most stacks that one set has. Of more, the first are followed: what they allow is in the grammar, too.
  private static let largestSet = 1024
  private static let largestSteps = 1 << 16
  /// Sets and stacks after which the automaton is to be made anew (``isLarge``).
  private static let largestCount = 1 << 16

  private struct Stack {
    var node: Int32
    var parent: Int32
    /// The fewest units to the end.
    var cost: Int
  }
  private struct Key: Hashable {
    var node: Int32
    var parent: Int32
  }
  private var stacks = [Stack(node: 0, parent: 0, cost: 0)]
  private var stackNumbers: [Key: Int32] = [:]

  private(set) var sets: [[Int32]] = [[]]
  /// The fewest units from each set to the end.
  private(set) var costs: [Int] = [GrammarProgram.never]
  /// Whether the text, or what is followed by itself, may be over at each set.
  private(set) var mayEnd: [Bool] = [false]
  private var setNumbers: [[Int32]: Int32] = [[]: 0]
  /// [set, class of bytes]: the next set; -1 where it is not known yet.
  private var steps: [Int32] = []
  /// Bytes that no edge tells apart are of one class.
  private let classes: [UInt8]
  private let classCount: Int
  /// Whether a set was ever cut to ``largestSet``.
  private(set) var wasCut = false
  /// How many steps the last call of ``expand(_:_:_:)`` took.
  private(set) var lastSteps = 0

  init(_ program: GrammarProgram) {
    self.program = program
    var isFirst = [Bool](repeating: false, count: 257)
    for edge in program.edges {
      isFirst[Int(edge.low)] = true
      isFirst[Int(edge.high) + 1] = true
    }
    var (classes, count) = ([UInt8](), 0)
    for byte in 0..<256 {
      if byte > 0, isFirst[byte] { count += 1 }
      classes.append(UInt8(count))
    }
    (self.classes, classCount) = (classes, count + 1)
    steps = [Int32](repeating: Self.dead, count: classCount)
  }

  /// Whether it takes much memory: then a new one is to take its place.
  var isLarge: Bool { sets.count > Self.largestCount || stacks.count > 8 * Self.largestCount }

  /// Where a text begins.
  mutating func start() -> Int32 {
    var found: [Int32] = []
    expand(program.starts[program.root], Self.over, &found)
    return set(found)
  }

  /// The set of one stack: a node without anything around it.
  mutating func set(ofNode node: Int32) -> Int32 { set([stack(node, Self.over)]) }

  /// The set with which a stack goes on after its rule.
  mutating func setAfter(_ stack: Int32) -> Int32 {
    let parent = stacks[Int(stack)].parent
    if parent == Self.over { return set([Self.over]) }
    var found: [Int32] = []
    expand(stacks[Int(parent)].node, stacks[Int(parent)].parent, &found)
    return set(found)
  }

  func node(of stack: Int32) -> Int32 { stacks[Int(stack)].node }
  func cost(ofStack stack: Int32) -> Int { stacks[Int(stack)].cost }

  /// The set after a byte.
  @inline(__always)
  mutating func step(_ set: Int32, _ byte: UInt8) -> Int32 {
    let place = Int(set) * classCount + Int(classes[Int(byte)])
    let known = steps[place]
    return known >= 0 ? known : firstStep(set, byte, place)
  }

  @inline(never)
  private mutating func firstStep(_ set: Int32, _ byte: UInt8, _ place: Int) -> Int32 {
    var found: [Int32] = []
    for stack in sets[Int(set)] where stack != Self.over {
      guard case .bytes(let range) = program.nodes[Int(stacks[Int(stack)].node)] else { continue }
      let parent = stacks[Int(stack)].parent
      for edge in program.edges[range] where edge.low <= byte && byte <= edge.high {
        expand(edge.next, parent, &found)
        if found.count > 4 * Self.largestSet { break }
      }
    }
    let next = self.set(found)
    steps[place] = next
    return next
  }

  /// Appends the stacks that read a byte next, from `node` with `parent` around it.
  mutating func expand(_ node: Int32, _ parent: Int32, _ found: inout [Int32]) {
    lastSteps = 0
    // Most nodes read a byte at once.
    if case .bytes = program.nodes[Int(node)] {
      if program.costs[Int(node)] != GrammarProgram.never { found.append(stack(node, parent)) }
      return
    }
    var (seen, work) = (Set<Key>(), [Key(node: node, parent: parent)])
    while let place = work.popLast() {
      lastSteps += 1
      if lastSteps > Self.largestSteps || found.count > 4 * Self.largestSet {
        wasCut = true
        return
      }
      let cost = program.costs[Int(place.node)]
      guard cost != GrammarProgram.never, seen.insert(place).inserted else { continue }
      switch program.nodes[Int(place.node)] {
      case .bytes: found.append(stack(place.node, place.parent))
      case .split(let range):
        for link in program.links[range].reversed() {
          work.append(Key(node: link, parent: place.parent))
        }
      case .call(let rule, let next):
        // What is called last needs nothing to come back to.
        let around = next == 0 ? place.parent : stack(next, place.parent)
        work.append(Key(node: program.starts[rule], parent: around))
      case .end:
        if place.parent == Self.over {
          found.append(Self.over)
        } else {
          let outer = stacks[Int(place.parent)]
          work.append(Key(node: outer.node, parent: outer.parent))
        }
      }
    }
  }

  /// - Throws: ``/Files/AIGCError``: badInput for a rule that can begin in too many ways; interrupted.
  mutating func checkAmbiguity() throws(AIGCError) {
    var total = 0
    for (rule, start) in program.starts.enumerated() {
      try Interruption.check(at: rule)
      var found: [Int32] = []
      expand(start, Self.over, &found)
      total += lastSteps
      if wasCut || found.count > Self.largestSet || total > 64 * Self.largestSteps {
        throw .badInput(
          "grammar: the rule \(printable(program.names[rule])) can begin in more than \(Self.largestSet) "
            + "ways: let its alternatives share what they begin with")
      }
    }
  }

  private mutating func stack(_ node: Int32, _ parent: Int32) -> Int32 {
    let key = Key(node: node, parent: parent)
    if let known = stackNumbers[key] { return known }
    let number = Int32(stacks.count)
    let cost = program.costs[Int(node)] + stacks[Int(parent)].cost
    stacks.append(Stack(node: node, parent: parent, cost: min(cost, GrammarProgram.largestCost)))
    stackNumbers[key] = number
    return number
  }

  private mutating func set(_ found: [Int32]) -> Int32 {
    var stacks = found
    if stacks.count > 1 {
      stacks.sort()
      var last: Int32 = -1
      stacks.removeAll { stack in
        defer { last = stack }
        return stack == last
      }
      if stacks.count > Self.largestSet {
        wasCut = true
        // The cheapest stays, so that a text can always be ended as was promised.
        let cheapest = stacks.min { cost(ofStack: $0) < cost(ofStack: $1) }
        stacks.removeLast(stacks.count - Self.largestSet)
        if let cheapest, !stacks.contains(cheapest) { stacks[stacks.count - 1] = cheapest }
      }
    }
    if let known = setNumbers[stacks] { return known }
    let number = Int32(sets.count)
    sets.append(stacks)
    mayEnd.append(stacks.first == Self.over)
    costs.append(stacks.reduce(GrammarProgram.never) { min($0, cost(ofStack: $1)) })
    setNumbers[stacks] = number
    steps.append(contentsOf: repeatElement(-1, count: classCount))
    return number
  }
}
