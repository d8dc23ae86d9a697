import Files
import Kernels
import Training

/// A text that is drawn token by token, one of several in turn on one thread (see ``ContextWalk``).
private struct DrawnText {
  private(set) var random: RandomSource
  private(set) var tokens: [Int32] = []
  private(set) var isOver: Bool
  private let count: Int
  private var draw = TokenDraw()
  private var walk: ContextWalk
  /// Whether the last token is still on its way into the state.
  private var isWalking = false
  /// Before the draw at hand.
  private var randomBefore: RandomSource

  init(_ state: NGramTable.State, _ random: RandomSource, count: Int) {
    self.random = random
    self.count = count
    randomBefore = random
    walk = ContextWalk(state)
    isOver = count <= 0
    tokens.reserveCapacity(count)
  }

  /// Behind the last token.
  var state: NGramTable.State { walk.state }

  @inline(__always)
  mutating func step(_ source: DrawSource) {
    if isWalking {
      if walk.step(source.table) != nil { arrive() }
      return
    }
    switch draw.step(walk.state, source, &random) {
    case .waiting: break
    case .found(let found): follow(found, source)
    case .failed:
      random = randomBefore
      isOver = true
    }
  }

  private mutating func follow(_ found: TokenDraw.Found, _ source: DrawSource) {
    source.prefetchText(Int32(found.word), before: tokens.last)
    tokens.append(Int32(found.word))
    if found.word == NGramCounts.sentenceEnd {
      walk.restart(source.table.sentenceStart)
      return arrive()
    }
    if let place = found.place {
      walk.enter(level: place.level, node: place.node, source.table)
      return arrive()
    }
    walk.begin(found.word, source.table)
    isWalking = true
  }

  private mutating func arrive() {
    isWalking = false
    isOver = tokens.count >= count
    draw.restart()
    randomBefore = random
  }
}

extension NGramLanguageModel {
  /// Whether texts can be drawn side by side: those of models of sentences.
  public var drawsTogether: Bool { configuration.sentences }

  /// Draws texts in turn on one thread, so that memory is fetched for one while another is
  /// computed.
  /// - Returns: the tokens of each text; fewer than `count` where no token can be drawn without a
  ///   pass over the vocabulary, and none where the sessions do not all draw without one, from the
  ///   same distribution.
  public func draw(
    _ count: Int, from sessions: inout [any GenerationSession], using randoms: inout [RandomSource]
  ) -> [[Int32]] {
    var moving = sessions.compactMap { $0 as? NGramSession }
    guard let first = moving.first, moving.count == sessions.count,
      moving.allSatisfy({ $0.drawsByItself && $0.backoff == first.backoff })
    else { return sessions.map { _ in [] } }
    let source = moving[0].drawSource()
    var texts = zip(moving, randoms).map { DrawnText($0.state, $1, count: count) }
    var isAnyLeft = true
    while isAnyLeft {
      isAnyLeft = false
      var running = texts.mutableSpan
      for index in running.indices where !running[index].isOver {
        running[index].step(source)
        isAnyLeft = true
      }
    }
    for (index, text) in texts.enumerated() {
      moving[index].state = text.state
      sessions[index] = moving[index]
      randoms[index] = text.random
    }
    return texts.map { $0.tokens }
  }
}
