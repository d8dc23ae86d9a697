/// Keeps the candidates whose surprise -log p is nearest to the entropy, up to `mass` of the
/// probability (Meister et al. 2022); equally near ones in list order: `--typical`.
package struct LocallyTypical: CandidateCut {
  package var mass: Double
  package init(_ mass: Double) { self.mass = mass }
  package var isOff: Bool { mass >= 1 }

  package func apply(to list: inout CandidateList) {
    var sum = 0.0
    for (candidate, weight) in zip(list.candidates, list.weights) {
      sum += weight * (Double(list.maximum) - Double(candidate.logit))
    }
    apply(to: &list, center: sum / list.total)
  }

  /// The same with the known `center`: the mean of (maximum - logit) over the whole distribution.
  ///
  /// Surprise is log(total) + (maximum - logit) and entropy is log(total) + center, so their
  /// distance needs no logarithm.
  func apply(to list: inout CandidateList, center: Double) {
    let distances = list.candidates.map { distance(of: $0.logit, from: list.maximum, center) }
    let order = distances.indices.sorted {
      distances[$0] != distances[$1] ? distances[$0] < distances[$1] : $0 < $1
    }
    let target = mass * list.total
    var sum = 0.0
    var isKept = [Bool](repeating: false, count: order.count)
    for index in order {
      isKept[index] = true
      sum += list.weights[index]
      if sum >= target { break }
    }
    list.keep { isKept[$0] }
  }

  package func select(
    from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList
  ) {
    let center = scores.select(typical: mass, into: &list)
    apply(to: &list, center: center)
  }
}

/// Distance from `center` of how far a score lies below the maximum.
@inline(__always)
func distance(of logit: Float, from maximum: Float, _ center: Double) -> Double {
  abs((Double(maximum) - Double(logit)) - center)
}
