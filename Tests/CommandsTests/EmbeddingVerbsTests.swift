import Console
import Files
import TestSupport
import Testing

@testable import Commands
@testable import Families

/// `aigc embed` and `aigc similar`.
@Suite struct EmbeddingVerbsTests {
  private static let model = fixture("bert/odd", of: "FamiliesTests")

  /// The answer of a command that writes to `--out`.
  private func answer(
    of arguments: [String], _ run: ([String]) throws -> Void
  ) throws -> String {
    let folder = try TemporaryFolder()
    let output = folder.file("out")
    try run(["--model", Self.model, "--out", output] + arguments)
    return try text(output)
  }
  private func embed(_ arguments: String...) throws -> String {
    try answer(of: arguments) { try Embed.parse($0).run() }
  }
  private func similar(_ arguments: String...) throws -> String {
    try answer(of: arguments) { try Similar.parse($0).run() }
  }
  private func lines(_ text: String) -> [Substring] { text.split(separator: "\n") }

  @Test func formsOfTheAnswer() throws {
    let texts = ["the model", "reads a text"]
    let model = try SentenceEncoder(Self.model)
    let vectors = try model.embed(texts.map { try Table(Array($0.utf8)) }) { "\($0)" }
    // All bits of a value come back.
    let plain = lines(try embed(texts[0], texts[1]))
    #expect(plain.map { $0.split(separator: " ").compactMap { Float($0) } } == vectors)
    let objects = lines(try embed(texts[0], texts[1], "--jsonl"))
    for (line, index) in zip(objects, texts.indices) {
      let values = vectors[index].map { "\($0)" }.joined(separator: ",")
      #expect(
        line == "{\"schema\":1,\"text\":\"\(texts[index])\",\"embedding\":[\(values)]}")
    }
    let whole = try embed(texts[0], "--json")
    #expect(whole.hasPrefix(#"{"schema":1,"width":12,"embeddings":[{"text":"the model","#))
  }

  /// More lines than are in memory at once, of all lengths, come out in their order.
  @Test func linesOfFiles() throws {
    let folder = try TemporaryFolder()
    let words = ["the", "model", "reads", "", "a text", "机器"]
    let texts = (0..<4500).map { number in
      (0..<number * 7 % 11).map { words[(number + $0) % 6] }.joined(separator: " ")
    }
    try folder.write("lines.txt", texts.map { $0 + "\r\n" }.joined())
    let found = lines(try embed("--file", folder.file("lines.txt")))
    #expect(found.count == texts.count)
    for index in [0, 1, 7, 2048, 4095, 4096, 4499] {
      #expect(found[index] == lines(try embed("--", texts[index]))[0], "\(index)")
    }
    try folder.write("bad.txt", [UInt8]("the\nmodel ".utf8) + [0xFF, 10])
    #expect(throws: AIGCError.badInput("\(folder.file("bad.txt")): line 2: byte 6 is not UTF-8")) {
      try Embed.parse(["--model", Self.model, "-f", folder.file("bad.txt")]).run()
    }
  }

  @Test func nearestLines() throws {
    let folder = try TemporaryFolder()
    let fillers = (0..<4200).map { "unaffable \($0)\n\n" }.joined()
    try folder.write("lines.txt", "a text\n\nthe Model\n\(fillers)The model reads\nthe model\n")
    let found = lines(try similar("the model", folder.file("lines.txt"), "-k", "3"))
    // Equal ones by their number; the case counts for nothing in this model.
    #expect(found.count == 3)
    #expect(found[0] == "1.0000\t3\tthe Model" && found[1] == "1.0000\t8405\tthe model")
    let json = try similar("the model", folder.file("lines.txt"), "--json", "-k", "1")
    #expect(json.hasPrefix(#"{"schema":1,"results":[{"line":3,"text":"the Model","cosine":"#))
    #expect(
      try similar("x", folder.file("lines.txt"), "-k", "9999").split(separator: "\n").count == 4204)
  }

  @Test func badArguments() {
    for arguments in [
      [], ["--model", "m"], ["a"], ["a", "--model", "m", "-f", "b"],
      ["a", "--model", "m", "--json", "--jsonl"], ["a", "--model", "m", "--pooling", "sum"],
    ] {
      #expect(throws: (any Error).self, "\(arguments)") { try Embed.parse(arguments) }
    }
    #expect(throws: (any Error).self) { try Similar.parse(["a", "b", "--model", "m", "-k", "0"]) }
    for verb in [["a"], ["--model", Self.model, "a", "--context", "2"]] {
      #expect(throws: (any Error).self) { try Embed.parse(verb).run() }
    }
  }

  /// A folder in the older form, whose network is one below.
  @Test func olderFolders() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
      try folder.write("0_Transformer/\(name)", bytes("\(Self.model)/\(name)"))
    }
    try folder.write("1_Pooling/config.json", bytes("\(Self.model)/1_Pooling/config.json"))
    let modules = try text("\(Self.model)/modules.json")
    try folder.write(
      "modules.json", modules.replacing(#""path": """#, with: #""path": "0_Transformer""#))
    let output = folder.file("out")
    try Embed.parse(["the model", "--model", folder.path, "--out", output]).run()
    #expect(try text(output) == embed("the model"))
  }
}
