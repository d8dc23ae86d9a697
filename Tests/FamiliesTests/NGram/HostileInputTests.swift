import Datasets
import FamilySupport
import Files
import Kernels
import Synchronization
import TestSupport
import Testing
import Training

@testable import Families

/// Files and texts that are not what they should be: one line of error with exit code 3, no trap.
@Suite struct HostileInputTests {
  private func trained(_ folder: TemporaryFolder) throws -> String {
    try folder.train("model", ["the cat sees the dog\nthe dog sees a cat\n猫 看 狗\n"])
  }

  /// Gives damaged copies of a model's file to `body`.
  private func damage(
    _ name: String, flips: Int, _ body: (_ folder: String, _ what: String) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    let model = try trained(folder)
    let whole = try bytes("\(model)/\(name)")
    var random = RandomSource(seed: 17)
    let lengths = Set((0..<40).map { whole.count * $0 / 40 } + [1, 7, 8, 9, whole.count - 1])
    for length in lengths.sorted() {
      try folder.write("model/\(name)", Array(whole.prefix(length)))
      try body(model, "\(name) cut to \(length) bytes of \(whole.count)")
    }
    for _ in 0..<flips {
      var flipped = whole
      let bit = Int(random.integer(below: UInt64(whole.count * 8)))
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      try folder.write("model/\(name)", flipped)
      try body(model, "\(name) with bit \(bit) flipped")
    }
  }

  @Test func damagedModel() throws {
    let folder = try TemporaryFolder()
    let sound = ngrams(try NGramLanguageModel(folder: trained(folder)).table)
    try damage(NGramFolder.model, flips: 300) { model, what in
      do {
        // A flip in the padding between sections changes nothing.
        let table = try NGramTable(path: "\(model)/\(NGramFolder.model)")
        #expect(ngrams(table) == sound, "\(what)")
      } catch let error as AIGCError {
        #expect(error.code == .badInput, "\(what): \(error)")
      }
    }
  }

  @Test func damagedCounts() throws {
    let other = try TemporaryFolder()
    var trainer = NGramTrainer()
    trainer.texts = [try other.write("more.txt", "the cat\n")]
    try trainer.update(model: trained(other), to: other.file("updated"))
    let sound = ngrams(try NGramLanguageModel(folder: other.file("updated")).table)
    try damage(NGramFolder.counts, flips: 150) { model, what in
      do {
        try trainer.update(model: model, to: other.file("damaged"))
        let table = try NGramLanguageModel(folder: other.file("damaged")).table
        #expect(ngrams(table) == sound, "\(what)")
      } catch let error as AIGCError {
        #expect([.badInput, .mismatch].contains(error.code), "\(what): \(error)")
      }
    }
  }

  @Test func damagedConfiguration() throws {
    try damage(ModelConfiguration.fileName, flips: 200) { model, what in
      do {
        _ = try NGramLanguageModel(folder: model)
      } catch let error as AIGCError {
        #expect([.badInput, .mismatch].contains(error.code), "\(what): \(error)")
        #expect(!error.description.contains("\n"), "\(what)")
      }
    }
  }

  @Test func damagedARPA() throws {
    let folder = try TemporaryFolder()
    try writeARPA(NGramLanguageModel(folder: trained(folder)), to: folder.file("whole.arpa"))
    let whole = try bytes(folder.file("whole.arpa"))
    for length in stride(from: 0, to: whole.count - 6, by: 13) {
      let path = try folder.write("cut.arpa", Array(whole.prefix(length)))
      refuses([.badInput], "cut to \(length)") { _ = try NGramFamily().open(path) }
    }
    var random = RandomSource(seed: 3)
    for _ in 0..<300 {
      var flipped = whole
      let bit = Int(random.integer(below: UInt64(whole.count * 8)))
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let path = try folder.write("flipped.arpa", flipped)
      do {
        _ = try NGramFamily().open(path)
      } catch {
        #expect(error.code == .badInput, "bit \(bit): \(error)")
      }
    }
  }

