import Datasets
import Files
import TestSupport
import Training

@testable import Families

/// The targets `summarizer`, the files of a learned summariser, and `articles`, JSONL of articles with summaries and
/// texts of any bytes.
struct SummaryFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []

  private static let files = ["config.json", "model.safetensors", "vocab.txt"]

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    let articles = (0..<12).map { number in
      "{\"article\": \"In this paper we see \(number). Mr. X. saw 3.5 fish (\(number)).\\n\\n今天下雨。好！ It… ends?\", "
        + "\"references\": [\"we see\", \"fish \(number)\"], \"summary\": \"a\\nfish\", \"query\": \"rain\"}\n"
    }
    let text = Array(articles.joined().utf8)
    try TestSupport.write(text, to: "\(folder)/whole.jsonl")
    if target == .articles {
      seeds = [text, Array(articles[0].utf8)]
      return
    }
    var trainer = SummarizerTrainer()
    trainer.data = ["\(folder)/whole.jsonl"]
    _ = try trainer.train(to: "\(folder)/model")
    // The first byte says which file is changed.
    for (index, name) in Self.files.enumerated() {
      seeds.append([UInt8(index)] + (try bytes("\(folder)/model/\(name)")))
    }
  }

  var dictionary: [String] {
    target == .articles
      ? [
        "\"article\"", "\"summary\":", "null", "[", "{", "\\u0000", "\\ud800", ". ", "。", "...",
        "\n",
        "\u{2026}", "\"", "e.g.", "\\n\\n",
      ] : ["\"phrases\"", "99999", "-1", "^ ", "\n", "F32", "[2]", "\u{7F}\u{80}"]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch] }

  func write(_ input: [UInt8]) throws {
    guard target == .summarizer else {
      return try TestSupport.write(input, to: "\(folder)/input.jsonl")
    }
    removeTree("\(folder)/damaged")
    try makeFolder("\(folder)/damaged")
    let changed = Int(input.first ?? 0) % Self.files.count
    for (index, name) in Self.files.enumerated() {
      let content =
        index == changed ? Array(input.dropFirst()) : try bytes("\(folder)/model/\(name)")
      try TestSupport.write(content, to: "\(folder)/damaged/\(name)")
    }
  }

  func keep(_ execution: Int) throws {
    let path = target == .articles ? "\(folder)/input.jsonl" : "\(folder)/damaged/config.json"
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    if target == .summarizer {
      let model = try LearnedSummarizer(folder: "\(folder)/damaged")
      let summarizer = try Summarizer(.learned, length: .sentences(1), model: model)
      let found = try summarizer.summarize(Array("In this paper we see. Fish swim.".utf8))
      precondition(found.sentences.count == 1)
      return
    }
    let path = "\(folder)/input.jsonl"
    // As a text of any bytes, by every method.
    let text = try bytes(path)
    for method in SummaryMethod.allCases where method != .learned {
      let found = try Summarizer(method, length: .sentences(2))
        .summarize(text, query: Array("fish".utf8))
      precondition(found.sentences.count == min(2, found.total))
      precondition(found.sentences.allSatisfy { $0.score?.isFinite == true })
    }
    var texts = TrainingTexts([path])
    texts.articleLength = 20
    _ = try texts.read()
    _ = try RougeReport(candidates: path, references: path, .init(isStemmed: true))
    var trainer = SummarizerTrainer()
    trainer.data = [path]
    _ = try trainer.train(to: "\(folder)/trained")
  }
}
