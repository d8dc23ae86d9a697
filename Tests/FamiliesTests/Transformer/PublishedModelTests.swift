import Files
import FoundationEssentials
import Glibc
import Inference
import TestSupport
import Testing

@testable import Families

/// SmolLM2 as it is published, beside the same weights in float32 in transformers.
///
/// `AIGC_SMOLLM2` names the file, which else is the model `smollm2` of `Scripts/get-model`, and `AIGC_REFERENCE` the
/// folder with the answers of transformers, `smollm2/reference.json`.
@Suite struct PublishedModelTests {
  private struct Reference: Decodable {
    struct Greedy: Decodable {
      var text: String
      var ids: [Int32]
      var continuationIds: [Int32]
      var top1MinusTop2: [Double]

      enum CodingKeys: String, CodingKey {
        case text, ids
        case continuationIds = "continuation_ids"
        case top1MinusTop2 = "top1_minus_top2"
      }
    }
    struct Score: Decodable {
      var text: String
      var ids: [Int32]
      var logProbabilities: [Double?]

      enum CodingKeys: String, CodingKey {
        case text, ids
        case logProbabilities = "logprob_of_next"
      }
    }
    struct Text: Decodable {
      var text: String
      var ids: [Int32]
    }
    var greedy: [Greedy]
    var score: Score
    var tokenize: [Text]
  }

  private let found: (model: String, reference: Reference)?

  init() throws {
    let named = getenv("AIGC_SMOLLM2").map { String(cString: $0) }
    guard let folder = getenv("AIGC_REFERENCE").map({ String(cString: $0) }),
      let model = named ?? (try? ModelStore.standard().resolve("smollm2"))
    else {
      print("skipped: AIGC_REFERENCE is not set, or there is no model smollm2 (AIGC_SMOLLM2)")
      found = nil
      return
    }
    let data = Data(try bytes("\(folder)/smollm2/reference.json"))
    found = (model, try JSONDecoder().decode(Reference.self, from: data))
  }

  private func open(_ path: String, isExact: Bool) throws -> TransformerLanguageModel {
    var options = ModelLoadOptions()
    options.context = 1024
    if isExact { (options.activations, options.cacheType) = (.f32, .f32) }
    return try TransformerLanguageModel(path: path, options: options)
  }

  @Test func idsAreEqual() throws {
    guard let found else { return }
    let model = try open(found.model, isExact: false)
    let reference = found.reference
    let texts =
      reference.tokenize.map { ($0.text, $0.ids) } + reference.greedy.map { ($0.text, $0.ids) }
      + [(reference.score.text, reference.score.ids)]
    for (text, ids) in texts {
      #expect(try model.encode(rendered: text) == ids, "\(text.debugDescription)")
    }
  }

  /// With float32 activations and cache each is within 1e-3.
  @Test func logProbabilitiesAreThoseOfTransformers() throws {
    guard let found else { return }
    let model = try open(found.model, isExact: true)
    let score = found.reference.score
    let scores = try model.logProbabilities(score.ids, context: 1024, stride: 512)
    for (own, theirs) in zip(scores, score.logProbabilities) {
      #expect((own == nil) == (theirs == nil))
      if let own, let theirs { #expect(abs(Double(own) - theirs) < 1e-3) }
    }
  }

  /// Behind the reference's own tokens the likeliest one is its next one, where the margin of the best two is no
  /// matter of rounding: float32 activations, and the default ones of eight bits.
  @Test(arguments: [(true, 0.01), (false, 0.5)]) func likeliestTokensAreThoseOfTransformers(
    _ isExact: Bool, _ margin: Double
  ) throws {
    guard let found else { return }
    let model = try open(found.model, isExact: isExact)
    for greedy in found.reference.greedy {
      var best: [Int32] = []
      try model.logits(of: greedy.ids + greedy.continuationIds, window: ScoringWindow()) { rows in
        for first in stride(from: 0, to: rows.count, by: model.vocabularySize) {
          let row = rows[first..<first + model.vocabularySize]
          best.append(Int32((row.indices.max { row[$0] < row[$1] } ?? first) - first))
        }
      }
      best.removeFirst(greedy.ids.count - 1)
      for (place, id) in greedy.continuationIds.enumerated()
      where greedy.top1MinusTop2[place] > margin {
        #expect(best[place] == id, "\(greedy.text.debugDescription), token \(place)")
      }
    }
  }

  @Test func conversationsEndWhereTheModelEndsTurns() throws {
    guard let found else { return }
    let model = try open(found.model, isExact: true)
    // <|im_end|>, and the end of the texts that it was trained on first.
    #expect(model.endTokens == [2, 0] && model.contextSize == 1024)
    let template = try #require(try model.chatTemplate())
    let conversation = Conversation(
      system: "You answer in one short sentence.",
      messages: [ChatMessage(role: "user", content: "What is the capital of France?")])
    let known = found.reference.greedy.filter { $0.text.contains("one short sentence") }
    let prompt = try ChatPrompt(conversation, template: template, model: model, room: 64)
    #expect(prompt.text == known.first?.text && prompt.tokens == known.first?.ids)
    var options = GenerationOptions()
    options.sampling.temperature = 0
    var session = try ChatSession(model: model, conversation: conversation, options: options)
    let sample = try session.answer { _ in }.sample
    #expect(sample.text == "The capital of France is Paris." && sample.reason == .end)
  }
}
