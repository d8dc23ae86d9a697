import Files

/// How a text becomes features: n-grams of its words, and words that a negation turns round.
///
/// A word within ``scope`` words behind a negation counts as less than nothing of itself, and as a feature of its own
/// (Das and Chen 2001 mark such words; that their weight is that of the word turned round, unless data say otherwise,
/// is what the negative value adds).
public struct TextFeatures: Codable, Equatable, Sendable {
  /// The longest n-grams in words.
  public var ngrams = 2
  /// What a negated word counts as of itself, with a minus; 0: negations are words like others.
  public var negation: Float = 1
  /// The most words that a negation turns round.
  public var scope = 4
  /// Whether the values of a text are divided by the root of the sum of their squares (L2): long texts then have no
  /// larger scores than short ones, and probabilities of texts of all lengths mean the same. nil: no.
  public var isNormalized: Bool?

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case ngrams, negation
    case scope = "negation_scope"
    case isNormalized = "l2_norm"
  }

  /// Creates the features of words and pairs of words, with negations.
  public init() {}

  /// Where a feature stands in a text.
  public struct Occurrence: Sendable {
    /// Of the feature.
    public var key: UInt32
    /// Whether a negation turns the word round.
    public var isNegated: Bool
    /// The first word of it, and the last; of what a negation does, the negation and the word.
    public var first: Int32
    /// See ``first``.
    public var last: Int32
    /// Whether only the first and the last word make it up.
    public var isPair: Bool
  }

  /// A feature with its value.
  public struct Feature: Sendable, Equatable {
    /// The upper half of its hash.
    public var key: UInt32
    /// 1 where it stands, whatever how often; see ``TextFeatures/negation``.
    public var value: Float

    /// Creates a feature.
    public init(key: UInt32, value: Float) { (self.key, self.value) = (key, value) }
  }

  /// Why the numbers make no features; nil: they do.
  public var problem: String? {
    guard (1...8).contains(ngrams) else { return "'ngrams' \(ngrams): 1 to 8" }
    guard negation >= 0, negation <= 10 else { return "'negation' \(negation): 0 to 10" }
    return (0...64).contains(scope) ? nil : "'negation_scope' \(scope): 0 to 64"
  }

  /// The hash of words that follow each other.
  public static func hash(_ words: ArraySlice<TextWords.Word>) -> UInt64 {
    guard let first = words.first else { return 0 }
    return words.dropFirst().reduce(first.hash) { joined($0, $1) }
  }

  @inline(__always)
  private static func joined(_ hash: UInt64, _ next: TextWords.Word) -> UInt64 {
    mixed(hash &* 0x9E37_79B9_7F4A_7C15 &+ next.hash)
  }

  /// Which words a negation turns round.
  public func negated(_ words: [TextWords.Word]) -> [Bool] {
    var left = 0
    return words.map { word in
      if word.role == .boundary { left = 0 }
      let isNegated = left > 0 && word.role == .none
      left = max(left - 1, 0)
      if word.role == .negation { left = scope }
      return isNegated
    }
  }

  /// All features of a text, as often as they stand there.
  public func occurrences(_ words: [TextWords.Word]) -> [Occurrence] {
    var result: [Occurrence] = []
    result.reserveCapacity(words.count * (ngrams + 1))
    var (negator, left) = (0, 0)
    for index in words.indices {
      let word = words[index]
      if negation > 0 {
        if word.role == .boundary { left = 0 }
        if left > 0, word.role == .none { turn(word, index, negator, &result) }
        let isTurned = left > 0 && word.role == .none
        left = max(left - 1, 0)
        if word.role == .negation { (negator, left) = (index, scope) }
        if !isTurned { add(word.hash, index, index, &result) }
      } else {
        add(word.hash, index, index, &result)
      }
      var hash = word.hash
      for last in (index + 1)..<max(index + 1, min(index + ngrams, words.count)) {
        hash = Self.joined(hash, words[last])
        add(hash, index, last, &result)
      }
    }
    return result
  }

  @inline(__always)
  private func add(_ hash: UInt64, _ first: Int, _ last: Int, _ result: inout [Occurrence]) {
    result.append(
      Occurrence(
        key: UInt32(hash >> 32), isNegated: false, first: Int32(first), last: Int32(last),
        isPair: false))
  }

  /// What a negation does to a word: the word turned round, and a feature of both.
  private func turn(
    _ word: TextWords.Word, _ index: Int, _ negator: Int, _ result: inout [Occurrence]
  ) {
    let (first, last) = (Int32(negator), Int32(index))
    result.append(
      Occurrence(
        key: UInt32(word.hash >> 32), isNegated: true, first: first, last: last, isPair: true))
    result.append(
      Occurrence(
        key: UInt32(mixed(word.hash ^ 0xD1B5_4A32_D192_ED03) >> 32), isNegated: false,
        first: first, last: last, isPair: true))
  }

  /// The features of a text, sorted by key, each once.
  public func features(_ words: [TextWords.Word]) -> [Feature] {
    var keys = occurrences(words).map { UInt64($0.key) << 1 | ($0.isNegated ? 1 : 0) }
    keys.sort()
    var result: [Feature] = []
    result.reserveCapacity(keys.count)
    var previous: UInt64?
    for key in keys where key != previous {
      previous = key
      let value = key & 1 == 1 ? -negation : 1
      if let last = result.last, UInt64(last.key) == key >> 1 {
        result[result.count - 1].value += value
      } else {
        result.append(Feature(key: UInt32(key >> 1), value: value))
      }
    }
    return result
  }

  /// By what the values of a text are divided.
  /// - Parameter squares: the sum of their squares.
  public static func norm(_ squares: Float) -> Float { squares > 0 ? squares.squareRoot() : 1 }

  /// The features of a text.
  public func features(_ text: ArraySlice<UInt8>) -> [Feature] { features(TextWords(text).words) }
}
