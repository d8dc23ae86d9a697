import ArgumentParser
import Training

/// The flags of the sampling chain, llama.cpp's names and defaults.
public struct SamplingArguments: ParsableArguments {
  private static let defaults = SamplingConfiguration()

  @Option(
    name: [.customLong("temperature"), .customLong("temp")], parsing: .unconditional,
    help: "Below 1 safer, above 1 wilder; 0 always takes the likeliest token.")
  var temperature = defaults.temperature

  @Option(parsing: .unconditional, help: "Choose among this many likeliest tokens; 0: all.")
  var topK = defaults.topK

  @Option(parsing: .unconditional, help: "Choose among tokens of this total probability; 1: all.")
  var topP = defaults.topP

  @Option(
    parsing: .unconditional,
    help: "Drop tokens below this share of the likeliest one's probability; 0: none.")
  var minP = defaults.minP

  @Option(parsing: .unconditional, help: "Locally typical sampling; 1: off.")
  var typical = defaults.typical

  @Option(
    name: [.customLong("repeat-penalty"), .customLong("repetition-penalty")],
    parsing: .unconditional, help: "Make recent tokens less likely; 1: off.")
  var repeatPenalty = defaults.repeatPenalty

  @Option(
    parsing: .unconditional,
    help: "How many recent tokens the penalties look at; 0: none, -1: all.")
  var repeatLastN = defaults.repeatLastN

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

  public init() {}

  /// The flags as a configuration; out-of-range values are found by its own validation.
  public var configuration: SamplingConfiguration {
    var result = SamplingConfiguration()
    result.temperature = temperature
    result.topK = topK
    result.topP = topP
    result.minP = minP
    result.typical = typical
    result.repeatPenalty = repeatPenalty
    result.repeatLastN = repeatLastN
    result.presencePenalty = presencePenalty
    result.frequencyPenalty = frequencyPenalty
    result.noRepeatNgram = noRepeatNgram
    result.logitBias = logitBias
    return result
  }
}
