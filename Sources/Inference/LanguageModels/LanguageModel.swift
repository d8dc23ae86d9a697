import Datasets
import Files
import Kernels

/// One possible next token.
public struct Candidate: Equatable, Sendable {
  /// The token's id.
  public var id: Int32
  /// Natural-log score. Scores of one step may share an unknown constant (logits).
  public var logit: Float

  /// Creates a candidate from its id and its natural-log score.
  public init(id: Int32, logit: Float) {
    self.id = id
    self.logit = logit
  }

  /// The order of every candidate list: higher score first, then lower id.
  @inlinable
  public static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
    a.logit != b.logit ? a.logit > b.logit : a.id < b.id
  }
}

/// One scored token of a text.
public struct ScoredToken: Equatable, Sendable {
  /// The token's id.
  public var id: Int32
  /// The token's own bytes: not always UTF-8 by themselves.
  public var bytes: [UInt8]
  /// Natural log of its probability; nil for a first token without context.
  public var logProbability: Float?
  /// Whether the model does not know the token; nil where a model knows every text.
  public var isUnknown: Bool?

  /// Creates a scored token.
  public init(id: Int32, bytes: [UInt8], logProbability: Float?, isUnknown: Bool? = nil) {
    self.id = id
    self.bytes = bytes
    self.logProbability = logProbability
    self.isUnknown = isUnknown
  }
}

/// What `aigc evaluate` measures on held-out text.
public struct TextEvaluation: Equatable, Sendable {
  /// The exponential of the mean negative log-likelihood of a token.
  public var perplexity: Double
  /// nil where a model knows every text.
  public var perplexityWithoutUnknown: Double?
  /// The negative log-likelihood of the whole text in bits, divided by the number of its bytes:
  /// comparable between models with different tokens.
  public var bitsPerByte: Double
  /// The number of tokens that were scored.
  public var tokens: Int
  /// How many of them are unknown to the model (out of vocabulary); nil where a model knows every
  /// text.
  public var unknown: Int?
  /// The same total over words with white space between them, and over bytes; nil where a model does
  /// not say.
  public var perplexityPerWord: Double?
  /// The perplexity of a byte: the exponential of the negative log-likelihood of the whole text
  /// over the number of its bytes; nil where a model does not say.
  public var perplexityPerByte: Double?
  /// The windows in which the text was read; nil where a model sees all of it.
  public var context: Int?
  /// Tokens between the starts of two windows; nil where a model sees all of the text.
  public var stride: Int?

  /// Creates an evaluation by a model that sees all of the text; ``context`` and what goes with it
  /// is nil.
  public init(
    perplexity: Double, perplexityWithoutUnknown: Double?, bitsPerByte: Double, tokens: Int,
    unknown: Int?
  ) {
    self.perplexity = perplexity
    self.perplexityWithoutUnknown = perplexityWithoutUnknown
    self.bitsPerByte = bitsPerByte
    self.tokens = tokens
    self.unknown = unknown
  }
}

/// How a text that is longer than a model's context is cut for scoring.
public struct ScoringWindow: Equatable, Sendable {
  /// Tokens of a window; nil: as many as the model can see.
  public var context: Int?
  /// Tokens between the starts of two windows; nil: half a window.
  public var stride: Int?

  /// Creates a choice of windows; nil leaves either number to the model.
  public init(context: Int? = nil, stride: Int? = nil) {
    (self.context, self.stride) = (context, stride)
  }
}

/// A trained model of text: n-gram, LSTM, GPT-2. Families meet the verbs through this protocol.
public protocol LanguageModel: Sendable {
  var vocabularySize: Int { get }

  /// Token ids of a prompt, without marks for its start or end.
  /// - Throws: ``/Files/AIGCError`` where the text cannot be read in the model's tokens.
  func encode(_ text: String) throws(AIGCError) -> [Int32]

  /// How the model wants conversations written; nil for a model that has learned none, as by default.
  /// - Throws: ``/Files/AIGCError`` (badInput) where the model's files hold a template that is none.
  func chatTemplate() throws(AIGCError) -> ChatTemplate?

  /// Token ids of a conversation as its template renders it: special tokens in it stand for themselves, and
  /// none are put before it. Default: those of a prompt.
  /// - Throws: as ``encode(_:)``.
  func encode(rendered chat: String) throws(AIGCError) -> [Int32]

