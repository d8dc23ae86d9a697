import ArgumentParser
import Files

/// The command that a command line chooses, and what is left for it.
struct CommandPath {
  /// The verbs as typed: ["generate", "text"].
  var verbs: [String] = []
  /// The chosen command.
  var command: any ParsableCommand.Type
  /// Everything after the verbs, with global options that stood before them.
  var rest: [String] = []

  /// Global options may stand before the verb: `aigc --quiet generate text`.
  private static let leadingFlags: Set<String> = [
    "-q", "--quiet", "-v", "--verbose", "--no-color", "--json",
  ]
  private static let leadingOptions: Set<String> = ["-t", "--threads", "--config"]

  /// - Throws: ``/Files/AIGCError`` (usage) at a verb that does not exist, with the nearest name.
  init(root: any ParsableCommand.Type, arguments: [String]) throws(AIGCError) {
    command = root
    var arguments = arguments[...]
    let leading = Self.takeLeadingOptions(&arguments)
    while let verb = arguments.first, !verb.hasPrefix("-") {
      let subcommands = command.configuration.subcommands
      guard !subcommands.isEmpty else { break }
      guard let next = subcommands.first(where: { $0.names.contains(verb) }) else {
        throw unknown(verb, among: subcommands)
      }
      command = next
      verbs.append(verb)
      arguments = arguments.dropFirst()
    }
    rest = leading + arguments
  }

  private static func takeLeadingOptions(_ arguments: inout ArraySlice<String>) -> [String] {
    var taken: [String] = []
    while let first = arguments.first {
      let name = String(first.prefix { $0 != "=" })
      var count = 0
      if leadingFlags.contains(first) { count = 1 }
      if leadingOptions.contains(name) { count = name == first ? 2 : 1 }
      guard count > 0 else { break }
      taken += arguments.prefix(count)
      arguments = arguments.dropFirst(count)
    }
    return taken
  }

  private func unknown(
    _ verb: String, among subcommands: [any ParsableCommand.Type]
  ) -> AIGCError {
    let shown = subcommands.filter { $0.configuration.shouldDisplay }
    let near = suggestion(for: verb, among: subcommands.flatMap { $0.names })
    let list = shown.map { $0._commandName }.joined(separator: ", ")
    let prefix = (["aigc"] + verbs).joined(separator: " ")
    return .usage("unknown command '\(verb)'\(near)\n  \(prefix) knows: \(list)")
  }
}

extension ParsableCommand {
  fileprivate static var names: [String] { [_commandName] + configuration.aliases }
}
