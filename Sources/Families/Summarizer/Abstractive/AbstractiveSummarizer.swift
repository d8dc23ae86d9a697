import Datasets
import Files
import Training

/// A summary that a language model writes. A model that answers to conversations is asked for it; of others it is what
/// follows "TEXT\nTL;DR:" (Radford et al. 2019, section 3.6): models that were fine-tuned on such texts
/// (`aigc finetune --task summary`) end it themselves, of others the first line is taken.
///
/// A text that is longer than what the model sees at once is read in passages of whole sentences; of each passage's
/// summary the first sentence is kept, and of many such a summary is written again.
public struct AbstractiveSummarizer: TextSummarizer {
  private let model: any LanguageModel
  private let length: SummaryLength
  private let options: GenerationOptions
  /// How the model wants to be asked; nil: it goes on with a text.
  private let template: ChatTemplate?
  private let notices: NoticeHandler
  /// Tokens of a passage at most.
  private let room: Int

  /// Tokens of a model that sees a whole text.
  private static let ownContext = 1024
  /// Sentences that are read of one text.
  private static let mostSentences = Summarizer.passageThreshold
  /// How often summaries are summarised again.
  private static let rounds = 4

  /// Creates a summariser.
  /// - Parameters:
  ///   - model: writes.
  ///   - length: sentences or words at most.
  ///   - asks: whether the model is asked in a conversation; nil: where it has a chat template.
  ///   - temperature: 0 takes the likeliest token.
  ///   - seed: of the draws.
  ///   - notices: is told of what a user should know.
  /// - Throws: ``/Files/AIGCError``: usage for a length in percent and a temperature below 0, mismatch for a model that sees
  ///   too little at once, or has no chat template and is to be asked.
  public init(
    _ model: any LanguageModel, length: SummaryLength, asks: Bool? = nil, temperature: Double = 0,
    seed: UInt64 = 0, notices: @escaping NoticeHandler = { _ in }
  ) throws(AIGCError) {
    if case .percent = length {
      throw .usage("a summary that is written has a length in sentences or words, not in percent")
    }
    (self.model, self.length, self.notices) = (model, length, notices)
    var options = GenerationOptions()
    let context = model.contextSize ?? Self.ownContext
    options.maxTokens = min(120, context / 3)
    options.sampling.temperature = temperature
    options.seed = .fixed(seed)
    template = try Self.template(of: model, asks: asks)
    var around = try model.encode(ArticleTexts.mark).count + 1
    if let template {
      let prompt = try ChatPrompt(
        Self.request(for: "", length), template: template, model: model, room: options.maxTokens)
      around = prompt.tokens.count + 1
    } else {
      options.stop = ["\n"]
    }
    try options.validate()
    self.options = options
    room = context - options.maxTokens - around
    guard room >= 8 else {
      throw .mismatch(
        "the model sees \(counted(context, "token")) at once: too few for a text and its summary")
    }
  }

  private static func template(
    of model: any LanguageModel, asks: Bool?
  ) throws(AIGCError) -> ChatTemplate? {
    if asks == false { return nil }
    let own = try model.chatTemplate()
    guard own != nil || asks == nil else {
      throw .mismatch("the model has no chat template, by which it could be asked for a summary")
    }
    return own
  }

  /// What a model is asked.
  private static func request(for passage: String, _ length: SummaryLength) -> Conversation {
    let size =
      switch length {
      case .sentences(1): "one sentence"
      case .sentences(let count): "\(count) sentences"
      case .words(let count): "at most \(count) words"
      case .percent: "a few sentences"
      }
    return Conversation(messages: [
      ChatMessage(role: "user", content: "Summarize this text in \(size).\n\n\(passage)")
    ])
  }