  /// The tokens that stand for themselves in a text, `<|im_end|>` say. Default: none.
  var specialTokens: [SpecialToken] { get }

  /// Turns generated tokens into text, piece by piece.
  func makeDecoder() -> any TokenDecoder

  /// The bytes that each token adds to a text, by its id; none for marks. nil where tokens are words, whose spaces
  /// depend on their neighbours (the default).
  var tokenTexts: [[UInt8]]? { get }

  /// A fresh position at the start of a text.
  func makeSession() -> any GenerationSession

  /// A fresh position for writing a text. Its distribution may be another one than the model's own, which
  /// ``makeSession()``, evaluation and scores have. Default: the model's own.
  /// - Parameter backoff: see ``GenerationOptions/backoff``.
  /// - Throws: ``/Files/AIGCError`` (usage) for a value that the model has no use for.
  func makeWritingSession(backoff: Double?) throws(AIGCError) -> any GenerationSession

  /// The token that ends a sentence or text, never shown as itself; nil when there is none.
  var endToken: Int32? { get }

  /// All tokens at which a text ends, ``endToken`` first. Default: that one.
  var endTokens: [Int32] { get }

  /// Settings for generation that the model's files have and that are not taken, a text for each.
  var ignoredSettings: [String] { get }

  /// How the model's files were understood where they do not say it, in words for the user.
  var notes: [String] { get }

  /// Whether generation is over at ``endToken``. Where not (the default), the token ends a sentence:
  /// the decoder writes a line end for it and the session goes on with a new sentence.
  var endTokenEndsText: Bool { get }

  /// Whether several sessions on several threads are faster than one after another: for models
  /// whose single step uses one thread. Default false.
  var generatesInParallel: Bool { get }

  /// Perplexity and the like of a text.
  func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation

