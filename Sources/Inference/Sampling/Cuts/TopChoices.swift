/// Removes all candidates of at least `threshold` probability but the least likely one of them (XTC,
/// Weidmann 2024): `--xtc-threshold`. How often that is done, `--xtc-probability` says.
package struct TopChoices: CandidateCut {
  package var threshold: Double
  package init(threshold: Double) { self.threshold = threshold }
  /// Two cannot have more than half each.
  package var isOff: Bool { threshold > 0.5 }

  package func apply(to list: inout CandidateList) {
    list.sort()
    let least = threshold * list.total
    let choices = list.weights.firstIndex { $0 < least } ?? list.weights.count
    if choices > 1 { list.keep { $0 >= choices - 1 } }
  }
}