  /// Writes a summary.
  /// - Throws: ``/Files/AIGCError``: usage for a query; interrupted; and what the model throws, for letters that it does not
  ///   know and damaged weights.
  public func summarize(_ text: Table<UInt8>, query: [UInt8]?) throws(AIGCError) -> Summary {
    guard query == nil else {
      throw .usage("a query is of sentences that are chosen; a language model is given none")
    }
    var (texts, total) = (try sentences(of: text), 0)
    total = texts.count
    var written: [(passage: Int, text: [UInt8])] = []
    for round in 0..<Self.rounds {
      let passages = try passages(texts)
      written = []
      for (index, passage) in passages.enumerated() {
        let found = try write(passage)
        let kept = passages.count > 1 ? Array(found.prefix(1)) : found
        written += kept.map { (index, $0) }
      }
      if passages.count < 2 || fits(written.map { $0.text }).count == written.count { break }
      if round == 0 {
        notices(.note("\(counted(passages.count, "passage")), then summaries of theirs"))
      }
      texts = written.map { $0.text }
    }
    let count = fits(written.map { $0.text }).count
    return Summary(
      sentences: written.prefix(count).map {
        Summary.Sentence(index: $0.passage, text: $0.text, score: nil)
      }, total: total)
  }

  private func sentences(of text: Table<UInt8>) throws(AIGCError) -> [[UInt8]] {
    var (found, scanner): ([[UInt8]], SentenceScanner) = ([], SentenceScanner(text))
    while let next = try scanner.next() {
      guard found.count < Self.mostSentences else {
        notices(.note("the first \(Self.mostSentences) sentences are read"))
        break
      }
      found.append(SummarySentence(text.bytes(next.range), paragraph: 0).text)
    }
    return found
  }

  /// Sentences that fit into what the model sees, joined.
  private func passages(_ texts: [[UInt8]]) throws(AIGCError) -> [String] {
    var (passages, current, size): ([String], [UInt8], Int) = ([], [], 0)
    for text in texts {
      try Interruption.check()
      let (text, count) = try shortened(text)
      if size + count > room, !current.isEmpty {
        passages.append(String(decoding: current, as: UTF8.self))
        (current, size) = ([], 0)
      }
      if !current.isEmpty { current.append(32) }
      current += text
      // The space before it may be a token.
      size += count + 1
    }
    if !current.isEmpty { passages.append(String(decoding: current, as: UTF8.self)) }
    return passages
  }

  /// A sentence, or as much of its beginning as fits.
  private func shortened(_ text: [UInt8]) throws(AIGCError) -> (text: [UInt8], tokens: Int) {
    var text = text
    while true {
      let count = try model.encode(String(decoding: text, as: UTF8.self)).count
      if count <= room - 1 || text.count < 2 { return (text, count) }
      text.removeLast(max(text.count / 8, 1))
      while let last = text.last, last & 0xC0 == 0x80 { text.removeLast() }
      if let last = text.last, last >= 0xC0 { text.removeLast() }
    }
  }

  /// The sentences that the model writes of a passage.
  private func write(_ passage: String) throws(AIGCError) -> [[UInt8]] {
    let found: GeneratedSample?
    do {
      found = try template == nil ? continuation(of: passage) : answer(about: passage)
    } catch {
      throw error as? AIGCError ?? .failed("\(error)")
    }
    guard let sample = found, sample.reason != .interrupted else { throw .interrupted }
    guard !sample.bytes.isEmpty else { return [] }
    return try SentenceScanner.sentences(of: sample.bytes).map { place in
      SummarySentence(Array(sample.bytes[place.range]), paragraph: 0).text
    }
  }

  private func continuation(of passage: String) throws -> GeneratedSample? {
    var options = options
    options.prompt = passage + ArticleTexts.mark
    return try TextGenerator(model: model, options: options).run { _ in }.first
  }

  private func answer(about passage: String) throws -> GeneratedSample? {
    var session = try ChatSession(
      model: model, template: template, conversation: Self.request(for: passage, length),
      options: options)
    return try session.answer { _ in }.sample
  }

  /// As many as the length allows, one at least.
  private func fits(_ texts: [[UInt8]]) -> ArraySlice<[UInt8]> {
    switch length {
    case .sentences(let count): return texts.prefix(count)
    case .percent: return texts[...]
    case .words(var left):
      var count = 0
      for text in texts {
        var words = 0
        ScriptWords(.all).scan(text) { _, _ in words += 1 }
        left -= words
        if left < 0, count > 0 { break }
        count += 1
      }
      return texts.prefix(count)
    }
  }
}
