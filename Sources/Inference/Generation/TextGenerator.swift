import Files
import Kernels

/// Generates text with any language model.
public struct TextGenerator {
  let model: any LanguageModel
  let options: GenerationOptions
  let sampler: Sampler
  let breakers: SequenceBreakers
  /// The random seed of the texts: that of the options, or the one that was drawn for them.
  public let seed: UInt64
  let prompt: [Int32]
  /// At the start of a text.
  private let fresh: any GenerationSession
  /// Behind the prompt, from a prompt cache.
  private var start: (any GenerationSession)?
  /// What the model's decoder makes of the prompt.
  let startedOutput: TextOutput
  /// Told how many tokens of the prompt have been read, and of how many.
  public var promptProgress: (_ done: Int, _ total: Int) -> Void = { _, _ in }

  /// The tokens at which a text ends; empty: none does.
  let endTokens: [Int32]

  /// - Throws: ``/Files/AIGCError``: options out of range, a biased token that the model does not have, a
  ///   prompt that the model cannot read.
  public init(model: any LanguageModel, options: GenerationOptions) throws(AIGCError) {
    try options.validate()
    let isConstrained = options.constraint != nil
    let prompt = options.prompt.isEmpty ? [] : try model.encode(options.prompt)
    if let context = model.contextSize, prompt.count > context {
      throw .usage(
        "the prompt has \(counted(prompt.count, "token")), the model sees \(context) at once: shorten it"
      )
    }
    // A constrained text is one text, not a sentence of several.
    let ends = model.endTokenEndsText || isConstrained ? model.endTokens : []
    try self.init(model, options, prompt: prompt, shown: prompt, endTokens: ends)
    if let cache = options.promptCache {
      guard !prompt.isEmpty else { throw .usage("`promptCache`: there is no prompt") }
      start = try model.makeSession(prompt: prompt, cache: cache)
    }
  }

  /// Answers to a conversation: its prompt stands in place of that of the options.
  /// - Throws: ``/Files/AIGCError``: options out of range, a biased token that the model does not have.
  /// - Parameter prepared: of the same options; nil: it is made.
  init(
    model: any LanguageModel, options: GenerationOptions, chat: ChatPrompt,
    prepared: PreparedOptions? = nil
  ) throws(AIGCError) {
    try options.validate()
    let ends =
      chat.endTokens.isEmpty && options.constraint != nil ? model.endTokens : chat.endTokens
    try self.init(
      model, options, prompt: chat.tokens, shown: nil, endTokens: ends, prepared: prepared)
    if let cache = options.promptCache {
      start = try model.makeSession(prompt: chat.tokens, cache: cache)
    }
  }

  /// - Parameter shown: tokens of the prompt that the text goes on from, for its spaces; nil: it begins anew.
  private init(
    _ model: any LanguageModel, _ options: GenerationOptions, prompt: [Int32], shown: [Int32]?,
    endTokens: [Int32], prepared: PreparedOptions? = nil
  ) throws(AIGCError) {
    for entry in options.sampling.logitBias where Int(entry.token) >= model.vocabularySize {
      throw .usage(
        "`logitBias` \(entry): the model's token ids end at \(model.vocabularySize - 1)")
    }
    (self.model, self.options, self.prompt, self.endTokens) = (model, options, prompt, endTokens)
    seed = options.seed.resolved()
    // Whether an end token ends a text or a sentence, one that is to be ignored is never drawn.
    let ends = endTokens.isEmpty ? model.endTokens : endTokens
    var made = prepared
    if made?.serves(options, endTokens: ends) != true {
      made = try PreparedOptions(options, model: model, endTokens: ends)
    }
    breakers = made?.breakers ?? SequenceBreakers()
    sampler = try Sampler(
      options.sampling, vocabularySize: model.vocabularySize, endToken: ends.first,
      otherEndTokens: Array(ends.dropFirst()), ignoreEnd: options.ignoreEnd,
      masks: Self.masks(
        model, options, prompt: prompt, beginsText: shown?.isEmpty != false, endTokens: ends,
        engine: made?.engine),
      breakers: breakers)
    fresh = try model.makeWritingSession(backoff: options.backoff)
    startedOutput = try TextOutput(
      model: model, options: options, prompt: shown, endTokens: endTokens)
  }

