import Files

/// A grammar as nodes that read bytes: each rule is a network that ends at node 0, and calls those of other rules.
struct GrammarProgram: Sendable {
  enum Node: Sendable {
    /// The rule is over.
    case end
    /// Reads a byte by one of these edges.
    case bytes(Range<Int>)
    /// Goes on at any of these links.
    case split(Range<Int>)
    /// Goes on with a rule, and then at `next`.
    case call(rule: Int, next: Int32)
  }

  /// Reads a byte from `low` to `high`.
  struct Edge: Sendable {
    var low: UInt8
    var high: UInt8
    var next: Int32
  }

  private(set) var nodes: [Node] = [.end]
  private(set) var edges: [Edge] = []
  private(set) var links: [Int32] = []
  /// Where each rule begins.
  private(set) var starts: [Int32] = []
  private(set) var names: [String] = []
  let root: Int
  let alphabet: WritableCharacters
  /// The fewest units (see ``WritableCharacters``) from each node to the end of its rule; ``never`` where no text
  /// leads there.
  private(set) var costs: [Int] = []

  /// No text at all; and a number that stands for itself and all above.
  static let never = Int.max
  static let largestCost = 1 << 40

  /// Expressions that were compiled, repeated ones each time.
  private var compiled = 0

  /// Nodes, edges and links of a program.
  private static let largestSize = 1 << 20

  /// - Throws: ``/Files/AIGCError``: badInput for left recursion, too large a grammar or one without a text; mismatch
  ///   where the model's characters write no text of the grammar.
  init(_ grammar: Grammar, alphabet: WritableCharacters) throws(AIGCError) {
    self.alphabet = alphabet
    root = grammar.root
    names = grammar.rules.map { $0.name }
    let bodies = try RuleInlining.inlined(grammar)
    starts = [Int32](repeating: 0, count: bodies.count)
    for (index, body) in bodies.enumerated() {
      try Interruption.check(at: index)
      starts[index] = try compile(body, to: 0)
    }
    try GrammarRecursion.check(self)
    costs = try GrammarCosts.costs(self)
    if costs[Int(starts[root])] == Self.never {
      guard case .characters = alphabet else {
        throw .badInput("grammar: no text ends the rule \(printable(names[root]))")
      }
      throw .mismatch(
        "grammar: the model's characters write no text of it (or it has none): take a model of bytes or BPE"
      )
    }
  }

  private func checkSize() throws(AIGCError) {
    if nodes.count + edges.count + links.count > Self.largestSize || compiled > Self.largestSize {
      throw .badInput(
        "grammar: too large: more than \(Self.largestSize) steps when it is written out")
    }
  }

  private mutating func add(_ node: Node) throws(AIGCError) -> Int32 {
    try checkSize()
    nodes.append(node)
    return Int32(nodes.count - 1)
  }

  private mutating func split(_ nexts: [Int32]) throws(AIGCError) -> Int32 {
    if nexts.count == 1 { return nexts[0] }
    let first = links.count
    links += nexts
    return try add(.split(first..<links.count))
  }

  private mutating func read(_ new: [Edge]) throws(AIGCError) -> Int32 {
    let first = edges.count
    for edge in new {
      for range in alphabet.writable(edge.low...edge.high) {
        edges.append(Edge(low: range.lowerBound, high: range.upperBound, next: edge.next))
      }
    }
    return try add(.bytes(first..<edges.count))
  }

  /// The node at which `expression` begins, which leads to `next`.
  private mutating func compile(
    _ expression: GrammarExpression, to next: Int32
  ) throws(AIGCError) -> Int32 {
    // What is empty makes no nodes, and takes time all the same.
    compiled += 1
    try checkSize()
    switch expression {
    case .literal(let bytes):
      return alphabet.canWrite(bytes) ? try chain(bytes[...], to: next) : try split([])
    case .characters(let ranges):
      return try characters(alphabet.writable(ranges), to: next)
    case .sequence(let items):
      var place = next
      for item in items.reversed() { place = try compile(item, to: place) }
      return place
    case .choice(let choices):
      return try choice(choices, to: next)
    case .rule(let rule):
      return try add(.call(rule: rule, next: next))
    case .repeated(let item, let least, let most):
      return try repetition(item, least, most, to: next)
    }
  }

