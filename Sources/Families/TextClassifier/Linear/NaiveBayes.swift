import Glibc

/// Naive Bayes on features that are there or not, and the weights by which it makes a better logistic regression
/// (Wang and Manning 2012, "Baselines and Bigrams").
enum NaiveBayes {
  /// For one class the logarithm of how much more often each feature is among the class's features than among those
  /// of the others.
  /// - Parameters:
  ///   - inside: how often each feature stands in texts of the class.
  ///   - outside: the same of all others.
  ///   - smoothing: what is added to each count.
  static func ratios(inside: [Double], outside: [Double], smoothing: Double = 1) -> [Double] {
    let extra = smoothing * Double(inside.count)
    let offset = log((outside.reduce(0, +) + extra) / (inside.reduce(0, +) + extra))
    return zip(inside, outside).map { log(($0 + smoothing) / ($1 + smoothing)) + offset }
  }

  /// The weights and the bias of one class against the others.
  /// - Parameter texts: of the class, and of all others.
  static func weights(
    inside: [Double], outside: [Double], texts: (inside: Double, outside: Double)
  ) -> (weights: [Double], bias: Double) {
    (
      ratios(inside: inside, outside: outside),
      log(max(texts.inside, 1e-9) / max(texts.outside, 1e-9))
    )
  }
}
