/// Forbids the tokens that a grammar does not allow, and those after which what must follow has no room.
package struct GrammarMask: TokenMask {
  private let engine: ConstraintEngine
  private var place: ConstraintEngine.Place
  private let endTokens: [Int32]
  /// Tokens of the prompt that are still to come.
  private var promptTokens: Int
  /// How many tokens may still be written.
  private var room: Int
  private var isOver = false
  /// Whether a space at the beginning of the next token is none of the text.
  private var dropsSpace: Bool

  /// - Parameters:
  ///   - engine: of the grammar and the model's tokens.
  ///   - endTokens: end a text; allowed where the grammar may end.
  ///   - promptTokens: so many tokens come first that are none of the text.
  ///   - room: how many tokens the text may have.
  ///   - dropsSpace: whether the space that the text's first token begins with is not shown.
  package init(
    _ engine: ConstraintEngine, endTokens: [Int32], promptTokens: Int, room: Int,
    dropsSpace: Bool = false
  ) {
    self.dropsSpace = dropsSpace
    self.engine = engine
    self.endTokens = endTokens
    self.promptTokens = promptTokens
    self.room = room
    place = engine.start()
  }

  package var isOff: Bool { false }
  package var isStateful: Bool { true }
  package var namesTokens: Bool { false }

  package mutating func accept(_ token: Int32) {
    if promptTokens > 0 {
      promptTokens -= 1
      return
    }
    room -= 1
    if endTokens.contains(token) {
      isOver = true
    } else if dropsSpace, token == engine.space {
      dropsSpace = false
    } else {
      dropsSpace = false
      engine.move(&place, by: token)
    }
  }

  /// The tokens that may come next.
  package var allowed: [Int32] {
    var tokens: [Int32] = []
    allowedSet().forEach { tokens.append($0) }
    return tokens
  }

  private func allowedSet() -> TokenSet {
    var place = place
    var (tokens, mayEnd) = engine.tokens(at: &place, room: room)
    if isOver { tokens = TokenSet(count: 0) }
    // Without their spaces these would be other texts. Where a text begins with one, that comes after one that is lost.
    if dropsSpace {
      for token in engine.spaced { tokens.remove(token) }
      if tokens.isEmpty, !mayEnd, let space = engine.space { tokens.insert(space) }
    }
    if mayEnd || isOver { tokens.insert(contentsOf: endTokens) }
    return tokens
  }

  /// Where the model itself has no score for any allowed token, all of them are as likely.
  package func apply(to scores: inout [Float]) {
    let tokens = allowedSet()
    if !tokens.keepOnly(in: &scores) {
      tokens.forEach { if Int($0) < scores.count { scores[Int($0)] = 0 } }
    }
  }

  package func forbids(_ token: Int32) -> Bool { !allowedSet().contains(token) }
}