  /// The probability of each token of a text, in order.
  func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken]

  /// The same in windows, for models that see so many tokens at once.
  /// - Throws: ``/Files/AIGCError`` (usage) where the model has no windows, or not these.
  func evaluate(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> TextEvaluation
  func score(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> [ScoredToken]

  /// Unnormalised scores of all tokens, where each token of a text but the first stands, from those before it.
  /// - Parameters:
  ///   - tokens: of the text.
  ///   - window: as for ``score(_:name:window:)``.
  ///   - body: gets the scores in order, [rows, vocabulary], some rows at a time.
  /// - Throws: ``/Files/AIGCError``: what `body` throws; usage where the model has no windows, or not these; badInput
  ///   for damaged weights.
  func logits(
    of tokens: [Int32], window: ScoringWindow, _ body: ([Float]) throws(AIGCError) -> Void
  ) throws(AIGCError)

  /// A session that has read `prompt`, or as much of it as the file `cache` begins with; the file is
  /// written where it does not hold all of the prompt.
  /// - Throws: ``/Files/AIGCError``: usage where the model keeps no such files; badInput and mismatch when the
  ///   file is damaged or another model's; failed when it cannot be written.
  func makeSession(
    prompt: [Int32], cache: String
  ) throws(AIGCError) -> any GenerationSession

  /// How many tokens are seen at once; nil: all.
  var contextSize: Int? { get }

  /// Whether ``read(_:)`` reads several sessions faster than one after the other. Default false.
  var readsInBatches: Bool { get }

  /// Makes the scores of several sessions known, in one pass where the model can.
  func read(_ sessions: inout [any GenerationSession])

  /// Whether ``draw(_:from:using:)`` is there. Default false.
  var drawsTogether: Bool { get }

  /// Draws the next tokens of several texts as ``GenerationSession/draw(using:)`` does one by one, and moves
  /// the sessions on by them.
  /// - Parameters:
  ///   - count: tokens of each text.
  ///   - sessions: made by this model.
  ///   - randoms: one for each text.
  /// - Returns: the tokens of each text; fewer where the next one cannot be drawn so.
  func draw(
    _ count: Int, from sessions: inout [any GenerationSession], using randoms: inout [RandomSource]
  ) -> [[Int32]]

  /// What the model holds for each token after `layer` of its layers; 0: before the first one. nil where it
  /// has no such states (the default).
  /// - Throws: ``/Files/AIGCError``: usage for a layer that is not there and for more tokens than are seen at once;
  ///   mismatch for ids that the model does not have; badInput for damaged weights.
  func hiddenStates(of tokens: [Int32], layer: Int) throws(AIGCError) -> HiddenStates?

  /// How many layers have states for ``hiddenStates(of:layer:)``; nil: none, as by default.
  var stateLayers: Int? { get }

  /// The same after several layers, which a model computes in one pass where it can.
  /// - Throws: as ``hiddenStates(of:layer:)``.
  func hiddenStates(of tokens: [Int32], layers: [Int]) throws(AIGCError) -> [HiddenStates]?

  /// Why scores are not numbers: a line that names what is damaged. Reads the whole model.
  func damage() -> AIGCError?

  /// The same model, whose sessions read drafts ahead of their texts.
  /// - Throws: ``/Files/AIGCError`` (usage) for a model that reads token by token, as by default.
  func drafted(by drafting: Drafting) throws(AIGCError) -> any LanguageModel

  /// How this model drafts texts of another one.
  /// - Throws: ``/Files/AIGCError``: usage where it drafts nothing (the default), mismatch where its tokens are others.
  func draftSource(for model: any LanguageModel) throws(AIGCError) -> DraftSource
}

extension LanguageModel {
  /// Unless a model says otherwise, it has learned no conversations.
  public func chatTemplate() throws(AIGCError) -> ChatTemplate? { nil }
  /// Unless a model says otherwise, a conversation is a text like others.
  /// - Throws: as ``encode(_:)``.
  public func encode(rendered chat: String) throws(AIGCError) -> [Int32] { try encode(chat) }
  /// Unless a model says otherwise, there are none.
  public var specialTokens: [SpecialToken] { [] }
  /// Unless a model says otherwise, a text ends at ``endToken`` alone.
  public var endTokens: [Int32] { endToken.map { [$0] } ?? [] }
  /// Unless a model says otherwise, its tokens are words.
  public var tokenTexts: [[UInt8]]? { nil }
  /// Unless a model says otherwise, all settings of its files are taken.
  public var ignoredSettings: [String] { [] }
  /// Unless a model says otherwise, nothing about its files had to be assumed.
  public var notes: [String] { [] }
  /// Unless a model says otherwise, ``endToken`` ends a sentence, not the text.
  public var endTokenEndsText: Bool { false }
  /// Unless a model says otherwise, sessions run one after another.
  public var generatesInParallel: Bool { false }
  /// Unless a model says otherwise, it sees all tokens before the next one.
  public var contextSize: Int? { nil }
  /// Unless a model says otherwise, ``read(_:)`` gains nothing.
  public var readsInBatches: Bool { false }
  /// Unless a model says otherwise, nothing is done: each session computes its scores when they are
  /// asked for.
  public func read(_ sessions: inout [any GenerationSession]) {}
  /// Unless a model says otherwise, texts are drawn one by one.
  public var drawsTogether: Bool { false }
  /// Unless a model says otherwise, nothing is drawn: the result holds no tokens for any text.
  public func draw(
    _ count: Int, from sessions: inout [any GenerationSession], using randoms: inout [RandomSource]
  ) -> [[Int32]] { sessions.map { _ in [] } }
  /// Unless a model says otherwise, it has no states to show.
  public func hiddenStates(of tokens: [Int32], layer: Int) throws(AIGCError) -> HiddenStates? {
    nil
  }
  /// Unless a model says otherwise, it has no states to show.
  public var stateLayers: Int? { nil }
  /// Unless a model says otherwise, one pass a layer.
  public func hiddenStates(
    of tokens: [Int32], layers: [Int]
  ) throws(AIGCError) -> [HiddenStates]? {
    var result: [HiddenStates] = []
    for layer in layers {
      guard let states = try hiddenStates(of: tokens, layer: layer) else { return nil }
      result.append(states)
    }
    return result
  }
  /// Unless a model says otherwise, it reads token by token.
  /// - Throws: ``/Files/AIGCError`` (usage) always.
  public func drafted(by drafting: Drafting) throws(AIGCError) -> any LanguageModel {
    throw .usage("`draft` is of transformers, such as gpt2: other models read token by token")
  }
  /// Unless a model says otherwise, it drafts nothing.
  /// - Throws: ``/Files/AIGCError`` (usage) always.
  public func draftSource(for model: any LanguageModel) throws(AIGCError) -> DraftSource {
    throw .usage(
      "`draft`: a smaller transformer drafts, or an n-gram model of the model's tokens: "
        + "'aigc train ngram TEXT --tokenizer MODEL'")
  }
  /// Unless a model says otherwise, no damage is known.
  public func damage() -> AIGCError? { nil }

  /// What to say where scores are not numbers. Reads the whole model.
  public var scoreDamage: AIGCError {
    damage() ?? .badInput("the model's scores are not numbers: damaged weights")
  }

  /// The guard of scores of whole texts, as they leave a model.
  /// - Throws: ``scoreDamage`` where one is not finite.
  public func checkScores(_ scores: [Float?]) throws(AIGCError) {
    if scores.contains(where: { $0?.isFinite == false }) { throw scoreDamage }
  }

  /// Unless a model says otherwise, texts are written from its own distribution.
  /// - Throws: ``/Files/AIGCError`` (usage) for a `backoff`, which n-gram models alone have.
  public func makeWritingSession(backoff: Double?) throws(AIGCError) -> any GenerationSession {
    guard backoff == nil else { throw .usage("`backoff` is of n-gram models") }
    return makeSession()
  }

  /// Unless a model says otherwise, it keeps no prompts in files.
  /// - Throws: ``/Files/AIGCError`` (usage) always.
  public func makeSession(
    prompt: [Int32], cache: String
  ) throws(AIGCError) -> any GenerationSession {
    throw .usage("`promptCache` is of transformers")
  }
}

/// The protocol stands in Datasets, beside the tokenizers.
public typealias TokenDecoder = Datasets.TokenDecoder

/// A language model at one position of one text.
public protocol GenerationSession {
  /// Moves on by one token.
  mutating func append(_ token: Int32)

  /// Moves on by several tokens, as a prompt.
  mutating func append(contentsOf tokens: [Int32])

  /// Scores of all tokens: `scores` is resized to the vocabulary; -infinity for what cannot follow.
  mutating func scores(into scores: inout [Float])

  /// The same scores from the model's own distribution, where text is written from another one. Default:
  /// ``scores(into:)``.
  mutating func ownScores(into scores: inout [Float])

  /// The `count` best tokens in the order of ``Candidate/precedes(_:_:)``, without a pass over the
  /// vocabulary; nil where a model has no such way (the caller then takes ``scores(into:)``).
  mutating func best(_ count: Int) -> [Candidate]?

  /// The score of one token, on the scale of ``best(_:)``; used together with it.
  mutating func score(of token: Int32) -> Float

  /// A draw from the distribution as it is (temperature 1, no truncation), without a pass over the
  /// vocabulary; nil where a model has no such way.
  mutating func draw(using random: inout RandomSource) -> Int32?

  /// Whether the last scores were numbers. Where not, ``LanguageModel/damage()`` may say why.
  var areScoresFinite: Bool { get }
}

extension GenerationSession {
  /// Reads a prompt, a part at a time.
  /// - Parameters:
  ///   - prompt: token ids, which follow those read before.
  ///   - progress: is told how many tokens have been read.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  public mutating func read(
    _ prompt: [Int32], _ progress: (Int) -> Void = { _ in }
  ) throws(AIGCError) {
    let part = 128
    for first in stride(from: 0, to: prompt.count, by: part) {
      try Interruption.check()
      append(contentsOf: Array(prompt[first..<min(first + part, prompt.count)]))
      progress(min(first + part, prompt.count))
    }
  }

  /// Unless a session says otherwise, it moves on token by token.
  public mutating func append(contentsOf tokens: [Int32]) {
    for token in tokens { append(token) }
  }
  /// Unless a session says otherwise, texts are written from the model's own distribution, whose
  /// scores these are.
  public mutating func ownScores(into scores: inout [Float]) { self.scores(into: &scores) }
  /// Unless a session says otherwise, it has no candidates without a pass over the vocabulary.
  public mutating func best(_ count: Int) -> [Candidate]? { nil }
  /// Unless a session says otherwise, the score is looked up among those of all tokens; -infinity
  /// for an id out of range.
  public mutating func score(of token: Int32) -> Float {
    var all: [Float] = []
    scores(into: &all)
    let index = Int(token)
    return all.indices.contains(index) ? all[index] : -.infinity
  }
  /// Unless a session says otherwise, it cannot draw without a pass over the vocabulary.
  public mutating func draw(using random: inout RandomSource) -> Int32? { nil }
  /// Unless a session says otherwise, its scores are numbers.
  public var areScoresFinite: Bool { true }
}
