import Kernels
import Testing

@testable import Inference

/// Allows even tokens after an odd one and odd tokens after an even one, by looking at all of them.
private struct Alternating: TokenMask {
  var last: Int32 = 1
  var isOff: Bool { false }
  var isStateful: Bool { true }
  var namesTokens: Bool { false }
  mutating func accept(_ token: Int32) { last = token }
  func apply(to scores: inout [Float]) {
    for index in scores.indices where index % 2 == Int(last) % 2 { scores[index] = -.infinity }
  }
}

/// Forbids the last token again, by naming it.
private struct NotTwice: TokenMask {
  var last: Int32?
  var isOff: Bool { false }
  var isStateful: Bool { true }
  mutating func accept(_ token: Int32) { last = token }
  func forForbidden(after history: [Int32], _ name: (Int32) -> Void) { last.map { name($0) } }
}

/// Steps that forbid tokens, beside those of the settings.
@Suite struct MaskTests {
  private let values: [Float] = (0..<40).map { Float(40 - $0) * 0.1 }

  /// A text of so many tokens.
  private func text(
    _ masks: [any TokenMask], count: Int, sparse: Bool,
    _ change: (inout SamplingConfiguration) -> Void = { _ in }
  ) throws -> [Int32] {
    var settings = SamplingConfiguration()
    change(&settings)
    var sampler = try Sampler(settings, vocabularySize: values.count, masks: masks)
    var random = RandomSource(seed: 3)
    var history: [Int32] = []
    for _ in 0..<count {
      var next: Int32?
      if sparse {
        var session = SparseSession(values)
        next = sampler.next(&session, history: history, random: &random)
      } else {
        var session = DenseSession(values)
        next = sampler.next(&session, history: history, random: &random)
      }
      history.append(try #require(next))
    }
    return history
  }

  @Test(arguments: [false, true]) func masksStandBeforeTheCuts(sparse: Bool) throws {
    // Top-k of one would leave token 0 alone, were it applied first.
    let found = try text([Alternating()], count: 6, sparse: sparse) { $0.topK = 1 }
    #expect(found == [0, 1, 0, 1, 0, 1])
    let greedy = try text([Alternating()], count: 6, sparse: sparse) { $0.temperature = 0 }
    #expect(greedy == [0, 1, 0, 1, 0, 1])
    for (index, token) in try text([Alternating()], count: 60, sparse: sparse).enumerated() {
      #expect(Int(token) % 2 == index % 2)
    }
  }

  @Test(arguments: [false, true]) func namedTokensKeepTheFastPath(sparse: Bool) throws {
    #expect(try text([NotTwice()], count: 4, sparse: sparse) { $0.topK = 1 } == [0, 1, 0, 1])
    // Both paths draw the same.
    #expect(
      try text([NotTwice()], count: 40, sparse: true)
        == text([NotTwice()], count: 40, sparse: false))
  }

  /// Another text, as that of another beam, is told from its start.
  @Test func masksFollowTheHistoryTheyAreGiven() {
    var adjustments = ScoreAdjustments(
      SamplingConfiguration(), banned: [], vocabularySize: 4, masks: [NotTwice()])
    for history: [Int32] in [[], [1], [1, 2], [3], [3, 0], [1, 2, 3], []] {
      adjustments.collect(history)
      let forbidden = adjustments.entries.filter { $0.isForbidden }.map { $0.id }
      #expect(forbidden == history.suffix(1).map { $0 }, "\(history)")
    }
  }
}
