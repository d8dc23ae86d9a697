import Datasets
import FamilySupport
import Files
import TestSupport
import Testing

@testable import Families

@Suite struct ARPATests {
  @Test(arguments: ["a.arpa", "a.arpa.gz"]) func roundTrip(_ name: String) throws {
    let folder = try TemporaryFolder()
    for tokens in TokenMode.allCases {
      let trained = try folder.model("model-\(tokens.rawValue)", [corpus()]) {
        $0.configuration.tokens = tokens
        $0.configuration.prune = [0, 0, 1]
      }
      try writeARPA(trained, to: folder.file(name))
      let read = NGramLanguageModel(
        table: try readARPA(folder.file(name)).table, configuration: trained.configuration)
      #expect(try readARPA(folder.file(name)).configuration.tokens == tokens)
      #expect(distance(ngrams(trained.table), ngrams(read.table)) < 1e-6)
      let again = "again-\(name)"
      try writeARPA(read, to: folder.file(again))
      #expect(try unpackedText(folder.file(name)) == unpackedText(folder.file(again)), "\(tokens)")
    }
    let start = try bytes(folder.file(name)).prefix(2)
    #expect((Array(start) == [0x1F, 0x8B]) == name.hasSuffix(".gz"))
  }

  @Test func kenLMFilesRoundTrip() throws {
    let folder = try TemporaryFolder()
    for name in ["order5", "order4-pruned"] {
      let model = try NGramFamily().open(fixture("ngram/\(name).arpa.gz"))
      try writeARPA(model, to: folder.file("out.arpa"))
      let written = try arpaNGrams(unpackedText(folder.file("out.arpa")))
      #expect(try distance(written, fixtureNGrams(name)) < 1e-6)
    }
  }

  private func read(_ text: String) throws -> NGramTable {
    let folder = try TemporaryFolder()
    defer { withExtendedLifetime(folder) {} }
    return try readARPA(folder.write("a.arpa", text)).table
  }

  /// As SRILM writes: a text before, spaces, CRLF, contexts and suffixes left out, no `<unk>`.
  @Test func sparseFile() throws {
    let table = try read(
      "a remark\r\n\r\n\\data\\\r\nngram 1=5\r\nngram 2=1\r\nngram 3=1\r\n\r\n\\1-grams:\r\n"
        + "-0.7\t<s>\t-0.3\r\n-0.6 </s>\r\n-0.5\ta\t-0.2\r\n-0.4\tb\t-0.1\r\n-0.3\tc\r\n\r\n"
        + "\\2-grams:\r\n-0.25\ta b\t-0.15\r\n\r\n\\3-grams:\r\n-1e-1\tb c a\r\n\r\n\\end\\\r\n")
    let found = ngrams(table)
    #expect(found[0]["<unk>"]?.probability == -100)
    #expect(found[0].count == 6)
    #expect(Set(found[1].keys) == ["a b", "b c", "c a"])
    #expect(abs((found[1]["b c"]?.probability ?? 0) - (-0.4)) < 1e-6)
    #expect(abs((found[1]["c a"]?.probability ?? 0) - (-0.5)) < 1e-6)
    #expect(found[2] == ["b c a": Weights(probability: -0.1, backoff: 0)])
  }

  /// Every order lacks what it needs of the one below.
  @Test(arguments: 3...8) func everyOrderHasGaps(_ order: Int) throws {
    var text = "\\data\\\nngram 1=\(order * order + 2)\n"
    for level in 2...order { text += "ngram \(level)=1\n" }
    text += "\n\\1-grams:\n-99\t<s>\n-1\t</s>\n"
    for word in 0..<order * order { text += "-1\tw\(word)\t-0.5\n" }
    for level in 2...order {
      let words = (0..<level).map { "w\(level * (level - 1) / 2 + $0 - 1)" }
      text += "\n\\\(level)-grams:\n-0.5\t\(words.joined(separator: " "))\n"
    }
    let table = try read(text + "\n\\end\\\n")
    #expect(table.order == order)
  }

