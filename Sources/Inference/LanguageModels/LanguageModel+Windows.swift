import Datasets
import Files

extension LanguageModel {
  /// Unless a model says otherwise, it has no windows and evaluates a text as a whole.
  /// - Throws: ``/Files/AIGCError``: usage for a window with a context or a stride, and as
  ///   ``evaluate(_:name:)``.
  public func evaluate(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> TextEvaluation {
    guard window == ScoringWindow() else { throw .withoutWindows }
    return try evaluate(text, name: name)
  }

  /// Unless a model says otherwise, it has no windows and scores a text as a whole.
  /// - Throws: ``/Files/AIGCError``: usage for a window with a context or a stride, and as
  ///   ``score(_:name:)``.
  public func score(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> [ScoredToken] {
    guard window == ScoringWindow() else { throw .withoutWindows }
    return try score(text, name: name)
  }

  /// Unless a model says otherwise, it has no windows and reads a text token by token.
  /// - Throws: ``/Files/AIGCError``: usage for a window with a context or a stride; what `body` throws.
  public func logits(
    of tokens: [Int32], window: ScoringWindow, _ body: ([Float]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    guard window == ScoringWindow() else { throw .withoutWindows }
    var session = makeSession()
    var scores: [Float] = []
    for token in tokens.dropLast() {
      session.append(token)
      session.scores(into: &scores)
      try Interruption.check()
      guard session.areScoresFinite else { throw scoreDamage }
      try body(scores)
    }
  }
}

extension AIGCError {
  fileprivate static var withoutWindows: AIGCError {
    .usage("`context` and `stride` are of models with a context, such as gpt2")
  }
}
