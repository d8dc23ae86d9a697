import Files
import Glibc
import Kernels
import Testing

@testable import Inference
@testable import Training

private func tokens(_ words: [String], _ scores: [Float?], unknown: Set<String> = [])
  -> [ScoredToken]
{
  zip(words, scores).map { word, score in
    ScoredToken(
      id: 0, bytes: Array(word.utf8), logProbability: score, isUnknown: unknown.contains(word))
  }
}

@Suite struct ProbabilityMixtureTests {
  /// Tokens drawn from a mixture of three distributions over 12 tokens, as the models score them.
  private func drawn(_ weights: [Double], count: Int) -> [[Float]] {
    var random = RandomSource(seed: 11, stream: 0)
    let models = weights.map { _ in
      let values = (0..<12).map { _ in pow(random.uniform(), 3) + 1e-3 }
      let sum = values.reduce(0, +)
      return values.map { $0 / sum }
    }
    func draw(_ distribution: [Double]) -> Int {
      var left = random.uniform()
      for (index, share) in distribution.enumerated() {
        left -= share
        if left < 0 { return index }
      }
      return distribution.count - 1
    }
    let text = (0..<count).map { _ in draw(models[draw(weights)]) }
    return models.map { model in text.map { Float(log(model[$0])) } }
  }

  @Test func recoversWeights() throws {
    let weights = [0.6, 0.3, 0.1]
    let fitted = try ProbabilityMixture.fit(drawn(weights, count: 40000))
    for (a, b) in zip(fitted, weights) { #expect(abs(a - b) < 0.03, "\(fitted)") }
    #expect(abs(fitted.reduce(0, +) - 1) < 1e-12)
  }

  @Test func everyStepIsLikelier() {
    let scores = drawn([0.1, 0.1, 0.8], count: 2000)
    var relative = scores
    ProbabilityMixture.makeRelative(&relative)
    var weights = ProbabilityMixture.equalWeights(3)
    var likelihood = ProbabilityMixture.logLikelihood(scores, weights: weights)
    let start = likelihood
    for _ in 0..<30 {
      weights = ProbabilityMixture.step(relative, weights)
      let next = ProbabilityMixture.logLikelihood(scores, weights: weights)
      #expect(next >= likelihood - 1e-6)
      likelihood = next
    }
    #expect(likelihood > start + 10)
  }

  @Test func perplexities() throws {
    let scores: [[Float]] = [[log(0.5), log(0.25)], [log(0.1), -.infinity]]
    #expect(abs(ProbabilityMixture.perplexity(scores[0]) - sqrt(8)) < 1e-6)
    #expect(ProbabilityMixture.perplexity(scores[1]) == .infinity)
    let mixture = ProbabilityMixture.perplexity(scores, weights: [0.5, 0.5])
    #expect(abs(mixture - 1 / sqrt(0.3 * 0.125)) < 1e-5)
    #expect(ProbabilityMixture.perplexity(scores, weights: [0, 1]) == .infinity)
    // Too small for exp alone.
    let tiny: [[Float]] = [[-2000], [-3000]]
    let likelihood = ProbabilityMixture.logLikelihood(tiny, weights: [0.5, 0.5])
    #expect(abs(likelihood - (-2000 - M_LN2)) < 1e-6)
    #expect(try ProbabilityMixture.fit(tiny)[0] > 0.999)
    // Nothing to learn from.
    #expect(try ProbabilityMixture.fit([[-.infinity], [-.infinity]]) == [0.5, 0.5])
    #expect(try ProbabilityMixture.fit([[], []]) == [0.5, 0.5])
    #expect(try ProbabilityMixture.fit([]) == [])
  }
}

@Suite struct AlignedScoresTests {
  @Test func nullsAreSkipped() throws {
    var aligned = AlignedScores(name: "t")
    try aligned.add(tokens(["a", "b", "</s>"], [nil, -1, -2]), model: "A")
    try aligned.add(tokens(["a", "b", "</s>"], [-3, -4, .nan]), model: "B")
    #expect(try aligned.common() == [[-1, -2], [-4, -.infinity]])
  }

  @Test func nothingIsLeft() throws {
    var aligned = AlignedScores(name: "t")
    try aligned.add(tokens(["a"], [nil]), model: "A")
    #expect(throws: AIGCError.badInput("t: no tokens to evaluate")) { try aligned.common() }
    #expect(throws: AIGCError.self) { try AlignedScores(name: "t").common() }
  }

  @Test(arguments: [
    (["to", "be"], "token 2 is 'be</s>' for A and 'be' for B"),
    (["to"], "token 2 is 'be</s>' for A and nothing for B"),
    (["to", "be</s>", "\n"], #"token 3 is nothing for A and '\n' for B"#),
    (["t", "o"], "token 1 is 'to' for A and 't' for B"),
  ])
  func tokensMustAgree(words: [String], message: String) throws {
    var aligned = AlignedScores(name: "t")
    try aligned.add(tokens(["to", "be</s>"], [-1, -1]), model: "A")
    let expected = "t: \(message); train both with the same `tokens` and vocabulary"
    #expect(throws: AIGCError.mismatch(expected)) {
      try aligned.add(tokens(words, words.map { _ in -1 }), model: "B")
    }
  }

  @Test func unknownWordsMustAgree() throws {
    var aligned = AlignedScores(name: "t")
    try aligned.add(tokens(["to", "be"], [-1, -1], unknown: ["be"]), model: "A")
    try aligned.add(tokens(["to", "be"], [-1, -1], unknown: ["be"]), model: "B")
    let message =
      "t: token 2, 'be', is known to C and unknown to A; train both with the same `tokens` "
      + "and vocabulary"
    #expect(throws: AIGCError.mismatch(message)) {
      try aligned.add(
        ["to", "be"].map { ScoredToken(id: 0, bytes: Array($0.utf8), logProbability: -1) },
        model: "C")
    }
  }
}
