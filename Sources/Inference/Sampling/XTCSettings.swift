import Files

/// The removal of the likeliest tokens where several are likely (XTC, "exclude top choices", Weidmann 2024).
public struct XTCSettings: Codable, Equatable, Sendable {
  /// How often a token is drawn without the top choices; 0 is off.
  public var probability = 0.0
  /// The least probability of a top choice. The least likely one of them stays; above 0.5 there are never
  /// two, and it is off.
  public var threshold = 0.1

  /// Creates the settings that llama.cpp has without flags: off.
  public init() {}

  /// Reads settings; those that are not there are as without flags.
  /// - Throws: `DecodingError` for a value of another type.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    probability = try keys.decodeIfPresent(Double.self, forKey: .probability) ?? probability
    threshold = try keys.decodeIfPresent(Double.self, forKey: .threshold) ?? threshold
  }

  func validate() throws(AIGCError) {
    try checkSetting(
      "xtc.probability", probability, (0...1).contains(probability), "0 (off) to 1 (always)")
    try checkSetting("xtc.threshold", threshold, (0...1).contains(threshold), "0 to 1")
  }
}
