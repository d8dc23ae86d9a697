import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc generate THING`.
struct Generate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Generate something new with a model.",
    subcommands: [GenerateText.self, GenerateSeries.self])
  init() {}
}

/// `aigc generate text`.
struct GenerateText: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "Write text with a language model.")

  @OptionGroup var model: ModelOption
  @OptionGroup var text: TextArguments
  @Flag(
    name: .customLong("chat"),
    help: "Answer to the prompt as a message, by the model's chat template.")
  var isChat = false

  @OptionGroup var chat: ChatArguments
  @OptionGroup(title: "Form of the text") var form: ConstraintArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @OptionGroup var seed: SeedOption
  @OptionGroup(title: "Computation") var loading: LoadingArguments
  @OptionGroup(title: "Computation") var drafts: DraftArguments
  @OptionGroup(title: "Copies of the training text") var copies: CopyArguments

  @Option(
    name: [.customLong("ctx-size"), .customShort("c")], parsing: .unconditional,
    help: "Tokens that the model sees at once, where it has a context (default: all).")
  var contextSize: Int?

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if text.logprobs != nil, !common.json { throw ValidationError("--logprobs goes with --json") }
    try checkChat()
    guard let beams = text.beams, beams > 1 else {
      if text.lengthPenalty != nil { throw ValidationError("--length-penalty goes with --beams") }
      return
    }
    let drawing = sampling.drawingFlag ?? form.flag ?? (drafts.draft == nil ? nil : "--draft")
    if let flag = drawing ?? (seed.seed >= 0 ? "--seed" : nil) {
      throw ValidationError(
        "\(flag) is of text that is drawn; --beams \(beams) searches for the likeliest one")
    }
  }

  private func checkChat() throws {
    if isChat, text.prompt == nil, text.file == nil {
      throw ValidationError("--chat answers to --prompt or --file")
    }
    let given = chat.system != nil ? "--system" : chat.chatTemplate != nil ? "--chat-template" : nil
    if !isChat, let given { throw ValidationError("\(given) goes with --chat") }
  }

  func run() throws {
    try copies.check(prompt: text)
    try OutputPlan.check(
      [(out, common.json ? .json : .text), (text.promptCache, .promptCache)],
      reading: [text.file, chat.chatTemplate] + form.files + copies.files)
    var options = try text.options(sampling: sampling.configuration)
    options.constraint = try form.constraint()
    let (path, opened) = try model.load(loading.options(context: contextSize))
    let (model, statistics) = try drafts.apply(to: opened)
    // A search draws nothing.
    options.seed = .fixed(options.beams > 1 ? 0 : seed.resolve())
    noteIgnoredSettings(of: model)
    defer { statistics?.report() }
    let samples = try generate(options, model, path)
    if samples.last?.reason == .interrupted { throw AIGCError.interrupted }
  }

  private func noteIgnoredSettings(of model: any LanguageModel) {
    for setting in model.ignoredSettings {
      Diagnostics.note("\(setting) is not taken from the model's folder; flags set it")
    }
  }

  private func answering(
    _ options: GenerationOptions, _ model: any LanguageModel
  ) throws(AIGCError) -> TextGenerator {
    let message = ChatMessage(role: "user", content: options.prompt)
    return try TextGenerator(
      model: model, options: options,
      answering: Conversation(system: chat.system, messages: [message]),
      template: chat.template(of: model))
  }

  private func generate(
    _ options: GenerationOptions, _ model: any LanguageModel, _ path: String
  ) throws -> [GeneratedSample] {
    var generator =
      try isChat ? answering(options, model) : TextGenerator(model: model, options: options)
    generator.promptProgress = promptProgress()
    let answer = try Answer(out, common.json ? .json : .text)
    var printer = SamplePrinter(answer: answer)
    let isPlain = !common.json
    let samples = try generator.run { if isPlain { try printer.write($0) } }
    if !common.json {
      try printer.finish()
      try answer.finish()
    }
    let report = try copies.report(samples, options: options)
    if common.json {
      let members = generationMembers(samples, model, path: path, seed: generator.seed)
      try answer.write(json: members + (report.map { [.init("copied", $0.json)] } ?? []))
      try answer.finish()
    } else if let report {
      for line in report.lines(length: copies.copyLength) { Diagnostics.note(line) }
    }
    return samples
  }
}

/// What is generated, and how much of it.
struct TextArguments: ParsableArguments {
  @Option(
    name: [.customLong("prompt"), .customLong("prefix"), .customShort("p")],
    parsing: .unconditional, help: "Text to continue; - for standard input.")
  var prompt: String?

  @Option(
    name: .shortAndLong, help: "Text to continue, from a file; - for standard input.",
    completion: .file())
  var file: String?

  @Option(
    name: [
      .customLong("max-tokens"), .customShort("n"), .customLong("predict"),
      .customLong("n-predict"), .customLong("max-new-tokens"), .customLong("length"),
    ],
    parsing: .unconditional,
    help: """
      How many tokens at most (default \(GenerationOptions().maxTokens); with --max-length as many as \
      fit).
      """)
  var maxTokens: Int?

  @Option(parsing: .unconditional, help: "How many tokens at most, those of the prompt included.")
  var maxLength: Int?

  @Option(
    name: [.customLong("num"), .customLong("num-samples"), .customLong("num-generate")],
    parsing: .unconditional, help: "How many texts.")
  var num = 1

  @Option(
    name: [.customLong("stop"), .customShort("r")], parsing: .unconditionalSingleValue,
    help: "End a text before this; may be given several times.")
  var stop: [String] = []

  @Flag(help: "End each text with its first sentence.")
  var untilSentence = false

  @Flag(name: .customLong("ignore-eos"), help: "Never generate the end token.")
  var ignoreEnd = false

  @Flag(help: "Print the prompt before each text.")
  var echo = false

  @Option(
    name: [.customLong("beams"), .customLong("num-beams")], parsing: .unconditional,
    help: "Search for the likeliest text with so many beams, in place of drawing (default 1: off).")
  var beams: Int?

  @Option(
    parsing: .unconditional,
    help: """
      With --beams: scores are divided by length to this power; above 0 favours longer texts (default \
      \(GenerationOptions().lengthPenalty)).
      """)
  var lengthPenalty: Double?

  @Option(
    parsing: .unconditional,
    help: "With --json: each token's log-probability by the model itself, and so many others.")
  var logprobs: Int?

  @Option(
    parsing: .unconditional,
    help: """
      N-gram models: the share of their weight that shorter contexts keep, 0 to 1 (default 0.25: few \
      words that never followed the last ones, longer pieces of the training text); 1: the model's \
      own distribution, which evaluate, score, next and --logprobs have.
      """)
  var backoff: Double?

  @Option(
    help: "Keep what the model made of the prompt in this file, and take it from there (GPT-2).",
    completion: .file())
  var promptCache: String?

  func validate() throws {
    if prompt != nil, file != nil { throw ValidationError("--prompt or --file, not both") }
    if let promptCache, isStandardOutput(promptCache) {
      throw ValidationError("--prompt-cache \(promptCache): a file is needed, which is read again")
    }
  }

  /// The options of the generator; the prompt is read.
  func options(sampling: SamplingConfiguration) throws(AIGCError) -> GenerationOptions {
    var options = GenerationOptions()
    // Where the whole length is given, it alone says how much.
    options.maxTokens = maxTokens ?? (maxLength == nil ? options.maxTokens : .max)
    options.maxLength = maxLength
    if let beams { options.beams = beams }
    options.promptCache = promptCache
    options.backoff = backoff
    if let lengthPenalty { options.lengthPenalty = lengthPenalty }
    options.logProbabilities = logprobs
    options.num = num
    options.stop = stop
    options.untilSentence = untilSentence
    options.ignoreEnd = ignoreEnd
    options.echo = echo
    options.sampling = sampling
    try options.validate()
    if let file {
      options.prompt = try readText(file, allowsWords: false)
    } else if let prompt {
      options.prompt =
        prompt == "-" ? try readText("-", allowsWords: false) : prompt.withoutByteOrderMark
    }
    return options
  }
}

/// Prints samples as they are generated: each ends with a line end, an empty line between two.
struct SamplePrinter {
  private let answer: Answer
  private var sample = 0
  private var endsLine = false

  init(answer: Answer) { self.answer = answer }

  mutating func write(_ piece: Piece) throws(AIGCError) {
    while sample < piece.sample {
      try finish()
      try answer.write("\n")
      sample += 1
      endsLine = false
    }
    try answer.stream(piece.bytes)
    if let last = piece.bytes.last { endsLine = last == UInt8(ascii: "\n") }
  }

  /// Ends the line of the last sample.
  mutating func finish() throws(AIGCError) {
    if !endsLine { try answer.write("\n") }
    endsLine = true
  }
}

private func generationMembers(
  _ samples: [GeneratedSample], _ model: any LanguageModel, path: String, seed: UInt64
) -> [JSONValue.Member] {
  let texts = samples.map { sample in
    var members =
      JSONValue.text(bytes: sample.bytes) + [
        .init("tokens", .int(sample.tokens.count)),
        .init("reason", .string(sample.reason.rawValue)),
      ]
    if let tokens = sample.logProbabilities {
      members.append(.init("logprobs", .array(tokens.map { logProbability($0, model) })))
    }
    return JSONValue.object(members)
  }
  return [
    .init("model", .string(path)), .init("seed", .int(Int(clamping: seed))),
    .init("samples", .array(texts)),
  ]
}

/// `id, text, logprob, top`: the model's own probabilities, before the sampling chain.
private func logProbability(_ token: SampledToken, _ model: any LanguageModel) -> JSONValue {
  func entry(_ id: Int32, _ value: Double) -> [JSONValue.Member] {
    [.init("id", .int(Int(id)))] + JSONValue.text(bytes: tokenText(of: id, in: model))
      + [.init("logprob", .double(value))]
  }
  let top = token.alternatives.map { JSONValue.object(entry($0.id, $0.logProbability)) }
  return .object(entry(token.id, token.logProbability) + [.init("top", .array(top))])
}
