import ArgumentParser
import FoundationEssentials

/// The options of one command, from ArgumentParser's own description of it. Making it takes about a
/// millisecond, so it is made only where the environment or a configuration file may add options.
struct OptionTable {
  struct Option {
    /// Long names, without dashes; the first is the one in messages.
    var longNames: [String]
    var shortNames: [String]
    var isFlag: Bool
    var isRepeating: Bool
    /// Whether a value may begin with a dash.
    var takesAnyValue: Bool
  }

  /// Options that only people type: neither a file nor the environment sets them.
  private static let reserved: Set<String> = ["help", "help-hidden", "version", "license"]

  private(set) var options: [Option] = []
  private var byLongName: [String: Int] = [:]
  private var byShortName: [String: Int] = [:]

  init(_ command: any ParsableCommand.Type) {
    let description = Data(command._dumpHelp().utf8)
    let tool = try? JSONDecoder().decode(Tool.self, from: description)
    for argument in tool?.command.arguments ?? [] where argument.kind != "positional" {
      let names = argument.names ?? []
      let option = Option(
        longNames: names.filter { $0.kind != "short" }.map { $0.name },
        shortNames: names.filter { $0.kind == "short" }.map { $0.name },
        isFlag: argument.kind == "flag", isRepeating: argument.isRepeating,
        takesAnyValue: argument.parsingStrategy == "unconditional")
      for name in option.longNames { byLongName[name] = options.count }
      for name in option.shortNames { byShortName[name] = options.count }
      options.append(option)
    }
  }

  func index(long name: String) -> Int? { byLongName[name] }
  func index(short name: String) -> Int? { byShortName[name] }

  /// Names that a configuration file or the environment may use.
  var settableNames: [String] {
    options.filter { Self.reserved.isDisjoint(with: $0.longNames) }.flatMap { $0.longNames }
  }

  /// What ArgumentParser writes; the part that is read here.
  private struct Tool: Decodable {
    var command: Command
  }
  private struct Command: Decodable {
    var arguments: [Argument]?
  }
  private struct Argument: Decodable {
    var kind: String
    var isRepeating: Bool
    var parsingStrategy: String
    var names: [Name]?
  }
  private struct Name: Decodable {
    var kind: String
    var name: String
  }
}