  @Test(arguments: [
    "", "\\data\\", "\\data\\\nngram 1=0\n", "\\data\\\nngram 2=1\n", "\\data\\\nngram 1=-1\n",
    "\\data\\\nngram 1=99999999999999999999\n\n\\1-grams:\n\n\\end\\\n",
    "\\data\\\nngram 1=9223372036854775807\n\n\\1-grams:\n-1\ta\n\n\\end\\\n",
    "\\data\\\nngram 1=1\n\n\\1-grams:\n0.5\ta\n\n\\end\\\n",
    "\\data\\\nngram 1=1\n\n\\1-grams:\nnan\ta\n\n\\end\\\n",
    "\\data\\\nngram 1=1\n\n\\1-grams:\n-inf\ta\n\n\\end\\\n",
    "\\data\\\nngram 1=1\n\n\\1-grams:\n-1\ta\n",
    "\\data\\\nngram 1=2\n\n\\1-grams:\n-1\ta\n-1\ta\n\n\\end\\\n",
    "\\data\\\nngram 1=1\nngram 2=1\n\n\\1-grams:\n-1\ta\n\n\\2-grams:\n-1\ta z\n\n\\end\\\n",
    "\\data\\\nngram 1=1\nngram 2=2\n\n\\1-grams:\n-1\ta\n\n\\2-grams:\n-1\ta a\n-1\ta a\n\n\\end\\\n",
    "\\data\\\nngram 1=1\n\n\\1-grams:\n-1\ta b c\n\n\\end\\\n",
    "\\data\\\nngram 1=1\nngram 2=0\n\n\\1-grams:\n-1\ta\t1e38\n\n\\2-grams:\n\n\\end\\\n",
    "\\data\\\nngram 1=1\nngram 2=0\n\n\\1-grams:\n-1\ta\t1e300\n\n\\2-grams:\n\n\\end\\\n",
  ]) func refused(_ content: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.arpa", content)
    refuses { _ = try NGramFamily().open(path) }
  }

  @Test func extremeNumbersAreWritten() {
    for value in [Float.greatestFiniteMagnitude, -.infinity, .infinity, .nan, -1e30] {
      var output = ByteBuffer(capacity: 0)
      output.append(decimal: value)
      let count = output.count
      #expect(count > 0)
    }
  }

  /// What the format has no place for stands in a comment, which KenLM passes over.
  @Test func settingsTravel() throws {
    let folder = try TemporaryFolder()
    let model = try folder.model("model", [corpus()]) { $0.configuration.tokens = .auto }
    for name in ["a.arpa", "a.arpa.gz"] {
      try writeARPA(model, to: folder.file(name))
      #expect(try unpackedText(folder.file(name)).hasPrefix("# aigc tokens=auto\n\\data\\\n"))
      let read = try #require(try NGramFamily().open(folder.file(name)) as NGramLanguageModel?)
      let held = try Table(Array(corpus().utf8))
      let (before, after) = (
        try model.evaluate(held, name: "t").perplexity,
        try read.evaluate(held, name: "t").perplexity
      )
      #expect(abs(before / after - 1) < 1e-4)
      #expect(try readARPA(folder.file(name), tokens: .word).configuration.tokens == .word)
    }
    #expect(
      ARPASettings(line: "# aigc tokens=char sentences=false")
        == .init(tokens: .char, sentences: false))
    #expect(ARPASettings(line: "# aigc tokens=nonsense") == nil)
    #expect(ARPASettings(line: "a remark") == nil)
    #expect(ARPASettings(tokens: .whitespace).line == "")
    #expect(
      ARPASettings(tokens: .char, sentences: false).line == "# aigc tokens=char sentences=false\n")
    // A binary model by itself takes its settings from the folder that it lies in.
    #expect(try NGramFamily().open(folder.file("model/model.ngram")).configuration.tokens == .auto)
  }

  /// What the file says of its sentences holds with --tokens too.
  @Test func tokensThatAreToldLeaveTheRest() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a.arpa",
      "# aigc tokens=char sentences=false\n\\data\\\nngram 1=4\n\n\\1-grams:\n"
        + ["<unk>", "<s>", "</s>", "a"].map { "-0.5\t\($0)\n" }.joined() + "\n\\end\\\n")
    let configuration = try readARPA(path, tokens: .whitespace).configuration
    #expect(configuration.tokens == .whitespace && !configuration.sentences)
    #expect(try readARPA(path).configuration.tokens == .char)
  }

  /// Marks as KenLM treats them: sentences need theirs, an unknown word is added, `<UNK>` is `<unk>`.
  @Test func missingMarks() throws {
    func file(_ marks: [String]) -> String {
      "\\data\\\nngram 1=\(marks.count + 1)\n\n\\1-grams:\n"
        + marks.map { "-0.5\t\($0)\n" }.joined() + "-0.5\ta\n\n\\end\\\n"
    }
    for (marks, missing) in [(["<unk>", "<s>"], "</s>"), (["<unk>", "</s>"], "<s>")] {
      let folder = try TemporaryFolder()
      let path = try folder.write("a.arpa", file(marks))
      let message = refuses { _ = try NGramFamily().open(path) }
      #expect(message.contains("\(missing) is not among the 1-grams"))
    }
    #expect(try ngrams(read(file(["<s>", "</s>"])))[0]["<unk>"]?.probability == -100)
    #expect(try ngrams(read(file(["<s>", "</s>", "<UNK>"])))[0]["<unk>"]?.probability == -0.5)
    // Beside it a word of that name is a word, before and behind it.
    for marks in [["<UNK>", "<unk>", "<s>", "</s>"], ["<unk>", "<s>", "</s>", "<UNK>"]] {
      #expect(try ngrams(read(file(marks)))[0]["<UNK>"]?.probability == -0.5)
    }
  }
}
