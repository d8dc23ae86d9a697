import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// `aigc score MODEL FILE…`.
struct Score: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Print the log-probability of each token of a text, or the scores of anomalies.",
    discussion: """
      Natural logarithms. Of a text one token a line: the token, a tab, the number. Of images and \
      tables, with a model of them, a line for each image or row: its name, a tab, how little it is \
      like what the model learned, a tab, and normal or anomaly, by a threshold found on normal data.
      """)

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String

  @Argument(
    help:
      "A text; or images, folders and archives of them, IDX files; tables. - for standard input.",
    completion: .file())
  var files: [String]

  @OptionGroup(title: "Windows") var window: WindowArguments
  @OptionGroup(title: "Computation") var loading: LoadingArguments

  @OptionGroup(title: "Anomalies") var anomalies: AnomalyArguments

  @Flag(help: "Score each line by itself, without those before it.")
  var byLine = false

  @Option(
    help: """
      Write the unnormalised scores of all tokens, where each token but the first stands, to this array of NumPy, \
      [tokens - 1, vocabulary] of 32 bits.
      """,
    completion: .file(extensions: ["npy"]))
  var logits: String?

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if logits != nil, byLine { throw ValidationError("--logits or --by-line, not both") }
  }

  func run() throws {
    try OutputPlan.check(
      [(out, common.json ? .json : .lines), (logits, .array), (anomalies.roc, .image)],
      reading: files)
    let path = try ModelStore.standard().resolve(model)
    let family = try family(of: path)
    if let family = family as? any AnomalyFamily { return try scoreAnomalies(path, family) }
    guard family is any TextFamily else {
      throw AIGCError.mismatch(
        "\(path): a model of kind '\(family.kind)'; text models and autoencoders give scores")
    }
    try scoreText(path)
  }

  private func scoreAnomalies(_ path: String, _ family: any AnomalyFamily) throws {
    guard !window.isGiven, !loading.isGiven, !byLine, logits == nil else {
      throw AIGCError.usage(
        "--context, --stride, --activations, --cache-type, --adapter, --by-line, --logits are of texts"
      )
    }
    try family.score(path, files, anomalies.options, Diagnostics.show)
      .write(to: out, json: common.json, roc: anomalies.roc, model: path)
  }

  private func scoreText(_ path: String) throws {
    guard files.count == 1, !anomalies.isGiven else {
      throw AIGCError.usage(
        "\(model): a text model scores one text, without the flags of anomalies")
    }
    let file = files[0]
    let model = try loadTextModel(path, loading.options()).model
    let text = try readText(path: file)
    let tokens = try byLine ? scoreLines(of: text, model, file) : score(text, model, file)
    if let logits {
      try NumPyArray.write(model.vocabularySize, rows: max(0, tokens.count - 1), to: logits) {
        (write) throws(AIGCError) in
        try model.logits(of: tokens.map { $0.id }, window: window.window, write)
      }
    }
    let answer = try Answer(out, common.json ? .json : .lines)
    if common.json {
      try answer.write(json: [], array: "tokens", count: tokens.count) { tokens[$0].json }
    } else {
      for (index, token) in tokens.enumerated() {
        try Interruption.check(at: index)
        try answer.write(token.line)
      }
    }
    try answer.finish()
  }

  private func score(
    _ text: Table<UInt8>, _ model: any LanguageModel, _ file: String
  ) throws(AIGCError) -> [ScoredToken] {
    try model.score(text, name: file, window: window.window)
  }

  /// The tokens of every line, with its line end; empty lines are passed over.
  private func scoreLines(
    of text: Table<UInt8>, _ model: any LanguageModel, _ file: String
  ) throws(AIGCError) -> [ScoredToken] {
    var tokens: [ScoredToken] = []
    var start = 0
    while start < text.count {
      let end = text.slice(start..<text.count).indices.first { text[start + $0] == 10 }
      let next = end.map { start + $0 + 1 } ?? text.count
      if next > start + 1 || end == nil {
        tokens += try score(text.slice(start..<next), model, file)
      }
      start = next
    }
    return tokens
  }
}

extension ScoredToken {
  /// `id, text, logprob`; where the model has unknown words also `log10` and `oov`.
  var json: JSONValue {
    var members = [JSONValue.Member("id", .int(Int(id)))] + JSONValue.text(bytes: bytes)
    members.append(.init("logprob", JSONValue(logProbability)))
    if let isUnknown {
      let log10 = logProbability.map { Float(Double($0) * 0.43429448190325176) }
      members += [.init("log10", JSONValue(log10)), .init("oov", .bool(isUnknown))]
    }
    return .object(members)
  }

  /// "token TAB log-probability"; "-" for a first token without context.
  var line: [UInt8] {
    escaped(bytes) + [UInt8(ascii: "\t")] + Array((logProbability?.description ?? "-").utf8)
      + [UInt8(ascii: "\n")]
  }
}

/// A token that fits in one column: tab, line end and backslash as `\t`, `\n`, `\r`, `\\`.
func escaped(_ bytes: [UInt8]) -> [UInt8] {
  let special: [UInt8: String] = [0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x5C: "\\\\"]
  guard bytes.contains(where: { $0 < 0x20 || $0 == 0x5C }) else { return bytes }
  return bytes.flatMap { byte in special[byte].map { Array($0.utf8) } ?? [byte] }
}
