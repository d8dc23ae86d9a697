import ArgumentParser
import Families
import Training

/// The flags of the sampling chain, llama.cpp's names and defaults.
struct SamplingArguments: ParsableArguments {
  private static let defaults = SamplingConfiguration()

  @Option(
    name: [.customLong("temperature"), .customLong("temp")], parsing: .unconditional,
    help:
      "Below 1 safer, above 1 wilder; 0 takes the likeliest token (default \(defaults.temperature))."
  )
  var temperature: Double?

  @Option(
    parsing: .unconditional,
    help: "Choose among this many likeliest tokens; 0: all (default \(defaults.topK)).")
  var topK: Int?

  @Option(
    parsing: .unconditional,
    help: "Choose among tokens of this total probability; 1: all (default \(defaults.topP)).")
  var topP: Double?

  @Option(
    parsing: .unconditional,
    help:
      "Drop tokens below this share of the likeliest's probability; 0: none (default \(defaults.minP))."
  )
  var minP: Double?

  @Option(
    parsing: .unconditional, help: "Locally typical sampling; 1: off (default \(defaults.typical))."
  )
  var typical: Double?

  @Option(
    name: [.customLong("repeat-penalty"), .customLong("repetition-penalty")],
    parsing: .unconditional, help: "Make recent tokens less likely; 1: off.")
  var repeatPenalty = defaults.repeatPenalty

  @Option(
    parsing: .unconditional,
    help:
      "Recent tokens that the penalties look at; 0: none, -1: all (default \(defaults.repeatLastN))."
  )
  var repeatLastN: Int?

  @Option(parsing: .unconditional, help: "Penalty for every token that has occurred; 0: off.")
  var presencePenalty = defaults.presencePenalty

  @Option(parsing: .unconditional, help: "Penalty for each time a token has occurred; 0: off.")
  var frequencyPenalty = defaults.frequencyPenalty

  @Option(parsing: .unconditional, help: "No this many tokens in a row occur twice; 0: off.")
  var noRepeatNgram = defaults.noRepeatNgram

  @Option(
    parsing: .unconditionalSingleValue,
    help: "Add to a token's score: ID=VALUE, -inf bans it; may be given several times.",
    transform: { try LogitBias(argument: $0) })
  var logitBias: [LogitBias] = []

  @Option(
    name: [.customLong("top-nsigma"), .customLong("top-n-sigma")], parsing: .unconditional,
    help: """
      Choose among tokens whose score is at most this many standard deviations below the best one (default 0: all).
      """)
  var topNSigma: Double?

  @OptionGroup var order: SamplerOrderArguments
  @OptionGroup var dry: DRYArguments
  @OptionGroup var xtc: XTCArguments
  @OptionGroup var mirostat: MirostatArguments

  init() {}

  /// The flag that says how tokens are drawn, where one was given.
  var drawingFlag: String? {
    let given: [(String, Bool)] = [
      ("--temperature", temperature != nil), ("--top-k", topK != nil), ("--top-p", topP != nil),
      ("--min-p", minP != nil), ("--typical", typical != nil),
      ("--top-nsigma", topNSigma != nil), ("--samplers", order.samplers != nil),
      ("--sampler-seq", order.samplerSequence != nil),
      ("--xtc-probability", xtc.probability != nil), ("--mirostat", mirostat.version != nil),
    ]
    return given.first { $0.1 }?.0
  }

  func validate() throws {
    let isPenalized = repeatPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0
    if let repeatLastN, !isPenalized {
      throw ValidationError(
        "--repeat-last-n \(repeatLastN) goes with --repeat-penalty, --presence-penalty or "
          + "--frequency-penalty")
    }
  }

  /// The flags as a configuration; out-of-range values are found by its own validation.
  var configuration: SamplingConfiguration {
    var result = SamplingConfiguration()
    if let temperature { result.temperature = temperature }
    if let topK { result.topK = topK }
    if let topP { result.topP = topP }
    if let minP { result.minP = minP }
    if let typical { result.typical = typical }
    result.repeatPenalty = repeatPenalty
    if let repeatLastN { result.repeatLastN = repeatLastN }
    result.presencePenalty = presencePenalty
    result.frequencyPenalty = frequencyPenalty
    result.noRepeatNgram = noRepeatNgram
    result.logitBias = logitBias
    if let topNSigma { result.topNSigma = topNSigma }
    if let steps = order.steps { result.samplers = steps }
    dry.set(&result.dry)
    xtc.set(&result.xtc)
    mirostat.set(&result.mirostat)
    return result
  }
}
