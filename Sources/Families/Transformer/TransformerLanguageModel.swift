import Autograd
import Checkpoints
import Datasets
import Files
import Glibc
import Kernels
import NN
import Synchronization
import Training

/// A transformer with its tokenizer: what the text verbs work with. Opening it maps the weights and packs them.
public final class TransformerLanguageModel: LanguageModel, @unchecked Sendable {
  // A network's parameters are read only once it is loaded, from any thread; the lock guards that.
  /// What `config.json` says of the model: its sizes, its tokens, and those that start
  /// and end a text.
  public let configuration: TransformerConfiguration
  let tokenizer: any Tokenizer
  /// nil for a model that was made in memory.
  let weights: TransformerWeights?
  /// The most tokens in view: the model's, or fewer where the user wants so.
  let context: Int
  /// The tokens at which a text ends: those of `generation_config.json` where the folder has one,
  /// else those of `config.json`; those of a GGUF file with the marks by which templates end a turn; the tokenizer's end token where `config.json` does not say, or
  /// where the model has none of those that are named. Empty where nothing ends a text.
  public let endTokens: [Int32]
  /// What stands before a text that begins with nothing: the end of the one before, or of a line.
  let startToken: Int32
  /// Settings of `generation_config.json` that are not taken, a text for each.
  public private(set) var ignoredSettings: [String] = []
  /// What the model was opened of; nil for a model in memory.
  private let files: TransformerFiles?
  private let lock = Mutex(())
  private var loaded: Transformer?
  let engine: TransformerEngine?
  /// How drafts are made of its texts; nil: none are.
  private let drafting: Drafting?

  /// A model in memory.
  /// - Parameter engine: its weights for generation; nil: each token computes the whole text anew.
  init(
    _ configuration: TransformerConfiguration, _ network: Transformer, _ tokenizer: any Tokenizer,
    _ engine: TransformerEngine? = nil
  ) {
    self.configuration = configuration
    self.tokenizer = tokenizer
    context = configuration.shape.context
    (weights, self.engine, files, drafting) = (nil, engine, nil, nil)
    loaded = network
    (startToken, endTokens) = Self.marks(configuration, nil, tokenizer)
  }

  /// Opens a model folder, one of ours or one that transformers wrote, with a context of its choice.
  /// - Throws: as ``init(path:options:)``.
  public convenience init(folder: String, context: Int? = nil) throws(AIGCError) {
    var options = ModelLoadOptions()
    options.context = context
    try self.init(path: folder, options: options)
  }

  /// Opens a model folder or a GGUF file.
  /// - Parameters:
  ///   - path: of one of ours, or one that transformers or llama.cpp wrote.
  ///   - options: the most tokens in view, and how what is read is kept.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its files
  ///   do not fit together, (usage) when the context is none that the model has.
  public init(path: String, options: ModelLoadOptions) throws(AIGCError) {
    let files = try TransformerFiles(path)
    (self.files, drafting) = (files, nil)
    (configuration, tokenizer) = (files.configuration, files.tokenizer)
    let marks = Self.marks(configuration, files.defaults, tokenizer)
    let turnEnds = files.turnEnds.filter {
      $0 < files.configuration.shape.vocabulary && !marks.ends.contains($0)
    }
    (startToken, endTokens) = (marks.start, marks.ends + turnEnds)
    ignoredSettings = (files.defaults?.others ?? []).map {
      "\(GenerationDefaults.fileName): \($0)"
    }
    let weights = try files.weights()
    context = options.context ?? configuration.shape.context
    guard (2...max(2, configuration.shape.context)).contains(context) else {
      throw .usage(
        "`load(_:options:)` \(context): the model has positions for \(configuration.shape.context)")
    }
    // What the tokenizer does not know is never generated.
    if options.activations == .int8, !weights.hasBlocks {
      throw .usage(
        "`activations` int8 is of weights in blocks of few bits; \(path) holds \(weights.typeName)")
    }
    var adapters: [Adapter] = []
    for choice in options.adapters {
      let adapter = try Adapter.read(choice.path, for: files.configuration)
      adapters.append(try adapter.scaled(choice))
    }
    engine = try TransformerEngine(
      weights, vocabulary: tokenizer.vocabularySize, context: context,
      cacheType: options.cacheType ?? .f16, activations: options.activations ?? .int8,
      adapters: adapters)
    self.weights = adapters.isEmpty ? weights : weights.merged(with: adapters)
  }

