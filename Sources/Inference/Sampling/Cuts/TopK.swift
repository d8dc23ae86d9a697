/// Keeps the `count` best; 0 keeps all: `--top-k`.
package struct TopK: CandidateCut {
  package var count: Int
  package init(_ count: Int) { self.count = count }
  package var isOff: Bool { count <= 0 }
  package var mostKept: Int? { count }

  package func apply(to list: inout CandidateList) {
    list.sort()
    list.keepFirst(count)
  }

  package func select(
    from scores: inout DenseScores, above ratio: Double, into list: inout CandidateList
  ) { scores.selectBest(count, into: &list) }
}
