import ArgumentParser
import Files
import FoundationEssentials

/// Adds to a command line what the environment and the configuration file say, in the order
/// flag > `AIGC_*` > `--config` > default, and reads `_` in long flags as `-`.
struct ArgumentExpansion {
  private let table: OptionTable
  private var arguments: [String]
  /// Options that already have a value from a stronger place.
  private var given: Set<Int> = []
  private var configurationPath: String?
  private var added: [String] = []
  /// Where added options come from: ["--top-k": "AIGC_TOP_K"].
  private var sources: [String: String] = [:]

  /// An expanded command line.
  struct Result {
    var arguments: [String]
    var sources: [String: String] = [:]
  }

  /// Variables that are no options.
  private static let otherVariables: Set<String> = [
    "AIGC_HOME", "AIGC_TEST_DATA", "AIGC_WARNINGS_AS_ERRORS",
  ]

  /// Expands `arguments`, which are what follows the verbs of `command`; `environment` holds all
  /// variables of the process.
  ///
  /// - Throws: ``/Files/AIGCError``: usage for unknown keys and unfit values, badInput for a file that is
  ///   missing or not JSON.
  /// - Returns: The arguments and where the added ones come from.
  static func expand(
    _ arguments: [String], for command: any ParsableCommand.Type, environment: [String: String]
  ) throws(AIGCError) -> Result {
    let variables = environment.filter {
      $0.key.hasPrefix("AIGC_") && !otherVariables.contains($0.key)
    }
    let flags = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
    let hasUnderscore = flags.contains { $0.prefix { $0 != "=" }.contains("_") }
    let hasConfiguration = flags.contains { $0.hasPrefix("--config") }
    let hasNegative = zip(arguments, arguments.dropFirst()).contains {
      $0.hasPrefix("-") && isNegativeNumber($1)
    }
    guard !variables.isEmpty || hasUnderscore || hasConfiguration || hasNegative else {
      return Result(arguments: arguments)
    }
    var expansion = ArgumentExpansion(arguments, OptionTable(command))
    try expansion.add(environment: variables)
    if let path = expansion.configurationPath { try expansion.add(file: path) }
    return Result(
      arguments: expansion.added + expansion.arguments, sources: expansion.sources)
  }

  /// Whether it is a value that begins as a flag does: -3, -.5, -inf.
  private static func isNegativeNumber(_ text: String) -> Bool {
    guard text.first == "-", let second = text.dropFirst().first else { return false }
    return second.isNumber || second == "." || text.lowercased() == "-inf"
  }

  /// Goes through the user's own arguments.
  private init(_ arguments: [String], _ table: OptionTable) {
    self.table = table
    self.arguments = arguments
    var index = 0
    // `self.arguments`: a flag and its negative number become one on the way.
    while index < self.arguments.count, self.arguments[index] != "--" {
      let argument = self.arguments[index]
      if argument.hasPrefix("--") {
        index += readLongFlag(at: index)
      } else if argument.hasPrefix("-"), argument.count > 1 {
        index += readShortFlags(argument, at: index)
      }
      index += 1
    }
  }

  /// Returns how many of the following arguments belong to the flag.
  private mutating func readLongFlag(at index: Int) -> Int {
    let body = arguments[index].dropFirst(2)
    let typed = body.prefix { $0 != "=" }
    let name = String(typed.map { $0 == "_" ? "-" : $0 })
    let value = body.dropFirst(typed.count)
    arguments[index] = "--\(name)\(value)"
    guard let option = table.index(long: name) else { return 0 }
    markGiven(option)
    if value.isEmpty { joinNegative(option, at: index) }
    if name == "config" {
      configurationPath = value.isEmpty ? following(index) : String(value.dropFirst())
    }
    return arguments[index].contains("=") ? 0 : valueCount(of: option, at: index)
  }

  private mutating func readShortFlags(_ argument: String, at index: Int) -> Int {
    let letters = argument.dropFirst().prefix { $0 != "=" }
    var count = 0
    for letter in letters {
      guard let option = table.index(short: String(letter)) else { continue }
      markGiven(option)
      if letters.count == 1, argument.count == 2 { joinNegative(option, at: index) }
      let isWhole = letters.count + 1 == argument.count && !arguments[index].contains("=")
      count = isWhole ? valueCount(of: option, at: index) : 0
    }
    return count
  }

  /// Makes one argument of a flag and its negative number, which by itself would be read as a flag: the
  /// flag's own check then says what is wrong with it.
  private mutating func joinNegative(_ option: Int, at index: Int) {
    guard !table.options[option].isFlag, !table.options[option].takesAnyValue,
      let next = following(index), Self.isNegativeNumber(next),
      let name = table.options[option].longNames.first
    else { return }
    arguments[index] = "--\(name)=\(next)"
    arguments.remove(at: index + 1)
  }

