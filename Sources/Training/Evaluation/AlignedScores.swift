import Files

/// Log-probabilities that several models give to the same tokens of one text.
///
/// Tokens are compared one for one as models are added. In memory stay one number a token and model
/// and, once, the tokens' bytes.
public struct AlignedScores: Sendable {
  private let name: String
  private var models: [String] = []
  private var scores: [[Float]] = []
  /// The tokens of the first model: bytes one after the other, their lengths, whether it knows them.
  private var bytes: [UInt8] = []
  private var lengths: [UInt32] = []
  private var unknown: [Bool] = []

  /// - Parameter name: the text's name in errors.
  public init(name: String) { self.name = name }

  /// Adds what `model` scored.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when its tokens are not those of the models before it.
  public mutating func add(_ tokens: [ScoredToken], model: String) throws(AIGCError) {
    if models.isEmpty {
      for token in tokens {
        bytes.append(contentsOf: token.bytes)
        lengths.append(UInt32(clamping: token.bytes.count))
        unknown.append(token.isUnknown ?? false)
      }
    } else {
      try compare(tokens, model)
    }
    models.append(model)
    // Not a number stands for a token without a probability; where a model itself gives that, the
    // token is none it holds possible.
    scores.append(
      tokens.map { token in
        guard let score = token.logProbability else { return .nan }
        return score.isNaN ? -.infinity : score
      })
  }

  private func compare(_ tokens: [ScoredToken], _ model: String) throws(AIGCError) {
    var start = 0
    for index in 0..<max(tokens.count, lengths.count) {
      let end = start + (index < lengths.count ? Int(lengths[index]) : 0)
      guard index < tokens.count, index < lengths.count,
        tokens[index].bytes.elementsEqual(bytes[start..<end])
      else {
        let first = index < lengths.count ? "'\(shown(bytes[start..<end]))'" : "nothing"
        let other = index < tokens.count ? "'\(shown(tokens[index].bytes[...]))'" : "nothing"
        throw .mismatch(
          "\(name): token \(index + 1) is \(first) for \(models[0]) and \(other) for \(model); "
            + Self.advice)
      }
      let isUnknown = tokens[index].isUnknown ?? false
      guard isUnknown == unknown[index] else {
        let word = shown(bytes[start..<end])
        let (knows, lacks) = isUnknown ? (models[0], model) : (model, models[0])
        throw .mismatch(
          "\(name): token \(index + 1), '\(word)', is known to \(knows) and unknown to \(lacks); "
            + Self.advice)
      }
      start = end
    }
  }

  private static let advice = "train both with the same `tokens` and vocabulary"

  /// The scores of each model, without the tokens that one of them or more give no probability.
  /// - Throws: ``/Files/AIGCError`` (badInput) when no token is left.
  public consuming func common() throws(AIGCError) -> [[Float]] {
    bytes = []
    lengths = []
    unknown = []
    var kept = 0
    for token in scores.first?.indices ?? 0..<0 {
      if scores.contains(where: { $0[token].isNaN }) { continue }
      for model in scores.indices { scores[model][kept] = scores[model][token] }
      kept += 1
    }
    guard kept > 0 else { throw .badInput("\(name): no tokens to evaluate") }
    for model in scores.indices { scores[model].removeSubrange(kept...) }
    return scores
  }
}

/// A token inside an error of one line.
private func shown(_ bytes: ArraySlice<UInt8>) -> String {
  let text = String(decoding: bytes.prefix(80), as: UTF8.self)
  return text.unicodeScalars.map { $0.value < 0x20 ? $0.escaped(asASCII: true) : String($0) }
    .joined()
}