  /// The file `whole` with its word `index` replaced.
  private func replacing(_ whole: [UInt8], _ words: [Int: UInt64]) -> [UInt8] {
    var file = whole
    for (index, value) in words {
      for byte in 0..<8 {
        file[index * 8 + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
      }
    }
    return file
  }

  /// Headers with right checksums and wrong contents.
  @Test func craftedModelHeaders() throws {
    let folder = try TemporaryFolder()
    let path = "\(try trained(folder))/\(NGramFolder.model)"
    let whole = try bytes(path)
    let count = NGramFile.headerWords
    let source = try MappedFile(path: path).table(of: UInt64.self, at: 0, count: count)
    let header = source.indices.map { source[$0] }
    let extremes: [UInt64] = [
      0, 1, 64, 4096, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max, .max - 63, UInt64(whole.count),
    ]
    for index in [0, 1, 2, 3, 5, 6] + Array(7..<7 + 3 * 11) {
      for value in extremes where value != header[index] {
        // Flags without meaning and the offsets of empty sections may be anything.
        var crafted = header
        crafted[index] = value
        let checksum = try Checksum.of(Table(Array(crafted.dropLast())))
        let file = replacing(whole, [index: value, count - 1: checksum])
        try folder.write("model/\(NGramFolder.model)", file)
        let code = refusal { _ = try NGramTable(path: path) }?.code
        let isHarmless = code == nil && (index == 3 || index >= 7 && (index - 7) % 3 == 0)
        #expect(isHarmless || code == .badInput, "word \(index) = \(value)")
      }
    }
  }

  @Test func craftedCountsHeaders() throws {
    let folder = try TemporaryFolder()
    let model = try trained(folder)
    let path = "\(model)/\(NGramFolder.counts)"
    let whole = try bytes(path)
    for index in 0..<8 {
      for value: UInt64 in [0, 1, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max] {
        let file = replacing(whole, [index: value])
        try folder.write("model/\(NGramFolder.counts)", file)
        var trainer = NGramTrainer()
        trainer.texts = [try folder.write("more.txt", "the cat\n")]
        let code = refusal { try trainer.update(model: model, to: folder.file("updated")) }?.code
        #expect([nil, .badInput, .mismatch].contains(code), "word \(index) = \(value)")
      }
    }
  }

  @Test func notFiles() throws {
    let folder = try TemporaryFolder()
    try folder.write("empty.arpa", "")
    try folder.write("text.ngram", String(repeating: "not a model ", count: 2000))
    try makeFolder(folder.file("folder.arpa"))
    for name in ["empty.arpa", "missing.arpa", "missing.ngram", "text.ngram", "folder.arpa"] {
      refuses([.badInput], "\(name)") { _ = try NGramFamily().open(folder.file(name)) }
    }
  }

  // MARK: Texts

  private func refused(
    _ content: [UInt8], _ mode: TokenMode = .auto, strict: Bool = false,
    location: SourceLocation = #_sourceLocation
  ) throws -> String {
    let folder = try TemporaryFolder()
    var trainer = NGramTrainer()
    trainer.configuration.tokens = mode
    trainer.isStrict = strict
    trainer.texts = [try folder.write("text.txt", content)]
    let message = refuses(location: location) { try trainer.train(to: folder.file("model")) }
    #expect(folderContents(folder.path) == ["text.txt"], sourceLocation: location)
    return message
  }

  @Test func refusedTexts() throws {
    _ = try refused([])
    #expect(try refused([97, 98, 32, 0xFF, 10]).contains("byte 3"))
    #expect(try refused(Array("ab\n".utf8) + [0xE4, 0xBD, 10]).contains("byte 3"))
    #expect(try refused([97, 98, 0, 99, 10]).contains("byte 2"))
    #expect(try refused([97, 98, 0, 99, 10], .char).contains("NUL"))
    #expect(try refused(Array("a <s> b\n".utf8), strict: true).contains("<s>"))
    for mode in [TokenMode.auto, .word, .char, .byte] { _ = try refused([10, 10, 10, 10], mode) }
    let folder = try TemporaryFolder()
    for path in [folder.path, folder.file("missing.txt")] {
      var trainer = NGramTrainer()
      trainer.texts = [path]
      let message = refuses { try trainer.train(to: folder.file("model")) }
      #expect(message.contains(path))
      #expect(!fileExists(folder.file("model")))
    }
  }

  @Test(arguments: [
    ("word", true), ("x", false), ("春", false), ("a <s> b </s> <unk> c\n", true), ("\n\n\n", true),
  ]) func oddTextsTrain(_ text: String, _ isWarned: Bool) throws {
    for mode in TokenMode.allCases {
      if text == "\n\n\n", mode != .whitespace { continue }
      let folder = try TemporaryFolder()
      let warnings = Mutex<[String]>([])
      let model = try folder.model("model", [text]) {
        $0.configuration.tokens = mode
        $0.configuration.order = 5
        $0.warn = { one in warnings.withLock { $0.append(one) } }
      }
      #expect(!warnings.withLock { $0.isEmpty }, "\(mode)")
      var options = GenerationOptions()
      options.maxTokens = 20
      _ = try TextGenerator(model: model, options: options).run { _ in }
      options.sampling = .untouched
      _ = try TextGenerator(model: model, options: options).run { _ in }
    }
  }

  @Test func nulSeparatesInWhitespaceMode() throws {
    let model = try TemporaryFolder().model("model", ["ab\0cd\n"])
    #expect(Set(ngrams(model.table)[0].keys) == ["<unk>", "<s>", "</s>", "ab", "cd"])
  }

  @Test func veryLongLine() throws {
    let folder = try TemporaryFolder()
    let line = Array("one two three four five six seven eight nine ten ".utf8)
    var text: [UInt8] = []
    while text.count < 20 << 20 { text += line }
    var trainer = NGramTrainer()
    trainer.configuration.order = 3
    trainer.configuration.tokens = .whitespace
    trainer.texts = [try folder.write("line.txt", text)]
    try trainer.train(to: folder.file("model"))
    let model = try NGramLanguageModel(folder: folder.file("model"))
    #expect(model.table.vocabulary.count == 13)
  }
}
