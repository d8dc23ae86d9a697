import Files
import Kernels

/// A dialogue with a language model: each answer reads the tokens that the one before has not read.
public struct ChatSession {
  /// What was said so far.
  public private(set) var conversation: Conversation
  /// How the model wants it written.
  public let template: ChatTemplate
  /// The most tokens of an answer, the sampling chain, stop texts. The random seed is that of the first
  /// answer; the next one has the next seed.
  public var options: GenerationOptions
  private let model: any LanguageModel
  /// Where sessions stand that a later prompt may begin with, the newest last.
  private var places: [(tokens: [Int32], session: any GenerationSession)] = []
  private var answers: UInt64 = 0
  /// Of the options, once it is made.
  private var prepared: PreparedOptions?

  private static let largestPlaces = 4

  /// - Parameters:
  ///   - model: answers.
  ///   - template: renders the conversation; nil: the model's own.
  ///   - conversation: what was said before.
  ///   - options: its `prompt` and `num` have no effect.
  /// - Throws: ``/Files/AIGCError``: usage for options out of range, mismatch for a model without a template.
  public init(
    model: any LanguageModel, template: ChatTemplate? = nil,
    conversation: Conversation = Conversation(), options: GenerationOptions = GenerationOptions()
  ) throws(AIGCError) {
    try options.validate()
    let template = try template.orOwn(of: model)
    (self.model, self.template) = (model, template)
    (self.conversation, self.options) = (conversation, options)
    self.options.seed = .fixed(options.seed.resolved())
  }

  /// Begins anew with another conversation.
  public mutating func restart(_ conversation: Conversation) {
    self.conversation = conversation
  }

  /// What the model would be fed for an answer to the conversation and one more message.
  /// - Throws: ``/Files/AIGCError``: as ``ChatPrompt/init(_:template:model:room:date:)``.
  public func prompt(_ message: ChatMessage? = nil) throws(AIGCError) -> ChatPrompt {
    var whole = conversation
    if let message { whole.messages.append(message) }
    return try ChatPrompt(whole, template: template, model: model, room: options.maxTokens)
  }

  /// Answers a message; both stand in the conversation then. Where the answer was interrupted, what there is of
  /// it stands there.
  /// - Parameters:
  ///   - message: what is said; nil: the conversation as it is is answered.
  ///   - progress: is told how many tokens of the prompt have been read, and of how many.
  ///   - emit: gets the answer piece by piece; what it throws ends the answer.
  /// - Returns: the answer, and how many of the oldest turns the model did not see.
  /// - Throws: what `emit` throws; ``/Files/AIGCError``: as ``prompt(_:)``, interrupted while the prompt is read,
  ///   and for damaged weights. The conversation then is as it was before.
  public mutating func answer(
    _ message: ChatMessage? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in },
    _ emit: ([UInt8]) throws -> Void
  ) throws -> (sample: GeneratedSample, droppedTurns: Int) {
    let prompt = try prompt(message)
    var options = options
    options.num = 1
    options.seed = .fixed(options.seed.resolved() &+ answers)
    options.maxLength = min(options.maxLength ?? .max, model.contextSize ?? .max)
    var session = try start(prompt.tokens, options, progress)
    options.promptCache = nil
    let generator = try TextGenerator(
      model: model, options: options, chat: prompt, prepared: try prepare(prompt.endTokens))
    // The prompt is read here, so that what is kept of it holds its keys and values.
    var scores: [Float] = []
    session.scores(into: &scores)
    try Interruption.check()
    keep(prompt.tokens, session)
    let (sample, read) = try generator.generate(0, &session) { try emit($0.bytes) }
    if let failure = sample.failure { throw failure }
    // An interrupted session may stand in the midst of what it reads anew.
    if sample.reason != .interrupted { keep(prompt.tokens + sample.tokens.prefix(read), session) }
    answers += 1
    if let message { conversation.messages.append(message) }
    conversation.messages.append(ChatMessage(role: "assistant", content: sample.text))
    return (sample, prompt.droppedTurns)
  }

  /// What all answers with the same options share.
  private mutating func prepare(_ endTokens: [Int32]) throws(AIGCError) -> PreparedOptions {
    let ends = endTokens.isEmpty ? model.endTokens : endTokens
    if let prepared, prepared.serves(options, endTokens: ends) { return prepared }
    let made = try PreparedOptions(options, model: model, endTokens: ends)
    prepared = made
    return made
  }

  /// A session that has read the prompt: it goes on from the longest beginning that another one has read.
  private func start(
    _ tokens: [Int32], _ options: GenerationOptions, _ progress: (Int, Int) -> Void
  ) throws(AIGCError) -> any GenerationSession {
    let known = places.filter { tokens.count >= $0.tokens.count && tokens.starts(with: $0.tokens) }
    if let best = known.max(by: { $0.tokens.count < $1.tokens.count }) {
      var session = best.session
      let done = best.tokens.count
      try session.read(Array(tokens[done...])) { progress(done + $0, tokens.count) }
      return session
    }
    if let cache = options.promptCache, !tokens.isEmpty {
      return try model.makeSession(prompt: tokens, cache: cache)
    }
    var session = try model.makeWritingSession(backoff: options.backoff)
    try session.read(tokens) { progress($0, tokens.count) }
    return session
  }

  private mutating func keep(_ tokens: [Int32], _ session: any GenerationSession) {
    places.append((tokens, session))
    if places.count > Self.largestPlaces { places.removeFirst() }
  }
}

extension TextGenerator {
  /// Generates answers to a conversation; the options' prompt is what is echoed.
  /// - Parameters:
  ///   - model: which answers.
  ///   - options: of the answers.
  ///   - conversation: ends with what is to be answered.
  ///   - template: renders it; nil: the model's own.
  /// - Throws: ``/Files/AIGCError``: as ``init(model:options:)`` and
  ///   ``ChatPrompt/init(_:template:model:room:date:)``; mismatch for a model without a template.
  public init(
    model: any LanguageModel, options: GenerationOptions, answering conversation: Conversation,
    template: ChatTemplate? = nil
  ) throws(AIGCError) {
    let template = try template.orOwn(of: model)
    let room = options.maxTokens
    let chat = try ChatPrompt(conversation, template: template, model: model, room: room)
    try self.init(model: model, options: options, chat: chat)
  }
}

extension ChatTemplate? {
  /// The template, or that of a model.
  /// - Throws: ``/Files/AIGCError``: mismatch where there is neither, badInput for a model's broken one.
  public func orOwn(of model: any LanguageModel) throws(AIGCError) -> ChatTemplate {
    if let self { return self }
    if let own = try model.chatTemplate() { return own }
    throw .mismatch(
      "the model has no chat template: pass --chat-template, or take a model that answers")
  }
}
