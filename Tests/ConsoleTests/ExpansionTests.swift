import ArgumentParser
import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Console

private struct Tool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aigc", subcommands: [Write.self, Container.self])

  struct Container: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", subcommands: [Write.self])
  }

  struct Write: ConsoleCommand {
    static let configuration = CommandConfiguration(commandName: "write")
    @Option(name: .shortAndLong) var prompt: String?
    @Option(name: [.customLong("max-tokens"), .customShort("n"), .customLong("predict")])
    var maxTokens = 100
    @Option var topK = 40
    @Option(name: [.customLong("stop"), .customShort("r")], parsing: .unconditionalSingleValue)
    var stop: [String] = []
    @Option var prune: String?
    @Flag var echo = false
    @Flag(inversion: .prefixedNo) var shuffle = true
    @OptionGroup var common: CommonOptions
    @Argument var rest: [String] = []
  }
}

private func parse(
  _ arguments: [String], environment: [String: String] = [:]
) throws -> Tool.Write {
  var sources: [String: String] = [:]
  let command = try Console.parse(
    root: Tool.self, arguments: ["write"] + arguments, environment: environment,
    sources: &sources)
  return try #require(command as? Tool.Write)
}

private func withFile<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
  let folder = try TemporaryFolder()
  return try body(folder.write("config.json", text))
}

@Suite struct ExpansionTests {
  @Test func underscoresInLongFlags() throws {
    #expect(try parse(["--top_k", "3"]).topK == 3)
    #expect(try parse(["--top_k=4"]).topK == 4)
    #expect(try parse(["--top-k", "5", "--", "--top_k"]).rest == ["--top_k"])
    #expect(try parse(["--stop", "--a_b", "--top_k=1"]).stop == ["--a_b"])
    #expect(try parse(["--prompt=a_b", "--top_k=1"]).prompt == "a_b")
  }

  @Test func globalOptionsBeforeTheVerb() throws {
    var sources: [String: String] = [:]
    let command = try Console.parse(
      root: Tool.self, arguments: ["-q", "--threads", "2", "train", "write", "--echo"],
      environment: [:], sources: &sources)
    let write = try #require(command as? Tool.Write)
    #expect(write.common.quiet && write.common.threads == 2 && write.echo)
  }

  @Test func flagThenEnvironmentThenFileThenDefault() throws {
    let file = #"{"top_k": 1, "max-tokens": 2, "prompt": "file", "command": "write"}"#
    try withFile(file) { path in
      let environment = ["AIGC_TOP_K": "10", "AIGC_MAX_TOKENS": "20"]
      let all = try parse(["--top-k", "100", "--config", path], environment: environment)
      #expect(all.topK == 100)
      #expect(all.maxTokens == 20)
      #expect(all.prompt == "file")
      #expect(all.stop.isEmpty)
      let fromEnvironment = try parse([], environment: ["AIGC_CONFIG": path, "AIGC_TOP_K": "7"])
      #expect(fromEnvironment.topK == 7)
      #expect(fromEnvironment.maxTokens == 2)
    }
  }

  @Test func aliasesAndShortFlagsCountAsGiven() throws {
    let environment = ["AIGC_MAX_TOKENS": "9", "AIGC_STOP": "x", "AIGC_PROMPT": "y"]
    #expect(try parse(["--predict", "5"], environment: environment).maxTokens == 5)
    #expect(try parse(["-n", "6"], environment: environment).maxTokens == 6)
    #expect(try parse(["-r", "a", "-r", "b"], environment: environment).stop == ["a", "b"])
    #expect(try parse([], environment: environment).stop == ["x"])
    #expect(try parse(["--", "-n", "6"], environment: environment).maxTokens == 9)
    #expect(try parse(["-p", "-"], environment: environment).prompt == "-")
    #expect(try parse([], environment: ["AIGC_PREDICT": "8"]).maxTokens == 8)
  }

