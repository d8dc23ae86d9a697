import Datasets
import Files
import Glibc
import Kernels
import Synchronization
import Testing
import Training

@testable import Families

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
  let path: String
  private static let number = Atomic<Int>(0)

  init() throws {
    let index = Self.number.add(1, ordering: .relaxed).newValue
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = "\(root)/aigc-families-tests-\(getpid())-\(index)"
    try makeFolder(path)
  }
  deinit { removeTree(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let output = try OutputFile(path: file(name))
    try output.write(bytes)
    try output.commit(sync: false)
    return file(name)
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// Trains on the texts and gives the model's folder.
  @discardableResult
  func train(
    _ name: String, _ texts: [String], _ configure: (inout NGramTrainer) -> Void = { _ in }
  ) throws -> String {
    var trainer = NGramTrainer()
    trainer.configuration.tokens = .whitespace
    trainer.configuration.order = 3
    for (index, text) in texts.enumerated() {
      trainer.texts.append(try write("\(name)-\(index).txt", text))
    }
    configure(&trainer)
    try trainer.train(to: file(name))
    return file(name)
  }

  func model(
    _ name: String, _ texts: [String], _ configure: (inout NGramTrainer) -> Void = { _ in }
  ) throws -> NGramLanguageModel {
    try NGramLanguageModel(folder: train(name, texts, configure))
  }
}

func fixture(_ name: String, file: String = #filePath) -> String {
  "\(parentFolder(of: parentFolder(of: file)))/Fixtures/ngram/\(name)"
}

func bytes(_ path: String) throws -> [UInt8] {
  let table = try MappedFile(path: path).bytes()
  return table.indices.map { table[$0] }
}

func text(_ path: String) throws -> String {
  let table = try readText(path: path)
  return String(decoding: table.indices.map { table[$0] }, as: UTF8.self)
}

/// The fixture text, for models of some size.
func corpus() throws -> String { try text(fixture("train.txt")) }

struct Weights: Equatable {
  var probability: Float
  var backoff: Float
}

/// The n-grams of each order by their words.
func ngrams(_ table: NGramTable) -> [[String: Weights]] {
  var words: [String] = []
  for id in 0..<UInt32(table.vocabulary.count) { words.append(table.vocabulary.text(of: id)) }
  return table.levels.indices.map { level in
    var all: [String: Weights] = [:]
    var node = 0
    table.forEachNGram(level) { ngram in
      let isLast = level + 1 == table.order
      all[ngram.map { words[Int($0)] }.joined(separator: " ")] = Weights(
        probability: table.levels[level].probability(node),
        backoff: isLast ? 0 : table.levels[level].context(node).backoff)
      node += 1
    }
    return all
  }
}

/// An ARPA file, read without the code under test.
func arpaNGrams(_ text: String) throws -> [[String: Weights]] {
  var levels: [[String: Weights]] = []
  for line in text.split(separator: "\n") {
    if line.hasSuffix("-grams:") {
      levels.append([:])
    } else if !levels.isEmpty, !line.hasPrefix("\\") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      let probability = try #require(Float(fields[0]))
      let backoff = fields.count > 2 ? try #require(Float(fields[2])) : 0
      levels[levels.count - 1][String(fields[1])] = .init(
        probability: probability, backoff: backoff)
    }
  }
  return levels
}

/// The largest difference of any number; infinite where the n-grams differ.
func distance(_ a: [[String: Weights]], _ b: [[String: Weights]]) -> Float {
  guard a.map({ Set($0.keys) }) == b.map({ Set($0.keys) }) else { return .infinity }
  var largest: Float = 0
  for (one, other) in zip(a, b) {
    for (key, value) in one {
      guard let second = other[key] else { return .infinity }
      largest = max(largest, abs(value.probability - second.probability))
      largest = max(largest, abs(value.backoff - second.backoff))
    }
  }
  return largest
}

/// Runs `body`, which must fail with an ``AIGCError`` of one of `codes`.
func refuses(
  _ codes: Set<AIGCError.Code> = [.badInput], _ comment: Comment? = nil,
  location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
  do {
    try body()
    Issue.record(comment ?? "accepted", sourceLocation: location)
  } catch let error as AIGCError {
    #expect(codes.contains(error.code), comment ?? "\(error)", sourceLocation: location)
    #expect(!error.description.contains("\n"), comment, sourceLocation: location)
    return error.description
  } catch {
    Issue.record(error, comment, sourceLocation: location)
  }
  return ""
}

/// The sum of the probabilities that a session's dense scores hold.
func mass(_ scores: [Float]) -> Double { scores.reduce(0) { $0 + exp(Double($1)) } }

/// A session after `words` of the model.
func session(_ model: NGramLanguageModel, after words: [String]) -> any GenerationSession {
  var session = model.makeSession()
  for word in words {
    session.append(Int32(model.table.vocabulary.id(of: Array(word.utf8)) ?? 0))
  }
  return session
}

struct NoDraw: Error {}

func draw(
  _ session: inout any GenerationSession, _ random: inout RandomSource
) throws -> Int32 {
  guard let token = session.draw(using: &random) else { throw NoDraw() }
  return token
}

/// Draws many times and compares the counts with the scores.
func expectDrawsFollowScores(
  _ session: inout any GenerationSession, draws: Int = 50_000
) throws {
  var scores: [Float] = []
  session.scores(into: &scores)
  let total = mass(scores)
  var random = RandomSource(seed: 99)
  var seen = [Int](repeating: 0, count: scores.count)
  for _ in 0..<draws { seen[Int(try draw(&session, &random))] += 1 }
  var (statistic, cells, restExpected, restSeen) = (0.0, 0, 0.0, 0)
  for (id, score) in scores.enumerated() {
    let expected = exp(Double(score)) / total * Double(draws)
    if expected < 8 {
      restExpected += expected
      restSeen += seen[id]
      if expected == 0 { #expect(seen[id] == 0) }
      continue
    }
    statistic += pow(Double(seen[id]) - expected, 2) / expected
    cells += 1
  }
  if restExpected > 8 {
    statistic += pow(Double(restSeen) - restExpected, 2) / restExpected
    cells += 1
  }
  // Far in the tail: mean + 5 standard deviations of chi-square.
  let degrees = Double(cells - 1)
  #expect(statistic < degrees + 5 * (2 * degrees).squareRoot() + 5)
}
