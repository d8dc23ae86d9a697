/// Keeps candidates of at least `ratio` times the best one's probability (Nguyen et al. 2024): `--min-p`.
package struct MinP: CandidateCut {
  package var ratio: Double
  package init(_ ratio: Double) { self.ratio = ratio }
  package var isOff: Bool { ratio <= 0 }
  package var leastRatio: Double { ratio }

  package func apply(to list: inout CandidateList) {
    guard let best = list.bestIndex else { return }
    list.keep(weightsFrom: list.weights[best] * ratio)
  }

  package func select(
    from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList
  ) {
    scores.select(ratio: self.ratio, into: &list)
    apply(to: &list)
  }
}
