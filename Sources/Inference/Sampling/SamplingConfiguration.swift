import Files

/// How the next token is chosen: the settings of the sampling chain, with llama.cpp's names,
/// meanings and defaults.
///
/// The chain runs in llama.cpp's order: penalties, DRY, logit bias and no-repeat, then top-n-sigma, top-k,
/// locally typical, top-p, min-p, XTC, temperature, and the draw. ``samplers`` is another order, and
/// ``mirostat`` another way to draw.
public struct SamplingConfiguration: Codable, Equatable, Sendable {
  /// Divides the scores before the draw; 0 takes the best token (the lowest id on ties).
  public var temperature = 0.8
  /// Keeps the k best tokens; 0 keeps all.
  public var topK = 40
  /// Keeps the smallest set of best tokens that holds this much probability; 1 keeps all
  /// (Holtzman et al. 2020).
  public var topP = 0.95
  /// Keeps tokens of at least this share of the best one's probability; 0 keeps all
  /// (Nguyen et al. 2024).
  public var minP = 0.05
  /// Keeps the tokens whose surprise is nearest to the entropy, up to this much probability; 1
  /// keeps all (Meister et al. 2022).
  public var typical = 1.0
  /// Scores of recent tokens are divided by this when positive and multiplied when not (Keskar et
  /// al. 2019); 1 is off.
  public var repeatPenalty = 1.0
  /// How many of the latest tokens the three penalties look at: 0 none, -1 all.
  public var repeatLastN = 64
  /// Taken once from the score of every recent token.
  public var presencePenalty = 0.0
  /// Taken from the score of a recent token as often as it occurs.
  public var frequencyPenalty = 0.0
  /// No N tokens in a row occur twice; 0 is off.
  public var noRepeatNgram = 0
  /// Added to the scores of single tokens.
  public var logitBias: [LogitBias] = []

  /// Keeps the tokens whose score is at most so many standard deviations of all scores below the best one; 0
  /// or less keeps all (Tang et al. 2024).
  public var topNSigma = 0.0
  /// A penalty on tokens that go on with a repetition.
  public var dry = DRYSettings()
  /// The removal of the likeliest tokens.
  public var xtc = XTCSettings()
  /// A constant surprise in place of the steps but the temperature.
  public var mirostat = MirostatSettings()
  /// The steps and their order. One that is not among them is not taken, whatever its settings; biases and
  /// no-repeat stand before the first cut.
  public var samplers = SamplingStep.standardOrder

  /// Creates the settings that llama.cpp has without flags.
  public init() {}

  /// Nothing cut, nothing penalised, temperature 1.
  public static var untouched: SamplingConfiguration {
    var result = SamplingConfiguration()
    result.temperature = 1
    result.topK = 0
    result.topP = 1
    result.minP = 0
    return result
  }

  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage``, naming the flag and its range.
  public func validate() throws(AIGCError) {
    try checkSetting("temperature", temperature, temperature >= 0, "0 (greedy) or more")
    try checkSetting("topK", topK, 0, "0 (all) or more")
    try checkSetting("topP", topP, topP > 0 && topP <= 1, "above 0 and at most 1 (all)")
    try checkSetting("minP", minP, minP >= 0 && minP < 1, "0 (all) or more and below 1")
    try checkSetting("typical", typical, typical > 0 && typical <= 1, "above 0 and at most 1 (all)")
    try checkSetting("repeatPenalty", repeatPenalty, repeatPenalty > 0, "above 0; 1 is off")
    try checkSetting("repeatLastN", repeatLastN, -1, "-1 (all tokens), 0 (off) or more")
    try checkSetting("presencePenalty", presencePenalty, true, "a number; 0 is off")
    try checkSetting("frequencyPenalty", frequencyPenalty, true, "a number; 0 is off")
    try checkSetting("noRepeatNgram", noRepeatNgram, 0, "0 (off) or more")
    for entry in logitBias where entry.bias.isNaN || entry.token < 0 {
      throw .usage("`logitBias` \(entry): must be a token id and a number, as 15=-2.5 or 15=-inf")
    }
    try checkSetting("topNSigma", topNSigma, true, "a number; 0 is off")
    try dry.validate()
    try xtc.validate()
    try mirostat.validate()
    try SamplingStep.check(samplers)
  }

  /// Reads settings; those that are not there are as without flags.
  /// - Throws: `DecodingError` for a value of another type.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
      value = try keys.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(.temperature, &temperature)
    try read(.topK, &topK)
    try read(.topP, &topP)
    try read(.minP, &minP)
    try read(.typical, &typical)
    try read(.repeatPenalty, &repeatPenalty)
    try read(.repeatLastN, &repeatLastN)
    try read(.presencePenalty, &presencePenalty)
    try read(.frequencyPenalty, &frequencyPenalty)
    try read(.noRepeatNgram, &noRepeatNgram)
    try read(.logitBias, &logitBias)
    try read(.topNSigma, &topNSigma)
    try read(.dry, &dry)
    try read(.xtc, &xtc)
    try read(.mirostat, &mirostat)
    try read(.samplers, &samplers)
  }
}

/// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage`` for a number out of its range.
func checkSetting(
  _ name: String, _ value: Double, _ isValid: Bool, _ range: String
) throws(AIGCError) {
  if !isValid || !value.isFinite { throw .usage("`\(name)` \(value): must be \(range)") }
}

/// - Throws: as with a number that is no integer.
func checkSetting(
  _ name: String, _ value: Int, _ minimum: Int, _ range: String
) throws(AIGCError) {
  if value < minimum { throw .usage("`\(name)` \(value): must be \(range)") }
}
