import Checkpoints
import Console
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

/// `aigc convert` and `aigc inspect` of files of tensors.
@Suite struct CheckpointVerbsTests {
  private func weights(_ name: String) -> String { fixture(name, of: "CheckpointsTests") }

  private func convert(_ arguments: String...) throws {
    let command = try Convert.parse(arguments)
    try command.run()
  }

  @Test func tensorsKeepTheirTypes() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("types.safetensors")
    try convert(weights("types.pth"), output)
    let (ours, theirs) = (
      try Checkpoint.open(output), try Checkpoint.open(weights("types.safetensors"))
    )
    #expect(ours.metadata == ["format": "pt"])
    #expect(ours.tensors.map { $0.name } == theirs.tensors.map { $0.name })
    #expect(ours.tensors.map { $0.type } == theirs.tensors.map { $0.type })
    // By content: the name of the input says nothing.
    try folder.write("weights", bytes(weights("zip-legacy.pth")))
    try convert(folder.file("weights"), output)
    #expect(try Checkpoint.open(output).tensors.count == 6)
  }

  /// The scores of all words after any two of them, or fewer.
  private func scores(_ model: NGramLanguageModel) throws -> [Float] {
    let words = ["", "the", "cat", "sees", "dog"]
    var scores: [Float] = []
    for first in words {
      for second in words {
        var session = model.makeSession()
        session.append(contentsOf: try model.encode("\(first) \(second)"))
        let next = try words.dropFirst().map { try model.encode($0)[0] }
        scores += (next + [0, Int32(NGramCounts.sentenceEnd)]).map { session.score(of: $0) }
      }
    }
    return scores
  }

  @Test func ngramModelsAsBefore() throws {
    let folder = try TemporaryFolder()
    let model = try folder.train("model", ["the cat sees the dog\n"])
    try convert(model, folder.file("a.arpa"))
    try convert(folder.file("a.arpa"), folder.file("back"))
    // ARPA files hold seven digits: the same n-grams, and the same scores.
    try convert(folder.file("back"), folder.file("b.arpa"))
    #expect(try text(folder.file("a.arpa")) == text(folder.file("b.arpa")))
    let before = try scores(NGramLanguageModel(folder: model))
    let after = try scores(NGramLanguageModel(folder: folder.file("back")))
    #expect(before.count == 150 && before.contains { $0 > -1 })
    #expect(zip(before, after).allSatisfy { $0 == $1 || abs($0 - $1) < 1e-5 })
    // An ARPA file may have any name.
    try folder.write("words", bytes(folder.file("a.arpa")))
    try convert(folder.file("words"), folder.file("again"), "--tokens", "whitespace")
    #expect(try NGramLanguageModel(folder: folder.file("again")).table.order == 3)
    refuses([.usage]) { try convert(folder.file("words"), folder.file("again")) }
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let (input, output) = (weights("zip.pth"), folder.file("out"))
    refuses([.usage]) { try convert(input, output) }
    refuses([.usage]) { try convert(input, output, "--family", "ngram") }
    let unknown = refuses([.usage]) { try convert(input, output, "--family", "ngrm") }
    #expect(unknown.contains("did you mean 'ngram'?"))
    #expect(throws: (any Error).self) { try Convert.parse([input, output, "--vocab", "x"]) }
    try folder.write("cut.pth", Array(bytes(input).prefix(700)))
    refuses { try convert(folder.file("cut.pth"), folder.file("a.safetensors")) }
    refuses { try convert(folder.file("none"), folder.file("a.safetensors")) }
    #expect(folderContents(folder.path) == ["cut.pth"])
  }

  @Test func reports() throws {
    let folder = try TemporaryFolder()
    let report = CheckpointReport(checkpoint: try Checkpoint.open(weights("zip.pth")))
    for isJSON in [false, true] {
      let answer = try Answer(folder.file("report"))
      try report.write(to: answer, json: isJSON)
      try answer.finish()
      let written = try text(folder.file("report"))
      if isJSON {
        #expect(written.contains(#""format":"torch-zip","tensor_count":6,"values":25,"#))
        #expect(written.contains(#"{"name":"conv.weight","type":"F32","shape":[2,1,3,3]}"#))
      } else {
        #expect(written.contains("\n  conv.weight               F32  [2, 1, 3, 3]\n"))
      }
    }
  }

  @Test func hostileNamesDoNotReachTheTerminal() throws {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(
      [NewTensor(name: "a\u{1B}[2J\u{9B}\u{202E}", shape: [1], floats: [1])],
      metadata: ["\u{7}": "\n"], to: folder.file("a"), sync: false)
    let answer = try Answer(folder.file("report"))
    try CheckpointReport(checkpoint: try Checkpoint.open(folder.file("a")))
      .write(to: answer, json: false)
    try answer.finish()
    let written = try text(folder.file("report"))
    #expect(written.contains(#"a\u{1b}[2J\u{9b}\u{202e}"#))
    #expect(written.contains(#"\u{7}  \u{a}"#))
    #expect(!written.unicodeScalars.contains("\u{1B}"))
  }
}
