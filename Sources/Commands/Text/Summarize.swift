import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// `aigc summarize FILE`.
struct Summarize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "summarize", abstract: "Say in a few sentences what a text is about.",
    discussion: """
      Sentences of the text are chosen, by a model that learned from summaries of people; --method \
      takes another way, and a language model as --model writes a summary of its own. FILE is a text, or \
      JSONL with `article`: then each article gets its summary, on one line.
      """)

  @Argument(help: "A text or JSONL (.gz too); - for standard input.", completion: .file())
  var file: String

  @OptionGroup var arguments: SummaryArguments

  @Flag(help: "Of JSONL: prefer in each article what its own `query` asks for.")
  var queries = false

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if queries, arguments.query != nil { throw ValidationError("--query or --queries, not both") }
  }

  func run() throws {
    try OutputPlan.check([(out, common.json ? .json : .text)], reading: [file])
    let makers = try arguments.makers()
    if ArticleReader.isJSONL(named: file) {
      return try summarize(ArticleReader(path: file), makers)
    }
    let text = try readText(path: file)
    if try arguments.isJSONL(text) {
      let name = file == "-" ? "standard input" : file
      return try summarize(ArticleReader(TextLines(text, name: name)), makers)
    }
    try summarize(text, makers)
  }

  /// One text.
  private func summarize(_ text: Table<UInt8>, _ makers: [any TextSummarizer]) throws {
    if queries { throw AIGCError.usage("--queries is of JSONL; pass --query TEXT") }
    let summary = try makers[0].summarize(text, query: arguments.query.map { Array($0.utf8) })
    if summary.total == 0 {
      Diagnostics.note("\(file == "-" ? "standard input" : file): no sentence, so no summary")
    }
    let answer = try Answer(out, common.json ? .json : .text)
    if common.json {
      try answer.write(json: members(summary))
    } else {
      for sentence in summary.sentences { try answer.write(sentence.text + [10]) }
    }
    try answer.finish()
  }

  /// The articles of JSONL, some at a time.
  private func summarize(_ articles: ArticleReader, _ makers: [any TextSummarizer]) throws {
    let answer = try Answer(out, common.json ? .json : .text)
    var articles = articles
    let asked = arguments.query.map { Array($0.utf8) }
    while true {
      var batch: [(text: [UInt8], query: [UInt8]?)] = []
      var size = 0
      while batch.count < 256, size < 1 << 22, let next = try articles.next() {
        guard let text = next.article else {
          throw AIGCError.badInput("\(articles.place): 'article' is missing")
        }
        size += text.count
        batch.append((text, queries ? next.query : asked))
      }
      if batch.isEmpty { break }
      for summary in try summaries(of: batch, by: makers) {
        if common.json {
          try answer.write(json: members(summary))
        } else {
          try answer.write(summary.text + [10])
        }
      }
    }
    try answer.finish()
  }

  private func members(_ summary: Summary) -> [JSONValue.Member] {
    let sentences = summary.sentences.map { sentence in
      JSONValue.object([
        .init("index", .int(sentence.index)),
        .init("text", .string(String(decoding: sentence.text, as: UTF8.self))),
        .init("score", JSONValue(sentence.score)),
      ])
    }
    return [
      .init("summary", .string(String(decoding: summary.text, as: UTF8.self))),
      .init("sentences", .array(sentences)), .init("count", .int(summary.total)),
    ]
  }
}

/// How a text is summarised.
struct SummaryArguments: ParsableArguments {
  @Option(help: "How sentences are chosen (default: learned).")
  var method: SummaryMethod?

  @Option(help: "How much: 3 sentences, 20% of them, or 100w, a hundred words.")
  var length = "3"

  @Option(parsing: .unconditional, help: "Prefer sentences with the words of this text.")
  var query: String?

  @Option(
    name: [.customLong("model"), .customShort("m")],
    help: """
      A learned summariser, or a language model, which writes: a name or a path (default: the bundled \
      summariser).
      """, completion: .model)
  var model: String?