  private mutating func chain(_ bytes: ArraySlice<UInt8>, to next: Int32) throws(AIGCError) -> Int32
  {
    var place = next
    for byte in bytes.reversed() { place = try read([Edge(low: byte, high: byte, next: place)]) }
    return place
  }

  private mutating func characters(
    _ ranges: [ClosedRange<UInt32>], to next: Int32
  ) throws(AIGCError) -> Int32 {
    var known: [[[ClosedRange<UInt8>]]: Int32] = [:]
    let sequences = ranges.flatMap { CharacterRanges.byteSequences($0) }
    return try tree(sequences[...], &known, to: next)
  }

  /// Byte sequences in order: those that begin alike share a node, as do those that end alike (`known`).
  private mutating func tree(
    _ sequences: ArraySlice<[ClosedRange<UInt8>]>, _ known: inout [[[ClosedRange<UInt8>]]: Int32],
    to next: Int32
  ) throws(AIGCError) -> Int32 {
    var (new, position) = ([Edge](), sequences.startIndex)
    while position < sequences.endIndex {
      let first = sequences[position][0]
      var end = position
      while end < sequences.endIndex, sequences[end][0] == first { end += 1 }
      let rest = sequences[position..<end].map { Array($0.dropFirst()) }
      var place = next
      if !rest[0].isEmpty {
        if let shared = known[rest] {
          place = shared
        } else {
          place = try tree(rest[...], &known, to: next)
          known[rest] = place
        }
      }
      new.append(Edge(low: first.lowerBound, high: first.upperBound, next: place))
      position = end
    }
    return try read(new)
  }

  private mutating func repetition(
    _ item: GrammarExpression, _ least: Int, _ most: Int?, to next: Int32
  ) throws(AIGCError) -> Int32 {
    var place = next
    if let most {
      for _ in least..<max(most, least) { place = try split([try compile(item, to: place), next]) }
    } else {
      let first = links.count
      links += [next, next]
      place = try add(.split(first..<links.count))
      links[first] = try compile(item, to: place)
    }
    for _ in 0..<least { place = try compile(item, to: place) }
    return place
  }

  /// Literals are read as a tree, so that what they begin with in common is read once.
  private mutating func choice(
    _ choices: [GrammarExpression], to next: Int32
  ) throws(AIGCError) -> Int32 {
    var literals: [ArraySlice<UInt8>] = []
    var nexts: [Int32] = []
    for choice in choices {
      if case .literal(let bytes) = choice {
        if alphabet.canWrite(bytes) { literals.append(bytes[...]) }
      } else {
        nexts.append(try compile(choice, to: next))
      }
    }
    literals.sort { $0.lexicographicallyPrecedes($1) }
    if !literals.isEmpty { nexts.append(try tree(literals[...], depth: 0, to: next)) }
    return try split(nexts)
  }

  /// - Parameter literals: in order; they are equal up to where they begin.
  private mutating func tree(
    _ literals: ArraySlice<ArraySlice<UInt8>>, depth: Int, to next: Int32
  ) throws(AIGCError) -> Int32 {
    if literals.count == 1 || depth > 64 {
      var nexts: [Int32] = []
      for literal in literals { nexts.append(try chain(literal, to: next)) }
      return try split(nexts)
    }
    var (new, position, isEnd) = ([Edge](), literals.startIndex, false)
    while position < literals.endIndex {
      guard let byte = literals[position].first else {
        (isEnd, position) = (true, position + 1)
        continue
      }
      var end = position
      while end < literals.endIndex, literals[end].first == byte { end += 1 }
      let rest = literals[position..<end].map { $0.dropFirst() }
      new.append(Edge(low: byte, high: byte, next: try tree(rest[...], depth: depth + 1, to: next)))
      position = end
    }
    if new.isEmpty { return next }
    let node = try read(new)
    return isEnd ? try split([node, next]) : node
  }
}
