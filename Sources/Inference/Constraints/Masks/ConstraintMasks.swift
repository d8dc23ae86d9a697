/// Which tokens may come next where a grammar's automaton stands. Most of a mask does not depend on what is around a
/// rule: which tokens stay within it is found once for each of its nodes, by a walk through the tree of all tokens.
/// Only the tokens that end the rule in their midst are followed further, for each place that it can be called from
/// (as XGrammar does, Dong et al., 2024).
struct ConstraintMasks {
  /// The tokens that stay in the rule of a node, or end with it. It serves all nodes of a class, so costs are
  /// differences to the node's own.
  private struct LocalMask {
    var tokens: TokenSet
    /// The most that is left to write in the rule after one of them.
    var worst = Int.min
    /// Nodes of the tree at which the rule is over and tokens go on.
    var overs: [Int32]
    /// What is left after each token; found where room becomes short.
    var costs: LocalCosts?
  }
  private struct LocalCosts {
    /// Those after which as much is left as before, and all others.
    var equal: TokenSet
    var others: [(token: Int32, cost: Int)] = []
  }

  /// The tokens that may come next.
  struct Mask {
    var tokens: TokenSet
    /// The most units that are left to write after one of them.
    var worst: Int
  }

  var automaton: GrammarAutomaton
  let trie: TokenTrie
  private let classes: NodeClasses
  /// By the class of nodes.
  private var locals: [Int32: LocalMask] = [:]
  private var masks: [Int32: Mask] = [:]
  private var path: [Int32] = []
  /// Sets of more stacks are followed as they are.
  private static let largestShared = 64
  /// So many costs of tokens are kept for a node; more are found anew, which takes milliseconds.
  private static let largestKept = 4096
  /// Bytes of masks after which all is to be made anew.
  private static let largestMemory = 64 << 20

  /// - Parameter classes: of the program's nodes, for tokens as long as the tree's.
  init(_ program: GrammarProgram, trie: TokenTrie, classes: NodeClasses) {
    automaton = GrammarAutomaton(program)
    self.trie = trie
    self.classes = classes
  }

  /// Whether it takes much memory: then a new one is to take its place.
  var isLarge: Bool {
    let size =
      (trie.vocabularySize / 8 + 64) * (masks.count + 2 * locals.count)
      + 16 * Self.largestKept * locals.count / 8
    return automaton.isLarge || size > Self.largestMemory
  }

  /// The mask at a set.
  mutating func mask(at set: Int32) -> Mask {
    if let known = masks[set] { return known }
    let mask = makeMask(set)
    masks[set] = mask
    return mask
  }

  private mutating func makeMask(_ set: Int32) -> Mask {
    var mask = Mask(tokens: TokenSet(count: trie.vocabularySize), worst: 0)
    let stacks = automaton.sets[Int(set)]
    if stacks.count > Self.largestShared {
      add(below: 0, from: set, to: &mask)
      return mask
    }
    for stack in stacks where stack != GrammarAutomaton.over {
      let local = local(automaton.node(of: stack))
      mask.tokens.formUnion(local.tokens)
      if local.worst > .min {
        let worst = automaton.cost(ofStack: stack) + local.worst
        mask.worst = max(mask.worst, min(worst, GrammarProgram.largestCost))
      }
      let next = automaton.setAfter(stack)
      for node in local.overs { add(below: Int(node), from: next, to: &mask) }
    }
    return mask
  }

  private mutating func add(below node: Int, from set: Int32, to mask: inout Mask) {
    let trie = trie
    trie.walk(below: node, from: set, &automaton, &path) { node, _, cost, _ in
      for token in trie.tokens(at: node) {
        mask.tokens.insert(token)
        mask.worst = max(mask.worst, cost)
      }
    }
  }

  private mutating func local(_ node: Int32) -> LocalMask {
    let node = classes[node]
    if let known = locals[node] { return known }
    var local = LocalMask(tokens: TokenSet(count: trie.vocabularySize), overs: [])
    let trie = trie
    let set = automaton.set(ofNode: node)
    let own = automaton.costs[Int(set)]
    trie.walk(below: 0, from: set, &automaton, &path) { node, _, cost, mayEnd in
      for token in trie.tokens(at: node) {
        local.tokens.insert(token)
        local.worst = max(local.worst, cost - own)
      }
      if mayEnd, Int(trie.ends[node]) > node + 1 { local.overs.append(Int32(node)) }
    }
    locals[node] = local
    return local
  }

  /// The tokens of the mask at a set after which at most `room` units are left to write.
  mutating func tokens(at set: Int32, leaving room: Int) -> TokenSet {
    var result = TokenSet(count: trie.vocabularySize)
    let stacks = automaton.sets[Int(set)]
    if stacks.count > Self.largestShared {
      add(below: 0, from: set, leaving: room, to: &result)
      return result
    }
    for stack in stacks where stack != GrammarAutomaton.over {
      let node = automaton.node(of: stack)
      let own = automaton.cost(ofStack: stack)
      let overs = local(node).overs
      let costs = costs(node)
      if own <= room { result.formUnion(costs.equal) }
      for (token, cost) in costs.others where own + cost <= room { result.insert(token) }
      let next = automaton.setAfter(stack)
      for node in overs { add(below: Int(node), from: next, leaving: room, to: &result) }
    }
    return result
  }

  private mutating func add(
    below node: Int, from set: Int32, leaving room: Int, to tokens: inout TokenSet
  ) {
    let trie = trie
    trie.walk(below: node, from: set, &automaton, &path) { node, _, cost, _ in
      if cost <= room { for token in trie.tokens(at: node) { tokens.insert(token) } }
    }
  }

  private mutating func costs(_ node: Int32) -> LocalCosts {
    let node = classes[node]
    if let known = locals[node]?.costs { return known }
    var costs = LocalCosts(equal: TokenSet(count: trie.vocabularySize))
    let trie = trie
    let set = automaton.set(ofNode: node)
    let own = automaton.costs[Int(set)]
    trie.walk(below: 0, from: set, &automaton, &path) { node, _, cost, _ in
      for token in trie.tokens(at: node) {
        if cost == own {
          costs.equal.insert(token)
        } else {
          costs.others.append((token, cost - own))
        }
      }
    }
    if costs.others.count <= Self.largestKept { locals[node]?.costs = costs }
    return costs
  }
}
