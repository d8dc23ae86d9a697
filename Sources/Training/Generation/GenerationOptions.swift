import Files

/// What to generate: the flags of `aigc generate text`.
public struct GenerationOptions: Codable, Equatable, Sendable {
  public var prompt = ""
  /// The most tokens to generate.
  public var maxTokens = 100
  /// The most tokens of prompt and generated text together; nil: no such limit.
  public var maxLength: Int?
  public var sampling = SamplingConfiguration()
  public var seed: UInt64 = 0
  /// How many samples; sample i draws from stream i of the seed.
  public var num = 1
  /// Texts that end a sample; they are not part of it.
  public var stop: [String] = []
  /// Ends a sample with its first sentence.
  public var untilSentence = false
  /// Never generates the end token.
  public var ignoreEnd = false
  /// Starts each sample with the prompt as it was given.
  public var echo = false
  /// Records the log-probability of each token and this many alternatives; nil: none.
  public var logProbabilities: Int?

  public init() {}

  /// - Throws: ``AIGCError`` with ``AIGCError/Code/usage``, naming the flag and its range.
  public func validate() throws(AIGCError) {
    try sampling.validate()
    if maxTokens < 0 { throw .usage("--max-tokens \(maxTokens): must be 0 or more") }
    if let maxLength, maxLength < 1 {
      throw .usage("--max-length \(maxLength): must be 1 or more")
    }
    if num < 1 { throw .usage("--num \(num): must be 1 or more") }
    if stop.contains("") { throw .usage("--stop: must not be empty") }
    if let logProbabilities, logProbabilities < 0 {
      throw .usage("--logprobs \(logProbabilities): must be 0 or more")
    }
  }
}