  @Test func flagsAndListsFromAFile() throws {
    let file = #"""
      {"echo": true, "shuffle": false, "quiet": false, "stop": ["a", "--b"], "prune": [0, 0, 1],
       "prompt": null}
      """#
    try withFile(file) { path in
      let write = try parse(["--config=\(path)"])
      #expect(write.echo && !write.shuffle && !write.common.quiet)
      #expect(write.stop == ["a", "--b"])
      #expect(write.prune == "0,0,1")
      #expect(write.prompt == nil)
      #expect(try parse(["--config", path, "--shuffle"]).shuffle)
    }
    #expect(try parse([], environment: ["AIGC_ECHO": "1"]).echo)
    #expect(try !parse([], environment: ["AIGC_ECHO": "0"]).echo)
    #expect(try !parse([], environment: ["AIGC_SHUFFLE": "no"]).shuffle)
  }

  @Test func otherVariablesDoNotDisturb() throws {
    let environment = ["AIGC_HOME": "/x", "AIGC_TEST_DATA": "/y", "AIGC_HELP": "1", "PATH": "z"]
    #expect(try parse(["a"], environment: environment).rest == ["a"])
  }

  @Test func wrongFiles() throws {
    try withFile(#"{"top_kk": 5}"#) { path in
      let error = refusal { _ = try parse(["--config", path]) }
      #expect(error?.code == .usage)
      #expect(error?.description.hasSuffix("unknown key 'top_kk'; did you mean 'top-k'?") == true)
    }
    try withFile(#"{"echo": "maybe"}"#) { path in
      #expect(refusal { _ = try parse(["--config", path]) }?.code == .usage)
    }
    try withFile(#"{"prompt": {"a": 1}}"#) { path in
      #expect(refusal { _ = try parse(["--config", path]) }?.code == .usage)
    }
    for text in [#"{"top-k": "#, "[1]", "", String(repeating: "[", count: 100_000)] {
      try withFile(text) { path in
        #expect(refusal { _ = try parse(["--config", path]) }?.code == .badInput)
      }
    }
    #expect(refusal { _ = try parse(["--config", "/none/such"]) }?.code == .badInput)
  }

  @Test func verbs() {
    func failure(_ arguments: [String]) -> AIGCError? {
      refusal { _ = try CommandPath(root: Tool.self, arguments: arguments) }
    }
    #expect(failure(["wriet"])?.code == .usage)
    #expect(failure(["wriet"])?.description.contains("did you mean 'write'?") == true)
    #expect(failure(["train", "wrote"])?.description.contains("aigc train knows: write") == true)
    #expect(failure(["write", "anything"]) == nil)
  }

  @Test func exitCodes() throws {
    func code(_ arguments: [String]) -> Int32 {
      Console.execute(root: Tool.self, arguments: arguments, environment: [:])
    }
    #expect(code(["write", "--tpo-k", "3"]) == 2)
    #expect(code(["write", "--top-k", "x"]) == 2)
    #expect(code(["write", "--threads", "0"]) == 2)
    #expect(code(["wrte"]) == 2)
    #expect(code(["write", "--config", "/none/such"]) == 3)
  }
}

@Suite struct NearestNameTests {
  @Test func distances() {
    #expect(editDistance("kitten", "sitting") == 3)
    #expect(editDistance("abcd", "abdc") == 1)
    #expect(editDistance("", "abc") == 3)
    #expect(editDistance("Same", "same") == 0)
  }

  @Test func nearest() {
    let names = ["generate", "train", "temperature"]
    #expect(nearestName(to: "genrate", among: names) == "generate")
    #expect(nearestName(to: "temprature", among: names) == "temperature")
    #expect(nearestName(to: "quantize", among: names) == nil)
    #expect(suggestion(for: "x", among: names) == "")
  }

  /// Negative values reach the flag's own check, instead of being taken for flags.
  @Test func negativeValues() throws {
    #expect(try parse(["--max-tokens", "-3"]).maxTokens == -3)
    #expect(try parse(["-n", "-3", "--echo"]).maxTokens == -3)
    #expect(try parse(["--predict", "-3", "word"]).rest == ["word"])
    #expect(try parse(["--prune", "-.5"]).prune == "-.5")
    #expect(throws: (any Error).self) { try parse(["--echo", "-3"]) }
    #expect(throws: (any Error).self) { try parse(["--max-tokens", "--echo"]) }
    #expect(throws: (any Error).self) { try parse(["--max-tokens", "-n"]) }
  }

  /// Advice with flags that a command has not is left out; the fault stays.
  @Test func partsOfPathsAreNoAdvice() {
    let text = "a; --b.txt: no such file"
    #expect(withoutForeignAdvice(text) { _ in false } == text)
    #expect(withoutForeignAdvice("a; --b goes on") { _ in false } == "a")
  }

  @Test func adviceIsOfTheCommand() {
    func advice(_ text: String) -> String {
      withoutForeignAdvice(text) { ["top-k", "stop"].contains($0) }
    }
    #expect(advice("a: byte 3 is not UTF-8; pass --tokens byte") == "a: byte 3 is not UTF-8")
    #expect(advice("bad; pass --top-k 3; or --tokens byte") == "bad; pass --top-k 3")
    #expect(advice("--tokens x; see --stop") == "--tokens x; see --stop")
    #expect(
      advice("bad; see 'aigc train vae --task tabular'")
        == "bad; see 'aigc train vae --task tabular'")
    #expect(advice("plain") == "plain")
  }
}
