import Autograd
import Files
import Inference
import Kernels

/// Draws completions of prompts, several of each, from a model's own distribution.
struct Rollouts {
  let model: any LanguageModel
  /// Divides the scores before each draw.
  let temperature: Float
  /// The most tokens of a completion.
  let maxTokens: Int
  /// The tokens that end one; they belong to it.
  let endTokens: [Int32]

  /// Texts that grow together: their keys and values are all in memory.
  private static let group = 64

  /// - Parameters:
  ///   - prompts: in tokens.
  ///   - count: completions of each.
  ///   - seed: completion k of prompt p draws from stream p · count + k of it, whatever grows beside it.
  /// - Returns: the tokens of the completions, those of a prompt behind each other.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, interrupted after Ctrl-C.
  func draw(_ prompts: [[Int32]], _ count: Int, seed: UInt64) throws(AIGCError) -> [[Int32]] {
    var result: [[Int32]] = []
    let perGroup = max(1, Self.group / count)
    for first in stride(from: 0, to: prompts.count, by: perGroup) {
      try Interruption.check()
      let part = first..<min(first + perGroup, prompts.count)
      var starts: [any GenerationSession] = part.map { _ in model.makeSession() }
      for (place, prompt) in part.enumerated() {
        starts[place].append(contentsOf: prompts[prompt])
      }
      // A prompt is read once for all that continue it.
      if model.readsInBatches { model.read(&starts) }
      let randoms = (part.lowerBound * count..<part.upperBound * count).map {
        RandomSource(seed: seed, stream: $0)
      }
      result +=
        model.readsInBatches
        ? try drawTogether(starts, count, randoms) : try drawApart(starts, count, randoms)
    }
    return result
  }

  private func next(
    _ session: inout any GenerationSession, _ random: inout RandomSource, _ scores: inout [Float]
  ) -> Int32 {
    if temperature == 1, let token = session.draw(using: &random) { return token }
    session.scores(into: &scores)
    if temperature != 1 { for index in scores.indices { scores[index] /= temperature } }
    return Int32(drawFromSoftmax(&scores, uniform: random.uniform()))
  }

  /// All texts a token further at a time: each weight is read once for several of them.
  private func drawTogether(
    _ starts: [any GenerationSession], _ count: Int, _ randoms: [RandomSource]
  ) throws(AIGCError) -> [[Int32]] {
    var sessions = randoms.indices.map { starts[$0 / count] }
    var randoms = randoms
    var live = Array(randoms.indices)
    var texts = [[Int32]](repeating: [], count: randoms.count)
    var scores: [Float] = []
    for step in 0..<maxTokens {
      try Interruption.check()
      if step > 0 { model.read(&sessions) }
      var kept: [Int] = []
      for (place, text) in live.enumerated() {
        let token = next(&sessions[place], &randoms[text], &scores)
        guard sessions[place].areScoresFinite else { throw model.scoreDamage }
        texts[text].append(token)
        if endTokens.contains(token) { continue }
        sessions[place].append(token)
        kept.append(place)
      }
      if kept.isEmpty { break }
      if kept.count < live.count {
        sessions = kept.map { sessions[$0] }
        live = kept.map { live[$0] }
      }
    }
    return texts
  }

  /// Each text by itself, several at a time: for models whose step takes one thread.
  private func drawApart(
    _ starts: [any GenerationSession], _ count: Int, _ randoms: [RandomSource]
  ) throws(AIGCError) -> [[Int32]] {
    let slots = ParallelSlots<[Int32]>(count: randoms.count)
    nonisolated(unsafe) let starts = starts
    parallelFor(randoms.count) { index in
      var (session, random) = (starts[index / count], randoms[index])
      var (text, scores): ([Int32], [Float]) = ([], [])
      while text.count < maxTokens, !Interruption.isRequested {
        let token = next(&session, &random, &scores)
        guard session.areScoresFinite else { return }
        text.append(token)
        if endTokens.contains(token) { break }
        session.append(token)
      }
      slots.set(index, text)
    }
    try Interruption.check()
    var texts: [[Int32]] = []
    for index in randoms.indices {
      guard let text = slots.take(index) else { throw model.scoreDamage }
      texts.append(text)
    }
    return texts
  }

  /// A completion as text, without the token that ends it.
  func text(_ tokens: [Int32], after prompt: [Int32]) -> String {
    var decoder = model.makeDecoder()
    for token in prompt { _ = decoder.append(token) }
    var bytes: [UInt8] = []
    for token in tokens where !endTokens.contains(token) { decoder.append(token, to: &bytes) }
    bytes += decoder.finish()
    return String(decoding: bytes, as: UTF8.self)
  }
}
