import Files
import TestSupport
import Testing

/// `summarize` and `rouge` as their users meet them.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct SummaryVerbsTests {
  @Test func readsWhatPipesGive() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("out.txt")
    func run(_ command: String) throws -> (code: Int32?, output: String) {
      let code = shell("(\(command)) >\(output) 2>&1")
      return (code, try text(output))
    }
    let summarize = "\"$AIGC\" summarize --method lead --length 1"
    #expect(try run("echo 'One. Two.' | \(summarize) -").output == "One.\n")
    #expect(try run("echo '{\"article\": \"One. Two.\"}' | \(summarize) -").output == "One.\n")
    #expect(
      try run("echo '{\"other\": 1} One. Two.' | \(summarize) -").output.hasPrefix("{\"other\""))
    #expect(try run("printf '  \\n' | \(summarize) -").output.contains("no sentence"))
    #expect(
      try run("printf '  \\n' | \(summarize) --json -q -").output.contains("\"sentences\":[]"))
    #expect(try run("printf '' | \(summarize) -").code == 3)
    #expect(try run("\(summarize) \(folder.path)").code == 3)
    #expect(try run("echo x | \"$AIGC\" rouge - -").code == 2)
    #expect(try run("echo x | \"$AIGC\" rouge - /dev/null").code == 4)
  }

  /// Each of the larger texts, packed or not, gets a summary.
  @Test func summarizesEveryText() throws {
    guard let data = testData() else { return }
    for folder in ["text/chinese", "text/english-books", "summarisation"] {
      let path = "\(data)/\(folder)"
      for name in folderContents(path) {
        let file = "\(path)/\(name)"
        guard !isFolder(file), try bytes(file).count < 4 << 20 else { continue }
        #expect(shell("\"$AIGC\" summarize '\(file)' --length 2 -q >/dev/null") == 0, "\(file)")
      }
    }
  }
}
