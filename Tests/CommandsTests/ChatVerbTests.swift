import Files
import FoundationEssentials
import Inference
import TestSupport
import Testing

@testable import Commands

/// `aigc chat` over pipes, with a model that has learned next to nothing: what is asked for is the order of
/// things, and that only answers are on standard output.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct ChatVerbTests {
  private let folder = FlagFolder.shared

  private func object(_ text: String) throws -> [String: JSONValue] {
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    guard case .object(let members) = value else { return [:] }
    return Dictionary(members.map { ($0.name, $0.value) }) { $1 }
  }

  @Test func printsWhatTheModelIsFed() throws {
    try #require(folder.problem == "")
    let run = folder.run("chat --model talk --messages m.json --system 'be brief' --print-prompt")
    #expect(run.output == "system: be brief\nuser: the cat\nmodel: ")
    #expect(run.errors.isEmpty)
    let json = folder.run("chat --model talk --messages m.json --print-prompt --json")
    #expect(try object(json.output)["prompt"] == .string("user: the cat\nmodel: "))
  }

  @Test func linesAreTurns() throws {
    try #require(folder.problem == "")
    let name = "\(folder.path)/dialogue"
    let lines = "hello\\n\\n/save dialogue.json\\nnext\\n//slash\\n/nope\\n/quit\\nnever"
    #expect(
      shell(
        "cd '\(folder.path)' && printf '\(lines)' | $AIGC chat --model talk --seed 1 -n 4 --json "
          + ">dialogue.1 2>dialogue.2") == 0)
    guard case .array(let messages)? = try object(try text("\(name).1"))["messages"] else {
      Issue.record("no messages")
      return
    }
    #expect(messages.count == 6)
    guard case .object(let third) = messages[4] else { return }
    #expect(third.first { $0.name == "content" }?.value == .string("/slash"))
    #expect(try text("\(name).2").contains("there is no /nope"))
    // What was saved is what a later chat goes on with.
    let saved = try Conversation(file: "\(name).json")
    #expect(saved.messages.map { $0.role } == ["user", "assistant"])
    #expect(
      shell(
        "cd '\(folder.path)' && printf '/load dialogue.json\\nmore' | $AIGC chat --model talk --seed 1 "
          + "-n 1 --print-prompt >/dev/null") == 0)
  }

  /// The same answer alone and in the second turn of a dialogue that begins alike, with the same seed.
  @Test func answersDoNotDependOnWhatWasKept() throws {
    try #require(folder.problem == "")
    #expect(
      shell(
        """
        cd '\(folder.path)' && printf 'the cat\\n' | $AIGC chat --model talk --temp 0 -n 4 >one.1 2>one.2 &&
        $AIGC chat --model talk --messages m.json --temp 0 -n 4 >two.1 2>two.2 && cmp one.1 two.1
        """) == 0)
  }

  /// Ctrl-C on a terminal ends an answer that would not end by itself; the chat goes on.
  @Test func controlCStopsTheAnswerAlone() throws {
    try #require(folder.problem == "")
    let chat = "chat --model lw --chat-template t.jinja --seed 1 -n 100000000 --no-color"
    let terminal = try Terminal("cd '\(folder.path)' && exec \"$AIGC\" \(chat)")
    #expect(terminal.wait(from: 0, for: "> "))
    for message in ["hello", "and more"] {
      let start = terminal.output.count
      terminal.type("\(message)\r")
      #expect(terminal.wait(from: start) { $0.count > 1000 })
      let shown = terminal.output.count
      terminal.type("\u{3}")
      #expect(terminal.wait(from: shown, for: "stopped"))
    }
    let start = terminal.output.count
    terminal.type("/save stopped.json\r")
    #expect(terminal.wait(from: start, for: "4 messages in stopped.json"))
    terminal.type("/quit\r")
    #expect(terminal.finish() == 0)
    let saved = try Conversation(file: "\(folder.path)/stopped.json").messages
    #expect(saved.map { $0.role } == ["user", "assistant", "user", "assistant"])
  }

  @Test(arguments: [
    ("--messages a.txt", 3, "a.txt"), ("--messages none.json", 3, "none.json"),
    ("--messages m.json --chat-template none", 3, "none"),
    ("--messages m.json --chat-template a.txt", 2, "the last turn"),
    ("--messages m.json --prompt-cache m.json", 2, "m.json"),
  ])
  func isRefused(_ flags: String, _ code: Int32, _ words: String) throws {
    try #require(folder.problem == "")
    let run = folder.run("chat --model talk --seed 1 \(flags)")
    #expect(run.code == code, "\(run.errors)")
    #expect(run.errors.contains(words))
    #expect(run.output.isEmpty)
  }
}
