/// Keeps the smallest set of best candidates with at least `mass` of the probability (nucleus
/// sampling, Holtzman et al. 2020): `--top-p`.
package struct TopP: CandidateCut {
  package var mass: Double
  package init(_ mass: Double) { self.mass = mass }
  package var isOff: Bool { mass >= 1 }

  package func apply(to list: inout CandidateList) {
    list.sort()
    let target = mass * list.total
    var sum = 0.0
    var kept = 0
    for weight in list.weights {
      sum += weight
      kept += 1
      if sum >= target { break }
    }
    list.keepFirst(kept)
  }

  package func select(
    from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList
  ) {
    scores.select(mass: mass, ratio: ratio, into: &list)
    apply(to: &list)
  }
}
