import Datasets
import Files
import Glibc
import Inference
import Kernels

extension RecurrentFamily: QuantizableFamily {
  /// Writes a model folder whose weights are blocks of few bits; they become 32-bit values when it is opened.
  /// - Throws: ``/Files/AIGCError``: usage for a folder that is not to be replaced, badInput for damaged files.
  public func quantize(
    _ path: String, to output: String, type: QuantizedType, force: Bool
  ) throws(AIGCError) -> QuantizedModel {
    let model = try RecurrentLanguageModel(folder: path)
    return try quantizeFolder(path, to: output, type: type, force: force) {
      folder throws(AIGCError) in
      try model.tokenizer.write { folder.file($0) }
      try model.configuration.write(to: folder.file(ModelConfiguration.fileName))
    }
  }

  private static let timedTokens = 64

  /// The model goes on from its first token, always by the likeliest one.
  public func generationSpeed(_ path: String) throws(AIGCError) -> Double? {
    var session = try load(path).makeSession()
    var scores: [Float] = []
    session.append(0)
    let start = ContinuousClock.now
    for _ in 0..<Self.timedTokens {
      session.scores(into: &scores)
      session.append(Int32(scores.indices.max { scores[$0] < scores[$1] } ?? 0))
      try Interruption.check()
    }
    return Double(Self.timedTokens) / ((.now - start) / .seconds(1))
  }

  /// Both models read the text token by token.
  /// - Throws: ``/Files/AIGCError``: badInput for a text of fewer than two tokens and for damaged weights.
  public func compare(
    _ path: String, with quantized: String, on text: Table<UInt8>, name: String
  ) throws(AIGCError) -> QuantizationComparison? {
    let (old, new) = (
      try RecurrentLanguageModel(folder: path), try RecurrentLanguageModel(folder: quantized)
    )
    let tokens = try old.tokenizer.encode(text, name: name)
    guard tokens.count > 1 else { throw .badInput("\(name): too little text to compare models on") }
    var sessions = (old.makeSession(), new.makeSession())
    var (before, after): ([Float], [Float]) = ([], [])
    var sums = (before: 0.0, after: 0.0, divergence: 0.0)
    for (token, next) in zip(tokens, tokens.dropFirst()) {
      sessions.0.append(token)
      sessions.1.append(token)
      sessions.0.scores(into: &before)
      sessions.1.scores(into: &after)
      let (p, q) = (ScoreDistribution(before[...]), ScoreDistribution(after[...]))
      sums.before += p.logProbability(of: next)
      sums.after += q.logProbability(of: next)
      sums.divergence += p.divergence(from: q)
      try Interruption.check()
    }
    guard sums.before.isFinite, sums.after.isFinite else {
      throw .badInput("\(path): scores that are not finite: damaged weights")
    }
    let count = Double(tokens.count - 1)
    return QuantizationComparison(
      tokens: tokens.count - 1, perplexity: exp(-sums.before / count),
      ways: [
        .init(
          activations: "f32", perplexity: exp(-sums.after / count),
          divergence: sums.divergence / count)
      ])
  }
}
