import Files
import TestSupport
import Testing

@testable import Families

/// What completions are rewarded for, and what is refused.
@Suite struct TextRewardTests {
  private func scores(_ reward: String, _ texts: [String]) throws -> [Double] {
    try RewardSum([reward], weights: []).scores(
      texts.map { Completion(prompt: "a prompt", text: $0) }
    ).total
  }

  @Test func length() throws {
    let texts = ["", "a b", " a  b\nc ", "a b c d", "a b c d e f", "a b c d e f g h i"]
    let found = try scores("length:2-4", texts)
    #expect(found == [0, 1, 1, 1, 0.5, 0])
    #expect(try scores("length:4", texts) == [0, 0.5, 0.75, 1, 0.5, 0])
  }

  @Test func words() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("list", "Happy\n\nsun\r\n")
    let texts = ["the HAPPY, happy dog", "sunny", "Sun; happy", ""]
    #expect(try scores("words:\(path)", texts) == [0.5, 0, 1, 0])
    #expect(try scores("words:happy, sun", texts) == [0.5, 0, 1, 0])
  }

  /// Python's `re.search` says the same of all of them.
  @Test(arguments: [
    ("abc", "xabcx", true), ("^abc$", "abc", true), ("^abc$", "abcd", false),
    ("a|bc", "xbc", true), ("^(a|b)+$", "abba", true), ("^(a|b)+$", "abca", false),
    ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaaa", true),
    ("^a{2}$", "aa", true), ("^a{0}$", "", true), ("^\\d+ \\w+$", "12 días", true),
    ("[.!?]$", "so?", true), ("[.!?]$", "so", false), ("^[^\"]*$", "no quotes", true),
    ("^[^\"]*$", "a \" b", false), ("[a-c]-[]x]", "b-]", true), ("[a-]", "-", true),
    ("\\bcat\\b", "a cat.", true), ("\\bcat\\b", "cats", false), ("(?i)HeLLo", "hello", true),
    ("(?i)[a-c]+d", "ABCD", true), (".", "\n", false), ("a.c", "a\nc", false),
    ("(?:ab)*c", "ababc", true), ("^(|a)b$", "b", true), ("x*", "", true), ("a+?b", "aab", true),
    ("^\\S+\\s\\S+$", "two words", true), ("\\.", "abc", false), ("^[\\w-]+$", "a-b_1", true),
    ("", "anything", true), ("^你好.$", "你好！", true), ("a$b", "ab", false), ("[\\]]", "]", true),
  ])
  func expressions(_ pattern: String, _ text: String, _ isMatch: Bool) throws {
    #expect(try RegularExpression(pattern).matches(text) == isMatch, "\(pattern) in \(text)")
  }

  @Test(arguments: [
    "(", ")", "a)", "[a", "*a", "a{3,2}", "a{", "a{x}", "\\", "\\q", "(?=a)", "(?<n>a)", "[z-a]",
    "(((a{400}){400}){400})", "((){4000}){4000}", "a{99999}", "\\1", "[\\D]",
    String(repeating: "(", count: 200) + String(repeating: ")", count: 200),
  ])
  func brokenExpressions(_ pattern: String) {
    #expect(refuses([.usage]) { _ = try RegularExpression(pattern) } != "")
  }

  /// What takes other engines years.
  @Test func expressionsTakeBoundedTime() throws {
    let text = String(repeating: "a", count: 5000)
    let start = ContinuousClock.now
    #expect(try !RegularExpression("(a+)+$|(a|aa)*b").matches(text + "!"))
    #expect(try !RegularExpression("^(a?){500}a{500}b").matches(text))
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test(arguments: [
    ("joy", "no such reward"), ("length", "behind a colon"), ("length:x", "number of words"),
    ("length:5-2", "number of words"), ("length:0", "number of words"), ("words:,", "no words"),
    ("words:two words", "no single word"), ("format:", "behind a colon"),
    ("sentiment:/none/such:positive", "no such model"),
  ])
  func refusals(_ reward: String, _ words: String) {
    let text = refuses([.usage, .badInput]) { _ = try RewardSum([reward], weights: []) }
    #expect(text.contains(words), "\(text)")
  }

  @Test func weightsAddUp() throws {
    let sum = try RewardSum(["length:2", "format:^a", "format:b$"], weights: [1, 2, -1])
    #expect(sum.names == ["length", "format", "format_2"])
    let found = try sum.scores([Completion(prompt: "", text: "a b"), .init(prompt: "", text: "a")])
    #expect(found.total == [2, 2.5])
    #expect(found.parts == [[1, 0.5], [1, 1], [1, 0]])
    #expect(refuses([.usage]) { _ = try RewardSum(["length:2"], weights: [1, 2]) } != "")
    #expect(refuses([.usage]) { _ = try RewardSum([], weights: []) } != "")
    #expect(refuses([.usage]) { _ = try RewardSum(["length:2"], weights: [.nan]) } != "")
  }

  // MARK: Programs

  @Test func commands() throws {
    // Longer than a pipe holds, both ways.
    let texts = (0..<3000).map { "text \($0) \"quoted\"\n" + String(repeating: "x", count: 100) }
    #expect(
      try scores("command:sed -u 's/.*\"text \\([0-9]*\\) .*/\\1.5/'", texts)
        == texts.indices.map { Double($0) + 0.5 })
    #expect(
      try scores("command:sed -u 's/.*/{\"a\": [1], \"reward\": -2}/'", ["", "b"]) == [-2, -2])
    // The same process is asked again.
    let sum = try RewardSum(
      ["command:n=0; while read -r l; do n=$((n+1)); echo $n; done"], weights: [])
    let one = [Completion(prompt: "p", text: "t")]
    #expect(try sum.scores(one + one).total == [1, 2])
    #expect(try sum.scores(one).total == [3])
  }

  @Test(arguments: [
    ("exit 3", "ended with exit code 3 after 0 answers of 2"), ("head -n 1", "is no number"),
    ("echo 1; exit 0", "ended with exit code 0 after 1 answer of 2"),
    ("kill -9 $$", "ended by signal 9"), ("echo x; cat", "answer 1: 'x' is no number"),
    ("echo 1; echo nan; cat", "answer 2: 'nan'"), ("yes 1", "said more than 2 lines"),
    ("/no/such/program", "ended with exit code 127"), ("echo '{\"reward\": \"1\"}'; cat", "is no"),
    ("tr '\\n' ' ' </dev/zero", "a line of more than"), ("exec 1>&-; sleep 60", "ended after 0"),
  ])
  func brokenCommands(_ command: String, _ words: String) {
    let texts = [Completion(prompt: "p", text: "t"), Completion(prompt: "p", text: "u")]
    let text = refuses([.failed]) {
      _ = try RewardSum(["command:\(command) 2>/dev/null"], weights: []).scores(texts)
    }
    #expect(text.contains(words), "\(command): \(text)")
  }

  // MARK: Prompts

  @Test func prompts() throws {
    let folder = try TemporaryFolder()
    let lines = try folder.write("a.txt", "one\n\n  two \r\n{three\n")
    #expect(try PromptSet(path: lines).texts == ["one", "  two ", "{three"])
    let objects = "{\"prompt\": \"one\\n\", \"x\": [1]}\n\n{\"prompt\": \"\"}\n"
    for name in ["a.jsonl", "b"] {
      let path = try folder.write(name, objects)
      #expect(try PromptSet(path: path).texts == ["one\n", ""])
    }
  }

  @Test(arguments: [
    ("a.jsonl", "{\"prompt\": 1}", "'prompt' is not a text"), ("a.jsonl", "{}", "no 'prompt'"),
    ("a.jsonl", "one", "line 1"), ("a.txt", " \n\n", "no prompts"), ("a.txt", "", "no prompts"),
    ("a.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": \"b\"", "line 2"),
  ])
  func brokenPrompts(_ name: String, _ content: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(name, content)
    let text = refuses { _ = try PromptSet(path: path) }
    #expect(text.contains(words), "\(text)")
    let bytes = try folder.write("bytes.txt", [0xFF, 0xFE, 10])
    #expect(refuses { _ = try PromptSet(path: bytes) }.contains("not UTF-8"))
    #expect(refuses { _ = try PromptSet(path: folder.file("none")) } != "")
  }
}
