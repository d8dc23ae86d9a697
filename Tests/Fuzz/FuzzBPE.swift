import Datasets
import Files
import TestSupport

/// The target `bpe`: `vocab.json` and `merges.txt` of a byte-level BPE vocabulary, changed together.
/// An input is both files, one behind the other with a NUL between them.
struct FuzzBPE {
  let folder: String

  private static let sample = "the cat sees the dog, 猫 看 狗。 it's 12 <|endoftext|>\n\n  the théâtre"

  static let dictionary = [
    "\"", "\\", "\\u0120", "\\ud83c\\udf0d", "\\ud800", ":", ",", "{", "}", "\0", "\n", " ", "Ġ",
    "#version: 0.2\n", "<|endoftext|>", "255", "256", "999999999", "4294967295", "猫", "Ġ Ġ\n",
  ]

  /// Vocabularies trained on texts; the last one stays as it is too.
  func seeds(_ text: String) throws -> [[UInt8]] {
    try [257, 262, 300, 340].map { size in
      var trainer = BPETrainer()
      trainer.vocabularySize = size
      let tokenizer = try trainer.train([Table(Array(text.utf8))], name: "seed")
      try tokenizer.write { "\(folder)/\($0)" }
      try write(read("vocab.json"), to: "\(folder)/whole.json")
      return try read("vocab.json") + [0] + read("merges.txt")
    }
  }

  /// Puts an input into the two files. Every second one only changes the merges: most changes of
  /// the vocabulary are refused at once.
  func split(_ input: [UInt8]) throws {
    var parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    if input.count % 2 == 0 { parts[0] = try read("whole.json")[...] }
    for (name, part) in zip(["vocab.json", "merges.txt"], parts + [[]]) {
      try write(Array(part), to: "\(folder)/\(name)")
    }
  }

  private struct Wrong: Error, CustomStringConvertible { var description: String }

  func run() throws {
    let tokenizer = try BPETokenizer(
      vocabulary: "\(folder)/vocab.json", merges: "\(folder)/merges.txt")
    try Self.check(tokenizer, isExact: true, folder)
  }

  /// What is read must encode every text, give it back, and be the same after writing.
  /// - Parameter isExact: whether the tokens' bytes are the text.
  static func check(_ tokenizer: BPETokenizer, isExact: Bool, _ folder: String) throws {
    let texts = [Self.sample, String(repeating: "thecat", count: 40), "", " "]
    var all: [[Int32]] = []
    for text in texts {
      let table = try Table(Array(text.utf8))
      let ids = try tokenizer.encode(table, name: "sample")
      var decoder = tokenizer.makeDecoder()
      for id in ids { _ = decoder.append(id) }
      _ = decoder.finish()
      let ranges = try tokenizer.ranges(of: table, name: "sample")
      guard ids.allSatisfy({ $0 >= 0 && $0 < tokenizer.vocabularySize }), ranges.count == ids.count,
        ranges.allSatisfy({ $0.upperBound <= table.count }),
        !isExact || ids.flatMap({ tokenizer.bytes(of: $0) }).elementsEqual(text.utf8)
      else { throw Wrong(description: "the ids are not the text") }
      all.append(ids)
    }
    let copy = "\(folder)/copy"
    try makeFolder(copy)
    try tokenizer.write { "\(copy)/\($0)" }
    var again = try BPETokenizer(folder: copy)
    again.parsesSpecialTokens = tokenizer.parsesSpecialTokens
    for (text, ids) in zip(texts, all) {
      guard try again.encode(Table(Array(text.utf8)), name: "sample") == ids else {
        throw Wrong(description: "other ids after writing and reading")
      }
    }
  }

  private func read(_ name: String) throws -> [UInt8] {
    try bytes("\(folder)/\(name)")
  }
}

/// The target `tokenizer`: `tokenizer.json`.
struct TokenizerFuzz: FuzzSubject {
  let folder: String
  private(set) var seeds: [[UInt8]] = []
  private var path: String { "\(folder)/tokenizer.json" }

  init(folder: String) throws {
    self.folder = folder
    var trainer = BPETrainer()
    trainer.vocabularySize = 300
    let text = "the cat sees the dog, 猫 看 狗。 it's 12"
    try trainer.train([Table(Array(text.utf8))], name: "seed").write { "\(folder)/\($0)" }
    let fixtures = fixture("tokenizer-json", of: "DatasetsTests")
    let names = ["pairs", "strings", "written"].map { "\(fixtures)/\($0).json" }
    let kinds = fixture("tokenizer-kinds", of: "DatasetsTests")
    let others = ["lacking", "qwen2", "legacy", "words", "gemma", "composed", "unknown"].map {
      "\(kinds)/\($0).json"
    }
    seeds = try ([path] + names + others).map { try bytes($0) }
  }

  var dictionary: [String] {
    FuzzBPE.dictionary + [
      "\"unk_token\":\"<unk>\"", "\"byte_fallback\":true", "\"fuse_unk\":true", "\"Metaspace\"",
      "\"prepend_scheme\":\"always\"", "\"Sequence\"", "\"NFC\"", "\"Replace\"", "\"Prepend\"",
      "\"Digits\"", "\"TemplateProcessing\"", "<0x0A>", "\"ignore_merges\":true", "▁",
      "\"id\":", "\"content\":\"\",", "\"special\":true", "\"normalized\":true", "\"type\":\"BPE\"",
      "\"merges\":[", "\"vocab\":{", "[\"a\",\"b\"],", "\"a b\",", "null", "true", "false", "{}",
      "[]", "1e9",
      "\"ByteLevel\"", "\"add_prefix_space\":true", "\"the\"", "\" \"", "\"\\n\"", "[[[[[[",
      "2147483647",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput] }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    var tokenizer = try BPETokenizer(tokenizerJSON: path)
    try FuzzBPE.check(tokenizer, isExact: false, folder)
    tokenizer.parsesSpecialTokens = false
    try FuzzBPE.check(tokenizer, isExact: false, folder)
  }
}
