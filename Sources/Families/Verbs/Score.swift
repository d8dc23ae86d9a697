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

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup public var common: CommonOptions

  public init() {}

  public func run() throws {
    let model = try loadTextModel(model).model
    let tokens = try model.score(readText(path: file), name: file)
    let answer = try Answer(out)
    if common.json {
      try answer.write(json: [], array: "tokens", count: tokens.count) { tokens[$0].json }
    } else {
      for token in tokens { try answer.write(token.line) }
    }
    try answer.finish()
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
