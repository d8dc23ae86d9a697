import Datasets
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// The text of a file, packed or not.
func unpackedText(_ path: String) throws -> String {
  String(decoding: try readText(path: path).array(of: UInt8.self), as: UTF8.self)
}

/// The n-grams of an ARPA file of the fixtures.
func fixtureNGrams(_ name: String) throws -> [[String: Weights]] {
  try arpaNGrams(unpackedText(fixture("ngram/\(name).arpa.gz")))
}

/// A kind of n-gram model of the corpus.
struct NGramCase: Sendable, CustomTestStringConvertible {
  var name: String?
  var estimator = Estimator.kneserNey
  var order = 3
  var prune: [UInt32] = [0]
  var isQuantized = false
  var limit: Int?
  var sentences = true
  /// The share of the shorter contexts that is left when the model writes.
  var backoff: Double?
  /// By how much sums of probabilities may differ from one.
  var tolerance = 1e-4
  var testDescription: String { name ?? "\(self)" }

  func model() throws -> NGramLanguageModel {
    try TemporaryFolder().model("model", [corpus()]) {
      $0.configuration.order = order
      $0.configuration.estimator = estimator
      $0.configuration.prune = prune
      $0.configuration.quantized = isQuantized
      $0.configuration.sentences = sentences
      $0.vocabularyLimit = limit
    }
  }
}

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
