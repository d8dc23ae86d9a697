import Files
import Synchronization

/// A grammar and a vocabulary: tells for each text which tokens may follow. Several texts, on several threads, share
/// what it found out.
package final class ConstraintEngine: Sendable {
  /// Where a text stands.
  struct Place: Sendable {
    var set: Int32
    /// Which of the engine's automata the set is of.
    var epoch: Int
    var text: [UInt8] = []
  }

  private struct State: Sendable {
    var masks: ConstraintMasks
    var epoch = 0
  }

  private let program: GrammarProgram
  private let vocabulary: [[UInt8]]
  private let trie: TokenTrie
  private let classes: NodeClasses
  private let state: Mutex<State>
  /// The fewest tokens of a text.
  package let shortest: Int
  /// Tokens that begin with a space, and the one that is nothing else.
  let spaced: [Int32]
  let space: Int32?

  /// - Parameters:
  ///   - grammar: what may be written.
  ///   - vocabulary: the bytes that each token adds to a text; empty for one that is no text.
  /// - Throws: ``/Files/AIGCError``: badInput for a grammar without texts, with left recursion, too large or too
  ///   ambiguous; mismatch where the tokens write no text of it.
  package init(_ grammar: Grammar, vocabulary: [[UInt8]]) throws(AIGCError) {
    let program = try GrammarProgram(grammar, alphabet: WritableCharacters(vocabulary))
    self.program = program
    self.vocabulary = vocabulary
    trie = TokenTrie(vocabulary)
    classes = NodeClasses(program, depth: trie.largestDepth)
    spaced = vocabulary.indices.filter { vocabulary[$0].first == 32 }.map { Int32($0) }
    space = spaced.first { vocabulary[Int($0)].count == 1 }
    var masks = ConstraintMasks(program, trie: trie, classes: classes)
    let start = masks.automaton.start()
    shortest = masks.automaton.costs[Int(start)]
    try masks.automaton.checkAmbiguity()
    state = Mutex(State(masks: ConstraintMasks(program, trie: trie, classes: classes)))
  }

  /// Where texts begin.
  func start() -> Place {
    state.withLock { Place(set: $0.masks.automaton.start(), epoch: $0.epoch) }
  }

  /// Moves on by a token.
  func move(_ place: inout Place, by token: Int32) {
    guard vocabulary.indices.contains(Int(token)) else { return }
    let bytes = vocabulary[Int(token)]
    state.withLock { state in
      renew(&state, &place)
      for byte in bytes { place.set = state.masks.automaton.step(place.set, byte) }
    }
    place.text += bytes
  }

  /// The tokens that may come next, and whether the text may be over.
  /// - Parameter room: how many tokens may still be written.
  func tokens(at place: inout Place, room: Int) -> (tokens: TokenSet, mayEnd: Bool) {
    state.withLock { state in
      renew(&state, &place)
      let mayEnd = state.masks.automaton.mayEnd[Int(place.set)]
      let mask = state.masks.mask(at: place.set)
      // With room for what is left after any token, none of them needs a look.
      if mask.worst < room { return (mask.tokens, mayEnd) }
      return (state.masks.tokens(at: place.set, leaving: room - 1), mayEnd)
    }
  }

  /// Makes a new automaton where the old one is large, and finds the place of a text in it.
  private func renew(_ state: inout State, _ place: inout Place) {
    if state.masks.isLarge {
      state.masks = ConstraintMasks(program, trie: trie, classes: classes)
      state.epoch += 1
    }
    if place.epoch == state.epoch { return }
    place.epoch = state.epoch
    place.set = state.masks.automaton.start()
    for byte in place.text { place.set = state.masks.automaton.step(place.set, byte) }
  }
}