  private func following(_ index: Int) -> String? {
    index + 1 < arguments.count ? arguments[index + 1] : nil
  }

  private func valueCount(of option: Int, at index: Int) -> Int {
    guard !table.options[option].isFlag, let next = following(index) else { return 0 }
    return table.options[option].takesAnyValue || !next.hasPrefix("-") || next == "-" ? 1 : 0
  }

  /// Marks an option, and its opposite where it is one half of `--x` and `--no-x`.
  private mutating func markGiven(_ option: Int) {
    given.insert(option)
    for name in table.options[option].longNames {
      let opposite = name.hasPrefix("no-") ? String(name.dropFirst(3)) : "no-\(name)"
      if let other = table.index(long: opposite) { given.insert(other) }
    }
  }

  private mutating func add(environment: [String: String]) throws(AIGCError) {
    for name in table.settableNames {
      let key = "AIGC_" + String(name.map { $0 == "-" ? "_" : $0 }).uppercased()
      guard let text = environment[key] else { continue }
      guard let option = table.index(long: name), !given.contains(option) else { continue }
      if name == "config" { configurationPath = text }
      try add(.string(text), to: name, source: key)
    }
  }

  private mutating func add(file path: String) throws(AIGCError) {
    let names = table.settableNames.filter { $0 != "config" }
    var fromFile: [(name: String, value: JSONValue)] = []
    for member in try readConfiguration(path) where member.name != "command" {
      let name = String(member.name.map { $0 == "_" ? "-" : $0 })
      guard names.contains(name) else {
        let near = suggestion(for: name, among: names)
        throw .usage("\(path): unknown key '\(member.name)'\(near)")
      }
      fromFile.append((name, member.value))
    }
    for (name, value) in fromFile {
      guard let option = table.index(long: name), !given.contains(option) else { continue }
      try add(value, to: name, source: path)
    }
  }

  /// Adds `--name=value`, or the bare flag.
  private mutating func add(
    _ value: JSONValue, to name: String, source: String
  ) throws(AIGCError) {
    guard let index = table.index(long: name), value != .null else { return }
    let option = table.options[index]
    markGiven(index)
    sources["--\(name)"] = source
    if option.isFlag {
      guard let isOn = value.asFlag else {
        throw .usage("\(source): '\(name)' takes true or false")
      }
      let opposite = "no-\(name)"
      if isOn {
        added.append("--\(name)")
      } else if table.index(long: opposite) != nil {
        added.append("--\(opposite)")
      }
      return
    }
    guard let texts = value.asTexts else {
      throw .usage("\(source): '\(name)' takes text, a number or a list of them")
    }
    if option.isRepeating {
      added += texts.map { "--\(name)=\($0)" }
    } else {
      added.append("--\(name)=\(texts.joined(separator: ","))")
    }
  }
}

extension JSONValue {
  /// A flag's value: true, false, and the words that stand for them in the environment.
  fileprivate var asFlag: Bool? {
    switch self {
    case .bool(let value): value
    case .int(0): false
    case .int(1): true
    case .string(let text):
      switch text.lowercased() {
      case "1", "true", "yes", "on": true
      case "", "0", "false", "no", "off": false
      default: nil
      }
    default: nil
    }
  }

  /// An option's values as they would be typed.
  fileprivate var asTexts: [String]? {
    switch self {
    case .string(let text): return [text]
    case .int, .double, .float, .bool: return [text]
    case .array(let values):
      var texts: [String] = []
      for value in values {
        if case .array = value { return nil }
        guard let text = value.asTexts else { return nil }
        texts += text
      }
      return texts
    case .null, .object: return nil
    }
  }
}

/// The members of the JSON object in the file at `path`.
private func readConfiguration(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
  let file = try MappedFile(path: path)
  guard file.count <= 1 << 20 else { throw .badInput("\(path): too large for a configuration") }
  let bytes = try file.bytes()
  let data = Data(bytes.indices.map { bytes[$0] })
  do {
    if case .object(let members) = try JSONDecoder().decode(JSONValue.self, from: data) {
      return members
    }
  } catch {
    throw .badInput("\(path): not valid JSON: \(jsonErrorText(error))")
  }
  throw .badInput("\(path): a JSON object is needed: {\"top-k\": 40, …}")
}

/// One line about what JSONDecoder did not like.
private func jsonErrorText(_ error: any Error) -> String {
  guard let error = error as? DecodingError, case .dataCorrupted(let context) = error else {
    return "unexpected value"
  }
  let reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
  return String(reason.map { $0.isNewline ? " " : $0 }.prefix(200))
}