  /// A session that stands after the prompt.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func startedSession() throws(AIGCError) -> any GenerationSession {
    if let start { return start }
    var session = fresh
    try session.read(prompt) { promptProgress($0, prompt.count) }
    return session
  }

  /// The mask of the options' constraint, where they have one.
  private static func masks(
    _ model: any LanguageModel, _ options: GenerationOptions, prompt: [Int32], beginsText: Bool,
    endTokens: [Int32], engine: ConstraintEngine?
  ) throws(AIGCError) -> [any TokenMask] {
    guard let engine else { return [] }
    let room = room(options, prompt)
    guard engine.shortest <= room else {
      throw .usage(
        "`maxTokens` \(room): the shortest text of the constraint may take \(counted(engine.shortest, "token"))"
      )
    }
    return [
      GrammarMask(
        engine, endTokens: options.ignoreEnd ? [] : endTokens, promptTokens: prompt.count,
        room: room, dropsSpace: beginsText && engine.dropsFirstSpace(model.makeDecoder()))
    ]
  }

  /// How many tokens may be generated.
  var room: Int { Self.room(options, prompt) }

  private static func room(_ options: GenerationOptions, _ prompt: [Int32]) -> Int {
    min(options.maxTokens, options.maxLength.map { max(0, $0 - prompt.count) } ?? .max)
  }

  /// Generates all samples, one after the other, until done or interrupted.
  ///
  /// - Parameter emit: Gets the text piece by piece as soon as it is decided; what it throws ends
  ///   the generation.
  /// - Throws: What `emit` throws; ``/Files/AIGCError`` (badInput) when the model's scores are not numbers.
  /// - Returns: The samples; after Ctrl-C the last one is incomplete, its reason
  ///   ``StopReason/interrupted``.
  @discardableResult
  public func run(_ emit: (Piece) throws -> Void) throws -> [GeneratedSample] {
    // A task that is cancelled tells the threads that help it by this one.
    try Cancellation().run { try generate(emit) }
  }

  private func generate(_ emit: (Piece) throws -> Void) throws -> [GeneratedSample] {
    // The prompt is read once, before there are copies.
    let start = try startedSession()
    if options.beams > 1 { return try runBeams(start, emit) }
    if options.num > 1, model.readsInBatches { return try runInBatches(start, emit) }
    if options.logProbabilities == nil, sampler.changesNothing, model.drawsTogether {
      return try runDrawn(start, emit)
    }
    if options.num > 1, Threads.count > 1, model.generatesInParallel {
      return try runInParallel(start, emit)
    }
    var samples: [GeneratedSample] = []
    for index in 0..<options.num {
      let sample = try generate(index, start, emit)
      if let failure = sample.failure { throw failure }
      samples.append(sample)
      if sample.reason == .interrupted { break }
    }
    return samples
  }

  /// As many samples at a time as there are threads, each handed out whole, in order. Each has its
  /// own random stream, so the texts are the same for any number of threads.
  private func runInParallel(
    _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) throws -> [GeneratedSample] {
    nonisolated(unsafe) let start = start
    var samples: [GeneratedSample] = []
    while samples.count < options.num, samples.last?.reason != .interrupted {
      let first = samples.count
      let round = ParallelSlots<GeneratedSample>(count: min(Threads.count, options.num - first))
      nonisolated(unsafe) let generator = self
      parallelFor(round.count) { index in
        round.set(index, generator.generate(first + index, start) { _ in })
      }
      for index in 0..<round.count {
        guard let sample = round.take(index) else { continue }
        if let failure = sample.failure { throw failure }
        samples.append(sample)
        if !sample.bytes.isEmpty { try emit(Piece(sample: first + index, bytes: sample.bytes)) }
        if sample.reason == .interrupted { break }
      }
    }
    return samples
  }

  func generate(
    _ index: Int, _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) rethrows -> GeneratedSample {
    var session = start
    return try generate(index, &session, emit).sample
  }

  /// - Parameter session: behind the prompt; then behind the tokens that it has read.
  /// - Returns: the sample, and how many of its tokens the session has read: mostly all but the last one.
  func generate(
    _ index: Int, _ session: inout any GenerationSession, _ emit: (Piece) throws -> Void
  ) rethrows -> (sample: GeneratedSample, read: Int) {
    var output = startedOutput
    var result = GeneratedSample()
    func hand(_ bytes: [UInt8]) throws {
      if bytes.isEmpty { return }
      result.bytes.append(contentsOf: bytes)
      try emit(Piece(sample: index, bytes: bytes))
    }
    if options.echo { try hand(Array(options.prompt.utf8)) }
    var steps = Steps(
      sampler: sampler, options: options, seed: seed, index: index, history: prompt)
    result.reason = try run(&steps, &session) { token throws in
      let (bytes, reason) = output.append(token)
      try hand(bytes)
      return reason
    }
    if !session.areScoresFinite { result.failure = model.scoreDamage }
    let (rest, reason) = output.finish()
    try hand(rest)
    if let reason, result.reason == .length || result.reason == .end { result.reason = reason }
    result.tokens = Array(steps.history.dropFirst(prompt.count))
    result.logProbabilities = options.logProbabilities.map { _ in steps.logProbabilities }
    return (result, steps.read)
  }

  /// Takes steps until the text is over; `accept` gets each token and returns the reason to stop, if
  /// there is one.
  private func run(
    _ steps: inout Steps, _ session: inout any GenerationSession,
    _ accept: (Int32) throws -> StopReason?
  ) rethrows -> StopReason {
    for step in 0..<room {
      if Interruption.isRequested { return .interrupted }
      if step > 0, let last = steps.history.last {
        session.append(last)
        steps.read += 1
      }
      guard let token = steps.next(&session) else { return .end }
      // A long text that is read anew stops in its midst.
      if Interruption.isRequested {
        steps.takeBack()
        return .interrupted
      }
      if !session.areScoresFinite { return .end }
      if let reason = try accept(token) { return reason }
    }
    return .length
  }
}

