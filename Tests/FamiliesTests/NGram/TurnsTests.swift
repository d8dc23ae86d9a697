import Datasets
import FamilySupport
import Files
import Kernels
import Testing
import Training

@testable import Families

/// Texts that are walked in turn give what they give one by one, to the last bit.
@Suite struct TurnsTests {
  static let cases =
    (1...7).map { NGramCase(order: $0) } + [
      NGramCase(order: 5, prune: [0, 1, 1, 2]), NGramCase(isQuantized: true),
      NGramCase(order: 4, prune: [0, 0, 1, 1], isQuantized: true), NGramCase(limit: 40),
      NGramCase(estimator: .wittenBell, order: 4), NGramCase(estimator: .maximumLikelihood),
      NGramCase(estimator: .stupidBackoff, order: 4),
      NGramCase(estimator: .maximumLikelihood, sentences: false),
    ]

  /// Known and unknown words in lines of any length, empty ones too, and no end of the last one.
  private func heldOut() throws -> String {
    let lines = try corpus().split(separator: "\n", omittingEmptySubsequences: false).prefix(150)
    var random = RandomSource(seed: 3)
    var words = lines.flatMap { $0.split(separator: " ") }.map(String.init)
    for index in words.indices where random.uniform() < 0.1 { words[index] = "zebra" }
    var text = lines.joined(separator: "\n") + "\n\n"
    while !words.isEmpty {
      let count = Int(random.integer(below: 40))
      text += words.prefix(count).shuffled(using: &random).joined(separator: " ") + "\n"
      words.removeFirst(min(count + 1, words.count))
    }
    return text + "the last"
  }

  @Test(arguments: cases) func scoresAreThoseOfOneByOne(_ one: NGramCase) throws {
    let model = try one.model()
    let text = try Table(Array(heldOut().utf8))
    let tokens = try model.tokens(text, name: "text").tokens
    var (total, unknown, count) = (0.0, 0.0, 0)
    var state = NGramTable.State()
    for index in tokens.indices {
      let word = tokens[index]
      if word == NGramCounts.sentenceStart {
        if one.sentences { state = model.table.sentenceStart }
        continue
      }
      if word == NGramCounts.sentenceEnd, !one.sentences { continue }
      let log10 = Double(model.table.advance(&state, by: word))
      total += log10
      count += 1
      if word == NGramCounts.unknown { unknown += log10 }
    }
    let totals = try model.totals(tokens)
    #expect(totals.total == total && totals.unknownTotal == unknown && totals.tokens == count)
  }

  @Test(arguments: cases, [nil, 1.0]) func drawsAreThoseOfOneByOne(
    _ one: NGramCase, _ backoff: Double?
  ) throws {
    let model = try one.model()
    var options = GenerationOptions()
    options.sampling = .untouched
    options.seed = 8
    options.num = 9
    options.maxTokens = 70
    options.backoff = backoff
    options.prompt = "the old"
    let samples = try TextGenerator(model: model, options: options).run { _ in }
    #expect(samples.count == 9)
    var sampler = try Sampler(
      options.sampling, vocabularySize: model.vocabularySize, endToken: model.endToken)
    for (index, sample) in samples.enumerated() {
      var session = try model.makeWritingSession(backoff: backoff)
      session.append(contentsOf: try model.encode(options.prompt))
      var random = RandomSource(seed: 8, stream: index)
      var decoder = model.makeDecoder()
      for token in try model.encode(options.prompt) { _ = decoder.append(token) }
      var (tokens, bytes): ([Int32], [UInt8]) = ([], [])
      for _ in 0..<70 {
        guard let token = sampler.next(&session, history: tokens, random: &random) else { break }
        tokens.append(token)
        bytes += decoder.append(token)
        session.append(token)
      }
      #expect(sample.tokens == tokens)
      #expect(sample.bytes == bytes + decoder.finish())
    }
  }

  @Test func numberAndOptionsDoNotMatter() throws {
    let model = try NGramCase().model()
    func texts(_ change: (inout GenerationOptions) -> Void) throws -> [[UInt8]] {
      var options = GenerationOptions()
      options.sampling = .untouched
      options.num = 20
      change(&options)
      var pieces = [[UInt8]](repeating: [], count: options.num)
      let samples = try TextGenerator(model: model, options: options).run {
        pieces[$0.sample] += $0.bytes
      }
      #expect(pieces == samples.map { $0.bytes })
      return pieces
    }
    let whole = try texts { _ in }
    #expect(try texts { $0.num = 1 } == Array(whole.prefix(1)))
    #expect(try texts { $0.num = 9 } == Array(whole.prefix(9)))
    #expect(try texts { $0.logProbabilities = 0 } == whole)
    #expect(try texts { $0.maxTokens = 0 }.allSatisfy { $0.isEmpty })
    let sentences = try texts { $0.untilSentence = true }
    for (sentence, text) in zip(sentences, whole) {
      #expect(sentence == Array(text.prefix { $0 != 10 }))
    }
    let stopped = try texts { $0.stop = [" the"] }
    for (stop, text) in zip(stopped, whole) where stop.count < text.count {
      #expect(text.starts(with: stop + Array(" the".utf8)))
    }
  }
}
