import Files
import Glibc

/// Sampling at a constant surprise (Basu et al. 2020). It stands in place of all other steps but the
/// temperature, as in llama.cpp; biases and bans count.
public struct MirostatSettings: Codable, Equatable, Sendable {
  /// 1 or 2, by the paper's two algorithms; 0 is off.
  public var version = 0
  /// The surprise that tokens are to have in the mean, in bits (tau).
  public var entropy = 5.0
  /// By how much of its error the bound on the surprise is corrected after each token (eta).
  public var learningRate = 0.1

  /// Creates the settings that llama.cpp has without flags: off.
  public init() {}

  /// Reads settings; those that are not there are as without flags.
  /// - Throws: `DecodingError` for a value of another type.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    version = try keys.decodeIfPresent(Int.self, forKey: .version) ?? version
    entropy = try keys.decodeIfPresent(Double.self, forKey: .entropy) ?? entropy
    learningRate = try keys.decodeIfPresent(Double.self, forKey: .learningRate) ?? learningRate
  }

  /// Whether tokens are drawn by the other steps.
  public var isOff: Bool { version == 0 }

  func validate() throws(AIGCError) {
    if !(0...2).contains(version) {
      throw .usage("`mirostat.version` \(version): must be 0 (off), 1 or 2")
    }
    try checkSetting("mirostat.entropy", entropy, entropy >= 0, "0 or more")
    try checkSetting("mirostat.learningRate", learningRate, learningRate >= 0, "0 or more")
  }
}

/// The state of one text that is drawn by Mirostat.
struct Mirostat: Sendable {
  private let settings: MirostatSettings
  private let temperature: Double
  private let vocabularySize: Int
  /// The bound on the surprise of the next token, in bits.
  private(set) var bound: Double
  /// How many of the best tokens the first algorithm looks at.
  private static let looksAt = 100

  init(_ settings: MirostatSettings, temperature: Double, vocabularySize: Int) {
    (self.settings, self.temperature) = (settings, temperature)
    self.vocabularySize = vocabularySize
    bound = 2 * settings.entropy
  }

  /// Fills the list with the tokens that can be drawn, and their weights.
  func select(from scores: inout DenseScores, into list: inout CandidateList) {
    if settings.version == 1 {
      scores.selectBest(Self.looksAt, into: &list)
      let count = bestCount(list.candidates)
      if count > list.candidates.count { scores.selectBest(count, into: &list) }
      list.keepFirst(count)
      list.weigh(temperature: temperature)
      return
    }
    scores.select(ratio: 0, into: &list)
    list.weigh(temperature: temperature)
    // The best token has the weight 1.
    list.keep(weightsFrom: min(list.total * exp2(-bound), 1))
  }

  /// Corrects the bound by what was drawn.
  /// - Parameter probability: of the drawn token among those that could be drawn.
  mutating func observe(probability: Double) {
    let corrected = bound - settings.learningRate * (-log2(probability) - settings.entropy)
    if corrected.isFinite { bound = corrected }
  }

  /// How many tokens the first algorithm keeps: the exponent s of Zipf's law is estimated from the best
  /// ones' probabilities, and the k-th token is to have the bound as its surprise.
  /// - Parameter best: the best tokens, in order.
  private func bestCount(_ best: [Candidate]) -> Int {
    var (product, square) = (0.0, 0.0)
    for rank in 1..<max(best.count, 1) {
      let ratio = log(Double(rank + 1) / Double(rank))
      let drop = (Double(best[rank - 1].logit) - Double(best[rank].logit)) / temperature
      product += ratio * drop
      square += ratio * ratio
    }
    if square == 0 { return 1 }
    let slope = product / square
    let excess = slope - 1
    // Where excess is 0 both are, and their quotient is the harmonic sum's.
    let divisor = 1 - pow(Double(vocabularySize), -excess)
    let scale = divisor == 0 ? 1 / log(Double(vocabularySize)) : excess / divisor
    let count = pow(scale * exp2(bound), 1 / slope)
    return count < Double(vocabularySize) ? max(Int(count), 1) : max(vocabularySize, 1)
  }
}