/// The tokens of one sample so far, and the next one.
struct Steps {
  var sampler: Sampler
  var random: RandomSource
  var history: [Int32]
  var logProbabilities: [SampledToken] = []
  /// How many of the tokens a session has read.
  var read = 0
  let alternatives: Int?

  init(
    sampler: Sampler, options: GenerationOptions, seed: UInt64, index: Int, history: [Int32]
  ) {
    self.sampler = sampler
    self.history = history
    random = RandomSource(seed: seed, stream: index)
    alternatives = options.logProbabilities
  }

  mutating func next(_ session: inout some GenerationSession) -> Int32? {
    guard let token = choose(&session) else { return nil }
    history.append(token)
    return token
  }

  /// Forgets the last token.
  mutating func takeBack() {
    history.removeLast()
    if alternatives != nil { logProbabilities.removeLast() }
  }

  private mutating func choose(_ session: inout some GenerationSession) -> Int32? {
    guard let alternatives else {
      return sampler.next(&session, history: history, random: &random)
    }
    guard
      let token = sampler.next(
        &session, history: history, random: &random, alternatives: alternatives)
    else { return nil }
    logProbabilities.append(token)
    return token.id
  }
}

/// Turns tokens into the text of a sample and finds its end.
struct TextOutput {
  private var decoder: any TokenDecoder
  private var echo: PromptEcho
  private var stop: StopMatcher
  private var sentence: SentenceMatcher?
  /// Whether the text is searched for nothing.
  private let isPlain: Bool
  private let endTokens: [Int32]
  /// Why generation is over at the end token; nil: it goes on.
  private let endReason: StopReason?

  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  init(
    model: any LanguageModel, options: GenerationOptions, prompt: [Int32]?, endTokens: [Int32]
  ) throws(AIGCError) {
    decoder = model.makeDecoder()
    var decoded: [UInt8] = []
    for (index, token) in (prompt ?? []).enumerated() {
      try Interruption.check(at: index)
      decoded.append(contentsOf: decoder.append(token))
    }
    echo = PromptEcho(prompt: prompt == nil ? "" : options.prompt, decoded: decoded)
    stop = StopMatcher(options.stop)
    self.endTokens = endTokens.isEmpty ? model.endTokens : endTokens
    endReason = !endTokens.isEmpty ? .end : options.untilSentence ? .sentence : nil
    // A model whose end token ends sentences needs no search for their ends.
    let searches = options.untilSentence && (model.endToken == nil || !endTokens.isEmpty)
    sentence = searches ? SentenceMatcher() : nil
    isPlain = !searches && options.stop.isEmpty
  }

  /// Appends the text that is decided by `token`.
  /// - Returns: The reason to stop, if there is one.
  mutating func append(_ token: Int32, to bytes: inout [UInt8]) -> StopReason? {
    if !isPlain || !echo.isPaid {
      let (decided, reason) = append(token)
      bytes += decided
      return reason
    }
    if let endReason, endTokens.contains(token) { return endReason }
    decoder.append(token, to: &bytes)
    return nil
  }

  /// - Returns: The text that is decided by `token`, and the reason to stop, if there is one.
  mutating func append(_ token: Int32) -> ([UInt8], StopReason?) {
    if let endReason, endTokens.contains(token) { return ([], endReason) }
    return filter(echo.append(decoder.append(token)))
  }

  /// - Returns: What is still held back, and the reason to stop that it brings, if there is one.
  mutating func finish() -> ([UInt8], StopReason?) {
    let owed = echo.append(decoder.finish()) + echo.finish()
    let (bytes, reason) = filter(owed)
    return (bytes + stop.finish(), reason)
  }

  private mutating func filter(_ bytes: [UInt8]) -> ([UInt8], StopReason?) {
    let decided = stop.append(sentence?.append(bytes) ?? bytes)
    if stop.isMatched { return (decided, .stop) }
    return (decided, sentence?.isMatched == true ? .sentence : nil)
  }
}
