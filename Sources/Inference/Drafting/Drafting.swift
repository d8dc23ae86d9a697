import Datasets
import Files
import Synchronization

/// Speculative decoding (Leviathan et al. 2023, Chen et al. 2023): a drafter guesses the next tokens, the model reads
/// them in one pass with the token before, and those that the text then takes need no pass of their own.
///
/// Which token is taken is decided as without drafts, by the same scores and the same chance: as each row of a pass has
/// the arithmetic that it has alone, the text of a random seed is the same to the last byte. Of a draft of one token
/// certain, that is the rule of those papers: it is taken with the probability that the model gives it.
public struct Drafting: Sendable {
  /// The most tokens of a draft.
  public let tokens: Int
  /// What became of the drafts of all sessions.
  public let statistics = DraftStatistics()
  private let drafter: @Sendable () -> any TokenDrafter
  /// What drafting a token costs, as a share of the model's own step.
  private let draftCost: Double
  private let isTimed: Bool

  /// The most tokens of a draft where none are chosen: with the token before, as many as the decoder reads together at
  /// the lowest cost.
  public static let defaultTokens = 7
  /// The largest choice.
  public static let largestTokens = 64

  /// - Parameters:
  ///   - tokens: the most of a draft; nil: ``defaultTokens``.
  ///   - draftCost: of drafting a token, as a share of the model's own step; 0: next to nothing.
  ///   - isTimed: whether drafts become shorter and longer by what passes take on this machine, beside how many of
  ///     their tokens are taken. The text is the same, which tokens were drafted is not.
  ///   - drafter: makes one for the start of a text.
  /// - Throws: ``/Files/AIGCError`` (usage) for a number of tokens out of range.
  public init(
    tokens: Int? = nil, draftCost: Double = 0, isTimed: Bool = true,
    _ drafter: @escaping @Sendable () -> any TokenDrafter
  ) throws(AIGCError) {
    let tokens = tokens ?? Self.defaultTokens
    guard (1...Self.largestTokens).contains(tokens) else {
      throw .usage("`draft.tokens` \(tokens): must be 1 to \(Self.largestTokens)")
    }
    (self.tokens, self.draftCost) = (tokens, draftCost)
    (self.isTimed, self.drafter) = (isTimed, drafter)
  }

  /// From the text itself: see ``PromptDrafter``.
  /// - Throws: as ``init(tokens:draftCost:isTimed:_:)``.
  public static func fromPrompt(tokens: Int? = nil) throws(AIGCError) -> Drafting {
    try Drafting(tokens: tokens) { PromptDrafter() }
  }

  /// By a model with the same tokens.
  /// - Parameters:
  ///   - draft: a smaller model, or an n-gram model of the tokenizer's ids.
  ///   - model: whose texts are to be drafted.
  ///   - tokens: the most of a draft; nil: ``defaultTokens``.
  /// - Throws: ``/Files/AIGCError``: usage for a model that drafts nothing, mismatch for one of other tokens, and as
  ///   ``init(tokens:draftCost:isTimed:_:)``.
  public static func by(
    _ draft: any LanguageModel, for model: any LanguageModel, tokens: Int? = nil
  ) throws(AIGCError) -> Drafting {
    let source = try draft.draftSource(for: model)
    return try Drafting(tokens: tokens, draftCost: source.cost, source.drafter)
  }

  /// A drafter with its plan, for the start of a text.
  public func start() -> DraftState {
    DraftState(
      drafter: drafter(), plan: DraftPlan(draftCost: draftCost, isTimed: isTimed), most: tokens,
      statistics: statistics)
  }
}

/// How a model drafts for another one.
public struct DraftSource: Sendable {
  /// Makes a drafter for the start of a text.
  public let drafter: @Sendable () -> any TokenDrafter
  /// What drafting a token costs, as a share of a step of the other model.
  public let cost: Double

  /// Creates a source of its parts.
  public init(cost: Double, _ drafter: @escaping @Sendable () -> any TokenDrafter) {
    (self.cost, self.drafter) = (cost, drafter)
  }
}

/// What became of drafts.
public final class DraftStatistics: Sendable {
  /// Numbers of passes, and of tokens that were drafted and read, and of those that the text took.
  public struct Counts: Equatable, Sendable {
    /// Passes that read one new token of the text, and drafted ones or none.
    public var passes = 0
    /// Drafted tokens that were read.
    public var drafted = 0
    /// Drafted tokens that the text took.
    public var taken = 0

    /// Tokens of the text for each pass.
    public var tokensPerPass: Double {
      passes == 0 ? 0 : Double(passes + taken) / Double(passes)
    }
  }

  private let state = Mutex(Counts())

  /// The numbers so far.
  public var counts: Counts { state.withLock { $0 } }

  func add(passes: Int = 0, drafted: Int = 0, taken: Int = 0) {
    state.withLock {
      $0.passes += passes
      $0.drafted += drafted
      $0.taken += taken
    }
  }
}

extension LanguageModel {
  /// Whether each id has the same text in both models, and none of them stands for a word.
  public func hasTokens(of other: any LanguageModel) -> Bool {
    vocabularySize == other.vocabularySize && hasTokens(other.tokenTexts, other.specialTokens)
  }

  /// Whether each of the model's ids has the same text in a tokenizer, and none of them stands for a word.
  public func hasTokens(of tokenizer: any Tokenizer) -> Bool {
    hasTokens(tokenizer.tokenTexts, tokenizer.specialTokens)
  }

  private func hasTokens(_ texts: [[UInt8]]?, _ special: [SpecialToken]) -> Bool {
    guard let own = tokenTexts, let texts, texts.count >= vocabularySize else { return false }
    func marks(_ tokens: [SpecialToken]) -> [SpecialToken] {
      tokens.filter { Int($0.id) < vocabularySize }.sorted { $0.id < $1.id }
    }
    return own.prefix(vocabularySize) == texts.prefix(vocabularySize)
      && marks(specialTokens) == marks(special)
  }
}

extension AIGCError {
  /// A draft model that does not fit.
  public static var otherDraftTokens: AIGCError {
    .mismatch("`draft`: its tokens are not those of the model: drafts need one tokenizer for both")
  }
}
