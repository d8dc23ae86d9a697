import ArgumentParser
import Console
import Families
import Files

/// Drafts that are read ahead of a text.
struct DraftArguments: ParsableArguments {
  @Option(
    name: [.customLong("draft"), .customLong("model-draft")], parsing: .unconditional,
    help: """
      Write the same text faster, where its next tokens can be guessed: 'prompt' looks them up in the text so far, a \
      model's name or path asks that one, smaller and of the same tokenizer, or 'train ngram --tokenizer' (default: \
      off).
      """,
    completion: .model)
  var draft: String?

  @Option(
    name: [.customLong("draft-tokens"), .customLong("draft-max"), .customLong("draft-n")],
    parsing: .unconditional,
    help: """
      With --draft: the most tokens that are guessed at once (default \(Drafting.defaultTokens)); fewer while guesses \
      are wrong.
      """)
  var tokens: Int?

  init() {}

  func validate() throws {
    if draft == nil, tokens != nil { throw ValidationError("--draft-tokens goes with --draft") }
    if let tokens, !(1...Drafting.largestTokens).contains(tokens) {
      throw ValidationError("--draft-tokens \(tokens): must be 1 to \(Drafting.largestTokens)")
    }
  }

  /// The model with drafts, and what becomes of them.
  /// - Throws: ``/Files/AIGCError``: usage for a model that reads token by token and for a draft model that drafts nothing,
  ///   mismatch for one of another tokenizer, and as opening a model does.
  func apply(
    to model: any LanguageModel
  ) throws(AIGCError) -> (model: any LanguageModel, statistics: DraftStatistics?) {
    guard let draft else { return (model, nil) }
    let drafting: Drafting
    if draft == "prompt" {
      drafting = try .fromPrompt(tokens: tokens)
    } else {
      drafting = try .by(try loadTextModel(draft).model, for: model, tokens: tokens)
    }
    return (try model.drafted(by: drafting), drafting.statistics)
  }
}

extension DraftStatistics {
  /// Says with --verbose what became of the drafts.
  func report() {
    let counts = counts
    Diagnostics.detail(
      "drafts: \(counts.passes) passes, \(counts.drafted) tokens drafted, \(counts.taken) taken, "
        + "\(Format.fixed(counts.tokensPerPass, 2)) tokens a pass")
  }
}
