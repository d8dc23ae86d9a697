import ArgumentParser
import Families
import Training

/// The order of the sampling chain.
struct SamplerOrderArguments: ParsableArguments {
  @Option(
    help: """
      The steps that choose a token and their order, separated by ; (default: \
      \(SamplingStep.standardOrder.map { $0.rawValue }.joined(separator: ";"))). The flags of a step that \
      is not among them have no effect.
      """,
    transform: { try SamplingStep.order(names: $0) })
  var samplers: [SamplingStep]?

  @Option(
    name: [.customLong("sampler-seq"), .customLong("sampling-seq")],
    help: """
      The same by a letter for each step (default: \
      \(String(SamplingStep.standardOrder.map { $0.letter }))).
      """,
    transform: { try SamplingStep.order(letters: $0) })
  var samplerSequence: [SamplingStep]?

  init() {}

  func validate() throws {
    if samplers != nil, samplerSequence != nil {
      throw ValidationError("--samplers or --sampler-seq, not both")
    }
  }

  var steps: [SamplingStep]? { samplers ?? samplerSequence }
}

/// The flags of the penalty on repetitions.
struct DRYArguments: ParsableArguments {
  private static let defaults = DRYSettings()

  @Option(
    name: .customLong("dry-multiplier"), parsing: .unconditional,
    help:
      "DRY: penalty on tokens that go on with a repetition; 0: off (default \(defaults.multiplier))."
  )
  var multiplier: Double?

  @Option(
    name: .customLong("dry-base"), parsing: .unconditional,
    help:
      "DRY: each further token of a repetition multiplies the penalty by this (default \(defaults.base))."
  )
  var base: Double?

  @Option(
    name: .customLong("dry-allowed-length"), parsing: .unconditional,
    help:
      "DRY: the shortest repetition that is penalised, in tokens (default \(defaults.allowedLength))."
  )
  var allowedLength: Int?

  @Option(
    name: .customLong("dry-penalty-last-n"), parsing: .unconditional,
    help: """
      DRY: recent tokens that are searched for repetitions; 0: none, -1: all (default \
      \(defaults.penaltyLastN)).
      """)
  var penaltyLastN: Int?

  @Option(
    name: .customLong("dry-sequence-breaker"), parsing: .unconditionalSingleValue,
    help: """
      DRY: no repetition reaches across this text; may be given several times, none: there is no such text \
      (default: the line end, and each of : " *).
      """)
  var sequenceBreakers: [String] = []

  init() {}

  func validate() throws {
    let given: [(String, Bool)] = [
      ("--dry-base", base != nil), ("--dry-allowed-length", allowedLength != nil),
      ("--dry-penalty-last-n", penaltyLastN != nil),
      ("--dry-sequence-breaker", !sequenceBreakers.isEmpty),
    ]
    if multiplier == nil, let flag = given.first(where: { $0.1 })?.0 {
      throw ValidationError("\(flag) goes with --dry-multiplier")
    }
  }

  func set(_ settings: inout DRYSettings) {
    if let multiplier { settings.multiplier = multiplier }
    if let base { settings.base = base }
    if let allowedLength { settings.allowedLength = allowedLength }
    if let penaltyLastN { settings.penaltyLastN = penaltyLastN }
    if !sequenceBreakers.isEmpty {
      // As in llama.cpp, the word takes back those before it.
      let given = sequenceBreakers.split(separator: "none", omittingEmptySubsequences: false)
      settings.sequenceBreakers = Array(given.last ?? [])
    }
  }
}

/// The flags of the removal of top choices.
struct XTCArguments: ParsableArguments {
  private static let defaults = XTCSettings()

  @Option(
    name: .customLong("xtc-probability"), parsing: .unconditional,
    help: """
      XTC: how often the likeliest tokens are removed, all but the last one of those that are likely enough; \
      0: never (default \(defaults.probability)).
      """)
  var probability: Double?

  @Option(
    name: .customLong("xtc-threshold"), parsing: .unconditional,
    help: """
      XTC: the probability from which on a token is likely enough; above 0.5: off (default \
      \(defaults.threshold)).
      """)
  var threshold: Double?

  init() {}

  func validate() throws {
    if probability == nil, threshold != nil {
      throw ValidationError("--xtc-threshold goes with --xtc-probability")
    }
  }

  func set(_ settings: inout XTCSettings) {
    if let probability { settings.probability = probability }
    if let threshold { settings.threshold = threshold }
  }
}

/// The flags of sampling at a constant surprise.
struct MirostatArguments: ParsableArguments {
  private static let defaults = MirostatSettings()

  @Option(
    name: .customLong("mirostat"), parsing: .unconditional,
    help: """
      Keep the surprise of tokens constant, by Mirostat 1 or 2 (default 0: off). Of the other flags that choose a \
      token --temperature, --logit-bias and --no-repeat-ngram count; the rest have no effect.
      """)
  var version: Int?

  @Option(
    name: .customLong("mirostat-ent"), parsing: .unconditional,
    help: "Mirostat: the surprise to keep, in bits (default \(defaults.entropy)).")
  var entropy: Double?

  @Option(
    name: .customLong("mirostat-lr"), parsing: .unconditional,
    help:
      "Mirostat: by how much of its error each token corrects it (default \(defaults.learningRate))."
  )
  var learningRate: Double?

  init() {}

  func validate() throws {
    let given: [(String, Bool)] = [
      ("--mirostat-ent", entropy != nil), ("--mirostat-lr", learningRate != nil),
    ]
    if version == nil, let flag = given.first(where: { $0.1 })?.0 {
      throw ValidationError("\(flag) goes with --mirostat")
    }
  }

  func set(_ settings: inout MirostatSettings) {
    if let version { settings.version = version }
    if let entropy { settings.entropy = entropy }
    if let learningRate { settings.learningRate = learningRate }
  }
}
