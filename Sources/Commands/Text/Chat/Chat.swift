import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc chat`.
struct Chat: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat", abstract: "Talk with a language model that answers.",
    discussion: """
      Each line is a message; the answers go to standard output, all else to standard error. Ctrl-C stops an \
      answer, Ctrl-D or /quit ends the chat, /help lists what else there is. Where the messages no longer \
      fit into the model's context, the oldest turns are left out.
      """)

  @OptionGroup var model: ModelOption
  @OptionGroup var chat: ChatArguments

  @Option(
    help: """
      Answer to the messages of a JSON file, an array or {"messages": […], "tools": […]}, and stop \
      (default: each line of standard input is a message).
      """,
    completion: .file(extensions: ["json"]))
  var messages: String?

  @Flag(help: "Print what the model would be fed for its next answer, and stop.")
  var printPrompt = false

  @Option(
    name: [
      .customLong("max-tokens"), .customShort("n"), .customLong("predict"),
      .customLong("n-predict"), .customLong("max-new-tokens"),
    ],
    parsing: .unconditional,
    help: "How many tokens an answer has at most (default \(defaultMaxTokens)).")
  var maxTokens: Int?

  @Option(
    name: [.customLong("stop"), .customShort("r")], parsing: .unconditionalSingleValue,
    help: "End an answer before this; may be given several times.")
  var stop: [String] = []

  @Option(
    help: "Keep what the model made of the first prompt in this file, and take it from there.",
    completion: .file())
  var promptCache: String?

  @OptionGroup(title: "Form of the answers") var form: ConstraintArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments
  @OptionGroup var seed: SeedOption
  @OptionGroup(title: "Computation") var loading: LoadingArguments
  @OptionGroup(title: "Computation") var drafts: DraftArguments

  @Option(
    name: [.customLong("ctx-size"), .customShort("c")], parsing: .unconditional,
    help: "Tokens that the model sees at once, where it has a context (default: all).")
  var contextSize: Int?

  @OptionGroup var common: CommonOptions

  /// An answer ends by itself; this is for those that do not.
  private static let defaultMaxTokens = 1024

  init() {}

  func validate() throws {
    if let promptCache, isStandardOutput(promptCache) {
      throw ValidationError("--prompt-cache \(promptCache): a file is needed, which is read again")
    }
  }

  func run() throws {
    let inputs = [messages, chat.chatTemplate] + form.files
    try OutputPlan.check([(promptCache, .promptCache)], reading: inputs)
    let conversation = try self.conversation()
    let (path, opened) = try model.load(loading.options(context: contextSize))
    let (model, statistics) = try drafts.apply(to: opened)
    defer { statistics?.report() }
    var dialogue = try Dialogue(session(conversation, model), path: path, isJSON: common.json)
    if printPrompt { return try dialogue.printPrompt(asksForMessage: messages == nil) }
    try messages == nil ? dialogue.talk() : dialogue.answerOnce()
  }

  private func session(
    _ conversation: Conversation, _ model: any LanguageModel
  ) throws(AIGCError) -> ChatSession {
    let template = try chat.template(of: model)
    var options = try options()
    // What is only printed draws nothing.
    options.seed = .fixed(printPrompt ? 0 : seed.resolve())
    return try ChatSession(
      model: model, template: template, conversation: conversation, options: options)
  }

  private func options() throws(AIGCError) -> GenerationOptions {
    var options = GenerationOptions()
    options.maxTokens = maxTokens ?? Self.defaultMaxTokens
    options.stop = stop
    options.promptCache = promptCache
    options.sampling = sampling.configuration
    options.constraint = try form.constraint()
    try options.validate()
    return options
  }

  private func conversation() throws(AIGCError) -> Conversation {
    guard let messages else { return Conversation(system: chat.system) }
    var conversation = try Conversation(file: messages)
    guard let system = chat.system else { return conversation }
    guard conversation.messages.first?.role != "system" else {
      throw .usage("--system: \(messages) begins with a message of the system")
    }
    conversation.messages.insert(ChatMessage(role: "system", content: system), at: 0)
    return conversation
  }
}