  @Option(
    help: """
      An encoder or a language model by whose vectors lexrank compares sentences; of a learned summariser where that \
      model is now (default: the words, or where it was).
      """, completion: .model)
  var embeddings: String?

  @Flag(
    inversion: .prefixedNo,
    help: """
      Ask a language model in a conversation, or have it go on behind "TL;DR:", as models that were fine-tuned on \
      summaries do (default: ask where it has a chat template).
      """)
  var chat: Bool?

  @Option(
    name: [.customLong("temperature"), .customLong("temp")], parsing: .unconditional,
    help: "Of a language model: how freely it writes (default 0: the likeliest token).")
  var temperature: Double?

  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "Of a language model above temperature 0: the random seed (default 0).")
  var seed: Int?

  @OptionGroup(title: "Computation") var loading: LoadingArguments

  func validate() throws {
    if let seed, seed < 0 { throw ValidationError("--seed \(seed): a number from 0 up") }
    if SummaryLength(length) == nil {
      throw ValidationError("--length \(length): 3, 20% or 100w is meant, from 1 up")
    }
    if let method, method != .learned, model != nil {
      throw ValidationError("--model is of --method learned, not of \(method.rawValue)")
    }
  }

  /// Whether a text that is no JSONL by its name is so by its first line, an object with `article`.
  func isJSONL(_ text: Table<UInt8>) throws(AIGCError) -> Bool {
    guard text.count > 0, text[0] == UInt8(ascii: "{") else { return false }
    var lines = TextLines(text, name: "")
    guard let first = try lines.next() else { return false }
    return (try? Article(first, place: ""))?.article != nil
  }

  /// One summariser for each thread; a language model, whose threads work together, is one alone.
  func makers() throws(AIGCError) -> [any TextSummarizer] {
    let length = SummaryLength(length) ?? .sentences(3)
    var learned: LearnedSummarizer?
    let vectors = try embeddings.map { (name) throws(AIGCError) in try SentenceVectors(name) }
    if method ?? .learned == .learned {
      let path: String
      if let model {
        path = try ModelStore.standard().resolve(model)
      } else {
        path = try bundledSummarizer()
      }
      let family = try family(of: path)
      if family is any TextFamily, method == nil {
        if embeddings != nil { throw .usage("--embeddings is of sentences that are chosen") }
        return [try writer(path, length)]
      }
      guard family is SummarizerFamily else {
        throw .mismatch("\(path): a model of kind '\(family.kind)'; a summariser is needed here")
      }
      learned = try LearnedSummarizer(folder: path, embeddings: vectors)
    }
    if temperature != nil || seed != nil || chat != nil || loading.isGiven {
      throw .usage(
        "--chat, --temperature, --seed, --activations, --cache-type and --adapter are of language models; sentences "
          + "are chosen without chance")
    }
    var makers: [any TextSummarizer] = []
    for _ in 0..<Threads.count {
      makers.append(
        try Summarizer(
          method ?? .learned, length: length, model: learned,
          vectors: learned == nil ? vectors : nil, notices: { Diagnostics.show($0) }))
    }
    return makers
  }

  private func writer(
    _ path: String, _ length: SummaryLength
  ) throws(AIGCError) -> AbstractiveSummarizer {
    try AbstractiveSummarizer(
      loadTextModel(path, loading.options()).model, length: length, asks: chat,
      temperature: temperature ?? 0, seed: UInt64(seed ?? 0), notices: { Diagnostics.show($0) })
  }

  /// The newest summariser of runs/, else the bundled one.
  private func bundledSummarizer() throws(AIGCError) -> String {
    let found = try ModelStore.standard().defaultModel(kind: "summary") {
      $0.configuration.family == SummarizerFamily().name
    }
    if found.place == .runs { Diagnostics.note("using \(found.path) (the newest in runs/)") }
    return found.path
  }
}

extension SummaryMethod: ExpressibleByArgument {}
