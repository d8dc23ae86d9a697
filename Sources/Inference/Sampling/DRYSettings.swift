import Files

/// The penalty on tokens that would go on with a repetition (DRY, "don't repeat yourself", Weidmann 2024).
///
/// Where the last tokens of a text, n of them, stand in it before, the token that followed them there loses
/// multiplier · base^(n - allowedLength), if n is the allowed length or more.
public struct DRYSettings: Codable, Equatable, Sendable {
  /// The penalty of a repetition of the allowed length; 0 is off.
  public var multiplier = 0.0
  /// What each further token multiplies it by.
  public var base = 1.75
  /// The shortest repetition that is penalised, in tokens.
  public var allowedLength = 2
  /// How many of the latest tokens are searched for repetitions: 0 none, -1 all.
  public var penaltyLastN = 64
  /// Texts that no repetition reaches across.
  public var sequenceBreakers = ["\n", ":", "\"", "*"]

  /// The most breakers, and the most bytes of one.
  static let mostBreakers = 32
  static let longestBreaker = 40

  /// Creates the settings that llama.cpp has without flags: off.
  public init() {}

  /// Reads settings; those that are not there are as without flags.
  /// - Throws: `DecodingError` for a value of another type.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    multiplier = try keys.decodeIfPresent(Double.self, forKey: .multiplier) ?? multiplier
    base = try keys.decodeIfPresent(Double.self, forKey: .base) ?? base
    allowedLength = try keys.decodeIfPresent(Int.self, forKey: .allowedLength) ?? allowedLength
    penaltyLastN = try keys.decodeIfPresent(Int.self, forKey: .penaltyLastN) ?? penaltyLastN
    sequenceBreakers =
      try keys.decodeIfPresent([String].self, forKey: .sequenceBreakers) ?? sequenceBreakers
  }

  /// Whether nothing is penalised.
  public var isOff: Bool { multiplier == 0 || penaltyLastN == 0 }

  func validate() throws(AIGCError) {
    try checkSetting("dry.multiplier", multiplier, multiplier >= 0, "0 (off) or more")
    try checkSetting("dry.base", base, base >= 1, "1 or more")
    try checkSetting("dry.allowedLength", allowedLength, 0, "0 or more")
    try checkSetting("dry.penaltyLastN", penaltyLastN, -1, "-1 (all tokens), 0 (off) or more")
    if sequenceBreakers.count > Self.mostBreakers {
      throw .usage(
        "`dry.sequenceBreakers`: \(sequenceBreakers.count) texts: must be \(Self.mostBreakers) at most"
      )
    }
    for text in sequenceBreakers where text.isEmpty || text.utf8.count > Self.longestBreaker {
      throw .usage(
        "`dry.sequenceBreakers` '\(printable(text))': must have 1 to \(Self.longestBreaker) bytes")
    }
  }
}
