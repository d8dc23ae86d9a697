import Files
import Kernels

/// What a distillation can be told.
public struct DistillationSettings: Codable, Equatable, Sendable {
  /// The model that is learned from: a folder, or a GGUF file.
  public var teacher = ""
  /// The model that learns: a folder.
  public var student = ""
  /// Text files or JSONL, plain or .gz.
  public var texts: [String] = []
  /// How lines of JSONL files are learned from; nil: all of each.
  public var rows: RowOptions?
  /// The most tokens that are learned from at once.
  public var context = 256
  /// Texts that the teacher writes, to be learned with the others; nil: none where both have one tokenizer, else 1,000.
  public var samples: Int?
  /// The most tokens that it writes for each; nil: 256.
  public var maxTokens: Int?
  /// Tokens of the teacher's that each begins with, taken from the texts; 0: it begins by itself; nil: 8.
  public var promptTokens: Int?
  /// Divides the teacher's scores before a token is drawn; nil: 1.
  public var temperature: Double?
  /// The probability that the tokens hold which can be drawn; nil: 1.
  public var topP: Double?
  /// The share of the teacher's texts that is learned: those that it finds likeliest by token; nil: 0.9.
  public var keep: Double?
  /// The share of the divergence from the teacher in the loss, the rest being cross-entropy; nil: a half where both have
  /// one tokenizer, else 0.
  public var kdRatio: Float?
  /// Divides the scores of both before they are compared; nil: 1.
  public var kdTemperature: Float?
  /// Tokens whose probabilities are kept for each place, the teacher's likeliest; nil: 16.
  public var kdTopK: Int?
  /// Whether each block is computed again in the backward pass.
  public var recomputesBlocks = false

  /// Creates settings without models and texts.
  public init() {}

  /// How the teacher's texts are drawn and chosen, with the defaults.
  var writing: (maxTokens: Int, promptTokens: Int, temperature: Double, topP: Double, keep: Double)
  {
    (maxTokens ?? 256, promptTokens ?? 8, temperature ?? 1, topP ?? 1, keep ?? 0.9)
  }

  /// How probabilities are compared, with the defaults.
  var comparison: (temperature: Float, top: Int) { (kdTemperature ?? 1, kdTopK ?? 16) }

  /// Refuses what is out of range.
  func validate() throws(AIGCError) {
    let writing = writing
    if let samples, samples < 0 { throw .usage("`samples` \(samples): 0 or more") }
    guard writing.maxTokens > 0 else {
      throw .usage("`maxTokens` \(writing.maxTokens): 1 or more")
    }
    guard writing.promptTokens >= 0 else {
      throw .usage("`promptTokens` \(writing.promptTokens): 0 or more")
    }
    guard writing.temperature > 0, writing.temperature.isFinite else {
      throw .usage("`temperature` \(writing.temperature): above 0")
    }
    guard writing.keep > 0, writing.keep <= 1 else {
      throw .usage("`keep` \(writing.keep): above 0, at most 1")
    }
    if let kdRatio, !(0...1).contains(kdRatio) { throw .usage("`kdRatio` \(kdRatio): 0 to 1") }
    guard comparison.temperature > 0, comparison.temperature.isFinite else {
      throw .usage("`kdTemperature` \(comparison.temperature): above 0")
    }
    guard comparison.top > 0 else { throw .usage("`kdTopK` \(comparison.top): 1 or more") }
  }

  /// Refuses settings that would change nothing.
  /// - Parameters:
  ///   - samples: texts that the teacher writes.
  ///   - ratio: the share of the divergence in the loss.
  func requireUse(samples: Int, ratio: Float) throws(AIGCError) {
    guard samples > 0 || ratio > 0 else {
      throw .usage("nothing is learned from the teacher: `samples` or `kdRatio` above 0 is needed")
    }
    let ofTexts = [
      ("maxTokens", maxTokens != nil), ("promptTokens", promptTokens != nil),
      ("temperature", temperature != nil), ("topP", topP != nil), ("keep", keep != nil),
    ]
    if samples == 0, let setting = ofTexts.first(where: { $0.1 }) {
      throw .usage("`\(setting.0)` is of texts that the teacher writes, and `samples` is 0")
    }
    let ofComparison = [("kdTemperature", kdTemperature != nil), ("kdTopK", kdTopK != nil)]
    if ratio == 0, let setting = ofComparison.first(where: { $0.1 }) {
      throw .usage("`\(setting.0)` is of the teacher's probabilities, and `kdRatio` is 0")
    }
  }
}
