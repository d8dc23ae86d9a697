import ArgumentParser
import Console
import Datasets
import Files
import Kernels
import Training

/// `aigc score MODEL FILE`.
public struct Score: ConsoleCommand {
  public static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Print the log-probability of each token of a text.",
    discussion: "Natural logarithms. One token a line: the token, a tab, the number.")

  @Argument(help: "A model's name or path.", completion: .directory)
  var model: String

  @Argument(help: "Text to score; - for standard input.", completion: .file())
  var file: String

  @OptionGroup(title: "Windows") var window: WindowArguments

  @Flag(help: "Score each line by itself, without those before it.")
  var byLine = false

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup public var common: CommonOptions

  public init() {}

  public func run() throws {
    let model = try loadTextModel(model).model
    let text = try readText(path: file)
    let tokens = try byLine ? scoreLines(of: text, model) : score(text, model)
    let answer = try Answer(out)
    if common.json {
      try answer.write(json: [], array: "tokens", count: tokens.count) { tokens[$0].json }
    } else {
      for token in tokens { try answer.write(token.line) }
    }
    try answer.finish()
  }

  private func score(
    _ text: Table<UInt8>, _ model: any LanguageModel
  ) throws(AIGCError) -> [ScoredToken] {
    try model.score(text, name: file, window: window.window)
  }

  /// The tokens of every line, with its line end; empty lines are passed over.
  private func scoreLines(
    of text: Table<UInt8>, _ model: any LanguageModel
  ) throws(AIGCError) -> [ScoredToken] {
    var tokens: [ScoredToken] = []
    var start = 0
    while start < text.count {
      let end = text.slice(start..<text.count).indices.first { text[start + $0] == 10 }
      let next = end.map { start + $0 + 1 } ?? text.count
      if next > start + 1 || end == nil {
        tokens += try score(text.slice(start..<next), model)
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
