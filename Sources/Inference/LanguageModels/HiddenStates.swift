/// What a language model holds for each token of a text, before it becomes scores: embeddings for search and
/// for classifiers.
public struct HiddenStates: Equatable, Sendable {
  /// [tokens, width].
  public var values: [Float]
  /// How many numbers a token has.
  public var width: Int

  /// Creates states of their values, [tokens, width].
  public init(values: [Float], width: Int) { (self.values, self.width) = (values, width) }

  /// The number of tokens.
  public var count: Int { width > 0 ? values.count / width : 0 }

  /// The numbers of one token.
  public subscript(token: Int) -> ArraySlice<Float> { values[token * width..<(token + 1) * width] }
}
