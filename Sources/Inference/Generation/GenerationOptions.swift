import Files

/// What to generate: the flags of `aigc generate text`.
public struct GenerationOptions: Codable, Equatable, Sendable {
  /// The text that samples continue; from an empty one they start as the model starts a text.
  public var prompt = ""
  /// The most tokens to generate.
  public var maxTokens = 100
  /// The most tokens of prompt and generated text together; nil: no such limit.
  public var maxLength: Int?
  /// How the next token is drawn from the model's scores.
  public var sampling = SamplingConfiguration()
  /// The random seed; the same seed, model and options give the same texts.
  public var seed = Seed.fixed(0)
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
  /// Beams of a beam search; 1: tokens are drawn one by one. A search draws nothing: of the sampling
  /// chain only penalties, biases and no-repeat count.
  public var beams = 1
  /// Of a beam search: a finished text's score is divided by its length to this power. Above 0 favours
  /// longer texts.
  public var lengthPenalty = 1.0
  /// Of n-gram models: the share of their weight that shorter contexts keep, 0 to 1. With 1 text is drawn
  /// from the model's own distribution, the one that is evaluated; nil: as little as writes well.
  public var backoff: Double?
  /// A file that keeps what the model made of the prompt, for the next time.
  public var promptCache: String?
  /// What each text must be; nil: any text. A text then ends where it is complete, at the latest with
  /// ``maxTokens``, and ``stop`` ends it before that.
  public var constraint: Constraint?
  /// Records the log-probability of each token and this many alternatives; nil: none.
  public var logProbabilities: Int?

  /// Creates the options of one sample of at most 100 tokens without a prompt.
  public init() {}

  /// - Throws: ``/Files/AIGCError`` with ``/Files/AIGCError/Code/usage``, naming the flag and its range.
  public func validate() throws(AIGCError) {
    try sampling.validate()
    if maxTokens < 0 { throw .usage("`maxTokens` \(maxTokens): must be 0 or more") }
    if let maxLength, maxLength < 1 {
      throw .usage("`maxLength` \(maxLength): must be 1 or more")
    }
    if num < 1 { throw .usage("`num` \(num): must be 1 or more") }
    if !(1...256).contains(beams) { throw .usage("`beams` \(beams): must be 1 to 256") }
    if beams > 1, num > beams {
      throw .usage("`num` \(num): a search with \(beams) beams finds no more texts than these")
    }
    if let backoff, !(0...1).contains(backoff) {
      throw .usage("`backoff` \(backoff): must be 0 to 1")
    }
    if !lengthPenalty.isFinite { throw .usage("`lengthPenalty`: must be a number") }
    if beams > 1, sampling.samplers != SamplingStep.standardOrder || !sampling.mirostat.isOff {
      let name = sampling.mirostat.isOff ? "samplers" : "mirostat.version"
      throw .usage("`\(name)`: of text that is drawn, not of `beams`")
    }
    if beams > 1, logProbabilities != nil {
      throw .usage("`logProbabilities`: of texts that are drawn, not of `beams`")
    }
    if beams > 1, constraint != nil {
      throw .usage("`constraint`: of texts that are drawn, not of `beams`")
    }
    if stop.contains("") { throw .usage("`stop`: must not be empty") }
    if let logProbabilities, logProbabilities < 0 {
      throw .usage("`logProbabilities` \(logProbabilities): must be 0 or more")
    }
  }
}
