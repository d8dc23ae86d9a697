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
  /// else those of `config.json`; the tokenizer's end token where `config.json` does not say, or
  /// where the model has none of those that are named. Empty where nothing ends a text.
  public let endTokens: [Int32]
  /// What stands before a text that begins with nothing: the end of the one before, or of a line.
  let startToken: Int32
  /// Settings of `generation_config.json` that are not taken, a text for each.
  public private(set) var ignoredSettings: [String] = []
  /// Where the model was opened; nil for a model in memory.
  private let folder: String?
  private let lock = Mutex(())
  private var loaded: Transformer?
  private let engine: TransformerEngine?

  /// A model in memory.
  /// - Parameter engine: its weights for generation; nil: each token computes the whole text anew.
  init(
    _ configuration: TransformerConfiguration, _ network: Transformer, _ tokenizer: any Tokenizer,
    _ engine: TransformerEngine? = nil
  ) {
    self.configuration = configuration
    self.tokenizer = tokenizer
    context = configuration.shape.context
    (weights, self.engine, folder) = (nil, engine, nil)
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
    folder = path
    let files = try TransformerFiles(path)
    (configuration, tokenizer) = (files.configuration, files.tokenizer)
    (startToken, endTokens) = Self.marks(configuration, files.defaults, tokenizer)
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
    engine = try TransformerEngine(
      weights, vocabulary: tokenizer.vocabularySize, context: context,
      cacheType: options.cacheType)
    self.weights = weights
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

  /// The template of the model's folder, or of its GGUF file.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file and for what is no template, mismatch for a template
  ///   that is no text.
  public func chatTemplate() throws(AIGCError) -> ChatTemplate? {
    guard let folder else { return nil }
    if isFolder(folder) { return try ChatTemplate.read(folder: folder) }
    return try ChatTemplate.read(gguf: GGUFFile.open(folder).metadata)
  }

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
  /// The most tokens in view: as many as the model has positions, or fewer where it was opened so.
  public var contextSize: Int? { context }
  /// Whether sessions can be read together: those of a model that was opened from a folder.
  public var readsInBatches: Bool { engine != nil }

  /// A session at the start of a text. It keeps the keys and values of what it has read; only for a
  /// model in memory, such as one in training, it computes them anew at each step.
  public func makeSession() -> any GenerationSession {
    guard let engine else { return TransformerPlainSession(self) }
    return TransformerSession(engine, startToken: startToken)
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
      if session.tokens.count + 1 >= prompt.count { return session }
    } else {
      session = TransformerSession(engine, startToken: startToken)
      session.append(contentsOf: prompt)
    }
    session.read()
    try Interruption.check()
    guard session.areScoresFinite else { throw scoreDamage }
    try TransformerPromptCache.write(&session, to: cache)
    return session
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

// MARK: Whole texts

extension TransformerLanguageModel {
  /// How many tokens go through the network at once.
  private static let tokensAtOnce = 4096

  /// Natural-log probabilities of tokens, each from those before it in its window; nil for the first.
  ///
  /// Windows of `context` tokens begin `stride` tokens apart. Each token is scored once, in the first
  /// window that holds it, so that all but the first window's have at least context - stride before
  /// them (the way of transformers' guide "Perplexity of fixed-length models"). Windows that would
  /// only touch overlap by one token, so that each token has one before it.
  func logProbabilities(
    _ tokens: [Int32], context: Int, stride: Int
  ) throws(AIGCError) -> [Float?] {
    let network = try network()
    var result = [Float?](repeating: nil, count: tokens.count)
    let (context, stride) = (max(context, 2), max(1, min(stride, context - 1)))
    var starts: [Int] = [0]
    while let last = starts.last, last + context < tokens.count { starts.append(last + stride) }
    var scored = 1
    var next = 0
    while next < starts.count {
      // Windows of one length side by side; only the last may be shorter.
      let length = min(context, tokens.count - starts[next])
      guard length > 1 else { break }
      var rows = 1
      while next + rows < starts.count, starts[next + rows] + length <= tokens.count,
        (rows + 1) * length <= Self.tokensAtOnce
      {
        rows += 1
      }
      var (inputs, targets): ([Int32], [Int32]) = ([], [])
      for start in starts[next..<next + rows] {
        inputs += tokens[start..<start + length - 1]
        targets += tokens[start + 1..<start + length]
      }
      let losses = network.losses(Indices(inputs, [rows, length - 1]), targets: targets)
      for row in 0..<rows {
        let start = starts[next + row]
        for place in scored..<max(scored, start + length) {
          result[place] = -losses[row * (length - 1) + place - start - 1]
        }
        scored = max(scored, start + length)
      }
      next += rows
      try Interruption.check()
    }
    try checkScores(result)
    return result
  }

  /// The perplexity of a text in windows of the whole context, each half a context after the one
  /// before.
  /// - Throws: ``/Files/AIGCError``: as ``evaluate(_:name:window:)``.
  public func evaluate(_ text: Table<UInt8>, name: String) throws(AIGCError) -> TextEvaluation {
    try evaluate(text, name: name, window: ScoringWindow())
  }

  /// The probabilities of a text's tokens in windows of the whole context, each half a context
  /// after the one before.
  /// - Throws: ``/Files/AIGCError``: as ``score(_:name:window:)``.
  public func score(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [ScoredToken] {
    try score(text, name: name, window: ScoringWindow())
  }

  /// Perplexity, also over words and bytes, and bits per byte of a text. Each token but the first
  /// is scored once, in the first window that holds it.
  /// - Throws: ``/Files/AIGCError``: usage for a window that is larger than the context, or a stride that
  ///   is larger than the window; badInput for text of fewer than two tokens, text that the
  ///   tokenizer refuses and damaged weights; mismatch for text that the vocabulary cannot write;
  ///   interrupted.
  public func evaluate(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> TextEvaluation {
    let tokens = try tokenizer.encode(text, name: name)
    let (context, stride) = try resolved(window)
    let scores = try logProbabilities(tokens, context: context, stride: stride)
    var (total, counted) = (0.0, 0)
    for case let score? in scores {
      total += Double(score)
      counted += 1
    }
    guard counted > 0 else { throw .badInput("\(name): too little text to evaluate") }
    var result = TextEvaluation(
      perplexity: exp(-total / Double(counted)), perplexityWithoutUnknown: nil,
      bitsPerByte: -total / M_LN2 / Double(max(text.count, 1)), tokens: counted, unknown: nil)
    result.perplexityPerWord = exp(-total / Double(max(wordCount(text), 1)))
    result.perplexityPerByte = exp(-total / Double(max(text.count, 1)))
    (result.context, result.stride) = (context, stride)
    return result
  }

  /// The natural-log probability of each token of a text, in windows; the first token has none.
  /// - Throws: ``/Files/AIGCError``: as ``evaluate(_:name:window:)``, though a short text is no error.
  public func score(
    _ text: Table<UInt8>, name: String, window: ScoringWindow
  ) throws(AIGCError) -> [ScoredToken] {
    let tokens = try tokenizer.encode(text, name: name)
    let ranges = try tokenizer.ranges(of: text, name: name)
    let (context, stride) = try resolved(window)
    let scores = try logProbabilities(tokens, context: context, stride: stride)
    return try Interruption.map(tokens.count) { (index) throws(AIGCError) in
      ScoredToken(
        id: tokens[index], bytes: ranges[index].map { text[$0] }, logProbability: scores[index],
        isUnknown: tokenizer.unknownToken.map { $0 == tokens[index] })
    }
  }

  /// What stands in `window`, or the whole context and half of it.
  private func resolved(
    _ window: ScoringWindow
  ) throws(AIGCError) -> (context: Int, stride: Int) {
    let context = window.context ?? self.context
    guard (2...max(2, self.context)).contains(context) else {
      throw .usage("`context` \(context): the model has positions for \(self.context)")
    }
    let stride = window.stride ?? max(1, context / 2)
    guard (1...context).contains(stride) else {
      throw .usage("`stride` \(stride): from 1 to the context, \(context)")
    }
    return (context, stride)
  }
}

/// Words with white space between them.
private func wordCount(_ text: Table<UInt8>) -> Int {
  var (count, isInside) = (0, false)
  for index in text.indices {
    let isSpace = text[index] == 32 || (9...13).contains(text[index])
    if !isSpace, !isInside { count += 1 }
    isInside = !isSpace
  }
  return count
}