  /// The same model, computed or drafted otherwise.
  private init(
    _ model: TransformerLanguageModel, _ weights: TransformerWeights?, _ engine: TransformerEngine?,
    _ drafting: Drafting?
  ) {
    (configuration, tokenizer, files) = (model.configuration, model.tokenizer, model.files)
    (context, startToken, endTokens) = (model.context, model.startToken, model.endTokens)
    ignoredSettings = model.ignoredSettings
    (self.weights, self.engine, self.drafting) = (weights, engine, drafting)
  }

  /// The same model with an adapter in place of those that it has; the packed weights are shared.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func adapted(by adapter: Adapter) throws(AIGCError) -> TransformerLanguageModel {
    TransformerLanguageModel(
      self, weights?.merged(with: [adapter]), try engine?.adapted(by: [adapter]), drafting)
  }

  /// The templates of its chats, as a folder has them; none of a model in memory.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file and for what is no template.
  func templates() throws(AIGCError) -> [TransformerFolder.Companion] {
    try files.map(TransformerFolder.templates) ?? []
  }

  /// The tokens before and behind a text, as `generate` has them: of `generation_config.json`, else of
  /// `config.json`. Where no file names a token that the model has, those of the tokenizer.
  private static func marks(
    _ configuration: TransformerConfiguration, _ defaults: GenerationDefaults?,
    _ tokenizer: any Tokenizer
  ) -> (start: Int32, ends: [Int32]) {
    let size = min(tokenizer.vocabularySize, configuration.shape.vocabulary)
    func known(_ ids: [Int]) -> [Int32] {
      ids.filter { (0..<size).contains($0) }.map { Int32($0) }
    }
    let own = [tokenizer.endToken].compactMap { $0 }
    let named = defaults?.endTokens ?? configuration.endTokens
    let ends = named.map { $0.isEmpty ? [] : known($0).isEmpty ? own : known($0) } ?? own
    let start = (defaults == nil ? configuration.startToken : defaults?.startToken).map { [$0] }
    return (
      known(start ?? []).first ?? own.first ?? (try? tokenizer.encode(prompt: "\n"))?.first ?? 0,
      ends
    )
  }

  /// The same for a configuration.
  var marks: (start: Int?, ends: [Int]?) {
    (tokenizer.kind == .bpe ? Int(startToken) : nil, endTokens.map { Int($0) })
  }

  /// The same of files that are not opened as a model.
  static func savedMarks(
    _ configuration: TransformerConfiguration, _ defaults: GenerationDefaults?,
    _ tokenizer: any Tokenizer
  ) -> (start: Int?, ends: [Int]?) {
    let marks = marks(configuration, defaults, tokenizer)
    return (tokenizer.kind == .bpe ? Int(marks.start) : nil, marks.ends.map { Int($0) })
  }

  /// How many tokens can be generated: those that both the tokenizer and the model have.
  public var vocabularySize: Int {
    min(tokenizer.vocabularySize, configuration.shape.vocabulary)
  }
  /// The first of ``endTokens``; nil when there is none.
  public var endToken: Int32? { endTokens.first }
  /// Whether the end token ends the text, as that of BPE does, or a line.
  public var endTokenEndsText: Bool { tokenizer.endTokenEndsText }

  /// The ids of a prompt, without the tokens that mark a start or an end.
  /// - Throws: ``/Files/AIGCError``: mismatch for text that the vocabulary cannot write, badInput for text
  ///   that the tokenizer refuses, failed without memory.
  public func encode(_ text: String) throws(AIGCError) -> [Int32] {
    try tokenizer.encode(prompt: text, addsSpecialTokens: true)
  }

  /// The template of the model's folder or GGUF file.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file and for what is no template.
  public func chatTemplate() throws(AIGCError) -> ChatTemplate? { try files?.chatTemplate() }

  /// The ids of a conversation as its template renders it.
  /// - Throws: as ``encode(_:)``.
  public func encode(rendered chat: String) throws(AIGCError) -> [Int32] {
    try tokenizer.encode(rendered: chat)
  }

  /// Those of the model's tokenizer that the model has.
  public var specialTokens: [SpecialToken] {
    tokenizer.specialTokens.filter { Int($0.id) < vocabularySize }
  }

  /// A decoder of the model's tokenizer.
  public func makeDecoder() -> any TokenDecoder { tokenizer.makeDecoder() }
  /// The bytes of each token; nil for words.
  public var tokenTexts: [[UInt8]]? { tokenizer.tokenTexts }
  /// The most tokens in view: as many as the model has positions, or fewer where it was opened so.
  public var contextSize: Int? { context }
  /// Whether sessions can be read together: those of a model that was opened from a folder.
  /// Each text that is drafted goes on by as many tokens as are right.
  public var readsInBatches: Bool { engine != nil && drafting == nil }

  /// A session at the start of a text. It keeps the keys and values of what it has read; only for a
  /// model in memory, such as one in training, it computes them anew at each step.
  public func makeSession() -> any GenerationSession {
    guard let engine else { return TransformerPlainSession(self) }
    return drafted(TransformerSession(engine, startToken: startToken))
  }

  private func drafted(_ session: TransformerSession) -> TransformerSession {
    guard let drafting else { return session }
    var session = session
    session.startDrafting(drafting)
    return session
  }

  /// The same model, whose sessions read drafts ahead of their texts.
  /// - Throws: ``/Files/AIGCError`` (usage) for a model in memory.
  public func drafted(by drafting: Drafting) throws(AIGCError) -> any LanguageModel {
    guard engine != nil else { throw .usage("`draft`: the model is in no file") }
    return TransformerLanguageModel(self, weights, engine, drafting)
  }

  /// Its likeliest tokens, as long as it is sure of them.
  /// - Throws: ``/Files/AIGCError``: mismatch where its tokens are not those of `model`, usage for a model in memory.
  public func draftSource(for model: any LanguageModel) throws(AIGCError) -> DraftSource {
    guard let engine else { throw .usage("`draft`: the model is in no file") }
    guard hasTokens(of: model) else { throw .otherDraftTokens }
    let other = (model as? TransformerLanguageModel)?.engine?.decoder.weights.bytesPerToken
    let share = Double(engine.decoder.weights.bytesPerToken) / Double(max(other ?? 1, 1))
    let start = startToken
    return DraftSource(cost: min(share, 1)) { TransformerDrafter(engine, startToken: start) }
  }

  /// A session that has read `prompt`. As much of it as the file `cache` begins with is not read
  /// again; the file is written where more than the last token was missing.
  /// - Throws: ``/Files/AIGCError``: usage for a model in memory; badInput for a damaged file and for
  ///   damaged weights; mismatch for the file of another model; failed when it cannot be written;
  ///   interrupted after Ctrl-C.
  public func makeSession(
    prompt: [Int32], cache: String
  ) throws(AIGCError) -> any GenerationSession {
    guard let engine else { throw .usage("`promptCache`: the model is in no file") }
    var session: TransformerSession
    if fileExists(cache) {
      session = try TransformerPromptCache.read(
        cache, prompt: prompt, engine: engine, startToken: startToken)
      // The last token is read again, for its scores.
      if session.tokens.count + 1 >= prompt.count { return drafted(session) }
    } else {
      session = TransformerSession(engine, startToken: startToken)
      session.append(contentsOf: prompt)
    }
    session.read()
    try Interruption.check()
    guard session.areScoresFinite else { throw scoreDamage }
    try TransformerPromptCache.write(&session, to: cache)
    return drafted(session)
  }

  /// Sessions at their last token each are read together: every weight once for several of them.
  public func read(_ sessions: inout [any GenerationSession]) {
    // Memory that two hold would be copied: the array lets go of it first.
    var own = sessions.compactMap { $0 as? TransformerSession }
    guard own.count == sessions.count else { return }
    sessions = []
    TransformerSession.read(&own)
    sessions = own
  }

  /// Names the first tensor with a value that is not finite; nil for sound weights and for a model
  /// in memory. All weights are read.
  public func damage() -> AIGCError? { weights?.nonFiniteProblem() }

  /// The network in 32 bits, for training and for whole texts. Made when it is first asked for.
  func network() throws(AIGCError) -> Transformer {
    try lock.withLock { _ throws(AIGCError) in
      if let loaded { return loaded }
      let network = configuration.network
      try weights?.load(into: network.namedParameters)
      loaded = network
      return network
    }
  }
}
