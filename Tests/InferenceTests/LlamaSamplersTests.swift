import Files
import Glibc
import Kernels
import TestSupport
import Testing

@testable import Inference

/// Chains and Mirostat beside llama.cpp's own samplers: `Scripts/fixtures/llama_samplers.py`.
@Suite struct LlamaSamplersTests {
  private let json: JSONValue
  private let scores: [[Float]]

  init() throws {
    json = try JSONValue(parsing: try MappedFile(path: fixture("llama-samplers.json")).bytes())
    let unit = try #require(json["unit"]?.number)
    scores = (json["scores"]?.items ?? []).map {
      $0.items.map { Float($0.number ?? .nan) / Float(unit) }
    }
  }

  private func settings(_ row: JSONValue) throws -> SamplingConfiguration {
    var settings = SamplingConfiguration.untouched
    settings.samplers = try SamplingStep.order(letters: row["order"]?.text ?? "")
    guard case .object(let members)? = row["settings"] else { return settings }
    for member in members {
      let value = member.value.number ?? .nan
      switch member.name {
      case "repeat_last_n": settings.repeatLastN = Int(value)
      case "repeat_penalty": settings.repeatPenalty = value
      case "frequency_penalty": settings.frequencyPenalty = value
      case "presence_penalty": settings.presencePenalty = value
      case "dry_multiplier": settings.dry.multiplier = value
      case "dry_base": settings.dry.base = value
      case "dry_allowed_length": settings.dry.allowedLength = Int(value)
      case "dry_penalty_last_n": settings.dry.penaltyLastN = Int(value)
      case "dry_sequence_breakers":
        settings.dry.sequenceBreakers = member.value.items.compactMap { $0.text }
      case "top_n_sigma": settings.topNSigma = value
      case "top_k": settings.topK = Int(value)
      case "typ_p": settings.typical = value
      case "top_p": settings.topP = value
      case "min_p": settings.minP = value
      case "xtc_probability": settings.xtc.probability = value
      case "xtc_threshold": settings.xtc.threshold = value
      case "temperature": settings.temperature = value
      default: Issue.record("unknown setting \(member.name)")
      }
    }
    try settings.validate()
    return settings
  }

  /// The first 32 tokens of GPT-2: a character each.
  private func breakers(_ settings: SamplingConfiguration) throws -> SequenceBreakers {
    try SequenceBreakers(
      settings.dry.sequenceBreakers, vocabularySize: 32, bytes: { [UInt8(33 + $0)] },
      encode: { text in text.utf8.map { Int32($0) - 33 } })
  }

  @Test func chains() throws {
    let rows = json["chains"]?.items ?? []
    #expect(rows.count == 100)
    for (index, row) in rows.enumerated() {
      let settings = try settings(row)
      let values = scores[Int(try #require(row["scores"]?.number))]
      let history = (row["history"]?.items ?? []).map { Int32($0.number ?? -1) }
      let expected = (row["expected"]?.items ?? []).map {
        (id: Int32($0.items[0].number ?? -1), share: $0.items[1].number ?? .nan)
      }
      var sampler = try Sampler(
        settings, vocabularySize: values.count, masks: [], breakers: try breakers(settings))
      var dense = DenseSession(values)
      var sparse = SparseSession(values)
      for found in [
        sampler.distribution(&dense, history: history),
        sampler.distribution(&sparse, history: history),
      ] {
        #expect(Set(found.map(\.id)) == Set(expected.map(\.id)), "row \(index)")
        for (id, share) in expected {
          let own = exp(found.first { $0.id == id }?.logProbability ?? -.infinity)
          #expect(abs(own - share) < 6e-5 * share + 1e-7, "row \(index) token \(id)")
        }
      }
    }
  }

  @Test func mirostat() throws {
    let rows = json["mirostat"]?.items ?? []
    #expect(rows.count == 8)
    for (index, row) in rows.enumerated() {
      var settings = MirostatSettings()
      settings.version = Int(try #require(row["version"]?.number))
      settings.entropy = try #require(row["entropy"]?.number)
      settings.learningRate = try #require(row["rate"]?.number)
      var mirostat = Mirostat(
        settings, temperature: try #require(row["temperature"]?.number), vocabularySize: 32)
      for (step, drawn) in (row["steps"]?.items ?? []).enumerated() {
        var dense = DenseScores()
        dense.scores = scores[step]
        var list = CandidateList()
        mirostat.select(from: &dense, into: &list)
        #expect(Double(list.candidates.count) == drawn.items[0].number, "row \(index) step \(step)")
        let place = try #require(
          list.candidates.firstIndex { Double($0.id) == drawn.items[1].number },
          "row \(index) step \(step)")
        let share = try #require(drawn.items[2].number)
        #expect(abs(list.probabilities[place] - share) < 2e-5 * share, "row \(index) step \(step)")
        mirostat.observe(probability: list.probabilities[place])
      }
    }
  }
}

extension JSONValue {
  fileprivate var items: [JSONValue] { if case .array(let values) = self { values } else { [] } }
  fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
  fileprivate var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .float(let value): Double(value)
    default: nil
    }
  }
}
