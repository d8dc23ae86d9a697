import Glibc

/// Keeps candidates whose score is at most so many standard deviations of all scores below the best one
/// (Tang et al. 2024): `--top-nsigma`.
package struct TopNSigma: CandidateCut {
  package var deviations: Double
  package init(_ deviations: Double) { self.deviations = deviations }
  package var isOff: Bool { deviations <= 0 }

  package func apply(to list: inout CandidateList) {
    guard let best = list.bestIndex else { return }
    let count = Double(list.candidates.count)
    var sum = 0.0
    for candidate in list.candidates { sum += Double(candidate.logit) }
    let mean = sum / count
    var squares = 0.0
    for candidate in list.candidates {
      let distance = Double(candidate.logit) - mean
      squares += distance * distance
    }
    let least = Double(list.candidates[best].logit) - deviations * (squares / count).squareRoot()
    let candidates = list.candidates
    list.keep { $0 == best || Double(candidates[$0].logit) >= least }
  }
}
