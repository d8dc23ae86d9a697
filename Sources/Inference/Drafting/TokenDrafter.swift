/// A token that may follow.
public struct DraftToken: Equatable, Sendable {
  /// Its id.
  public var id: Int32
  /// How sure the drafter is of it: 0 to ``grades`` - 1. What a grade is worth is learned from the text.
  public var grade: Int

  /// How many grades there are.
  public static let grades = 8

  /// - Parameters:
  ///   - id: of the token.
  ///   - grade: is brought into its range.
  public init(id: Int32, grade: Int) {
    (self.id, self.grade) = (id, min(max(grade, 0), Self.grades - 1))
  }

  /// A token that a model of text gives a probability.
  public init(id: Int32, probability: Double) {
    self.init(id: id, grade: Int(min(max(probability, 0), 1) * Double(Self.grades)))
  }
}

/// Guesses at low cost how a text goes on. A copy goes its own way.
///
/// What it says changes no text, only how soon it is written: see ``Drafting``.
public protocol TokenDrafter {
  /// Moves on by one token of the text.
  mutating func append(_ token: Int32)

  /// At most `count` tokens that may follow one after the other; none where nothing suggests itself.
  mutating func draft(_ count: Int) -> [DraftToken]
}
