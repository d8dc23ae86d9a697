import Console
import Datasets
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

@Suite struct TokenizeVerbTests {
  private static let vocabulary = fixture("bpe", of: "DatasetsTests")

  private func tokenize(_ arguments: String...) throws -> String {
    let folder = try TemporaryFolder()
    let output = folder.file("out")
    let command = try Tokenize.parse(arguments + ["--out", output])
    try command.run()
    return try text(output)
  }

  private func detokenize(_ arguments: String...) throws -> [UInt8] {
    let folder = try TemporaryFolder()
    let output = folder.file("out")
    let command = try Detokenize.parse(arguments + ["--out", output])
    try command.run()
    return try bytes(output)
  }

  @Test func formsOfTheAnswer() throws {
    let vocabulary = Self.vocabulary
    let tokenizer = try BPETokenizer(folder: vocabulary)
    let text = "the é\n<|endoftext|>"
    let ids = try tokenizer.encode(prompt: text)
    let line = ids.map { String($0) }.joined(separator: " ")
    #expect(try tokenize("--vocab", vocabulary, text) == line + "\n")
    #expect(try tokenize("--vocab", vocabulary, text, "--count") == "\(ids.count)\n")
    #expect(try tokenize("--vocab", vocabulary, "") == "\n")
    let pieces = try tokenize("--vocab", vocabulary, "the\t\n", "--pieces")
    #expect(pieces.hasSuffix("\t\\n\n") && pieces.contains("\t\\t\n") && pieces.contains("\tthe\n"))
    let plain = try tokenize("--vocab", vocabulary, text, "--no-parse-special")
    #expect(plain != line + "\n" && plain.hasPrefix("\(ids[0]) "))
    for answer in [line, plain] {
      #expect(try detokenize("--vocab", vocabulary, answer) == Array(text.utf8))
    }
    let json = try tokenize("--vocab", vocabulary, "a é", "--json")
    #expect(
      json
        == #"{"schema":1,"count":4,"tokens":[{"id":65,"text":"a"},{"id":221,"text":" "},"#
        + "{\"id\":128,\"text\":\"\u{FFFD}\",\"bytes\":[195]},{\"id\":103,\"text\":\"\u{FFFD}\",\"bytes\":[169]}]}\n"
    )
  }

  /// A vocabulary without weights, whose texts stand between two tokens; see
  /// Scripts/fixtures/tokenizer_kinds.py.
  @Test func vocabulariesOfGGUF() throws {
    let file = fixture("tokenizer-kinds/scores.gguf", of: "DatasetsTests")
    let tokenizer = try BPETokenizer(gguf: file)
    let text = "the cat <s> sees"
    let ids = try tokenizer.encode(prompt: text)
    #expect(ids.contains(1))
    let line = ids.map { String($0) }.joined(separator: " ")
    for flag in ["--vocab", "--model"] {
      #expect(try tokenize(flag, file, text) == "1 \(line) 2\n")
      #expect(try tokenize(flag, file, text, "--no-special-tokens") == line + "\n")
      #expect(try !tokenize(flag, file, text, "--no-parse-special").contains(" 1 "))
    }
    #expect(try detokenize("--vocab", file, line) == Array("the cat <s>  sees".utf8))
    #expect(try detokenize("--model", file, "1 " + line) == Array("<s> the cat <s>  sees".utf8))
  }

  @Test func filesAndWords() throws {
    let folder = try TemporaryFolder()
    let vocabulary = Self.vocabulary
    let file = try folder.write("text.txt", "the cat\nsees the dog 猫\n")
    let ids = try tokenize("--vocab", vocabulary, file)
    let idFile = try folder.write("ids.txt", "[" + ids.replacing(" ", with: ",\n") + "]")
    #expect(try detokenize("--vocab", vocabulary, idFile) == bytes(file))
    let words = ids.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { String($0) }
    let command = try Detokenize.parse(["--vocab", vocabulary, "--out", folder.file("o")] + words)
    try command.run()
    #expect(try bytes(folder.file("o")) == bytes(file))
    // What is no file is text.
    #expect(try tokenize("--vocab", vocabulary, file + "x") != ids)
  }

  @Test func modelsWithWords() throws {
    let folder = try TemporaryFolder()
    let model = try folder.train("model", ["the cat sees the dog\n"])
    let ids = try tokenize("--model", model, "the cat")
    let session = try loadTextModel(model).model.encode("the cat")
    #expect(ids == session.map { String($0) }.joined(separator: " ") + "\n")
    #expect(try detokenize("--model", model, ids) == Array("the cat".utf8))
    let file = try folder.write("text.txt", "the cat\nthe dog\n")
    #expect(try detokenize("--model", model, tokenize("--model", model, file)) == bytes(file))
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let vocabulary = Self.vocabulary
    for (ids, message) in [
      ("1 512", "the ids: id 512 is out of range: ids are 0 to 511"),
      (
        "99999999999999999999", "the ids: id 99999999999999999999 is out of range: ids are 0 to 511"
      ),
      ("1 two 3", "the ids: 'two' is not a token id"), ("-1", "the ids: '-1' is not a token id"),
      ("1.5", "the ids: '1.5' is not a token id"),
    ] {
      #expect(refuses([.usage]) { _ = try detokenize("--vocab", vocabulary, "--", ids) } == message)
    }
    let empty = folder.file("empty")
    try makeFolder(empty)
    let missing = refuses([.badInput]) { _ = try tokenize("--vocab", empty, "a") }
    #expect(missing == "\(empty)/vocab.json: No such file or directory")
    let text = folder.file("latin1.txt")
    try folder.write("latin1.txt", [0x61, 0xE9])
    #expect(
      refuses([.badInput]) { _ = try tokenize("--vocab", vocabulary, text) }
        .hasPrefix("\(text): byte 1 is not UTF-8"))
    #expect(throws: (any Error).self) {
      _ = try Tokenize.parse(["--vocab", vocabulary, "--model", "x", "a"])
    }
    #expect(throws: (any Error).self) { _ = try Tokenize.parse(["--vocab", vocabulary]) }
  }
}
