import Files

/// SumBasic: the sentence of the highest mean probability, among those with the likeliest word, is taken; its words'
/// probabilities are squared; and so on (Nenkova and Vanderwende 2005).
/// - Returns: scores that fall in the order of the choice.
/// - Throws: ``/Files/AIGCError`` (interrupted).
func sumBasicScores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
  let total = Double(max(document.total, 1))
  var chances = document.counts.map { Double($0) / total }
  return try chosenOneByOne(document) { (left) throws(AIGCError) in
    var best: (index: Int, hasTop: Bool, mean: Double)?
    let top = left.reduce(into: Int32(-1)) { top, index in
      for (id, _) in document.sentences[index].terms
      where top < 0 || chances[Int(id)] > chances[Int(top)]
        || (chances[Int(id)] == chances[Int(top)] && id < top)
      { top = id }
    }
    for index in left {
      let terms = document.sentences[index].terms
      let sum = terms.reduce((0.0, 0)) {
        ($0.0 + chances[Int($1.id)] * Double($1.count), $0.1 + $1.count)
      }
      let mean = sum.0 / Double(max(sum.1, 1))
      let hasTop = terms.contains { $0.id == top }
      guard let known = best else {
        best = (index, hasTop, mean)
        continue
      }
      if hasTop != known.hasTop ? hasTop : mean > known.mean { best = (index, hasTop, mean) }
    }
    guard let best else { return nil }
    for (id, _) in document.sentences[best.index].terms { chances[Int(id)] *= chances[Int(id)] }
    return best.index
  }
}

/// KLSum: the sentence with which the summary's words are nearest to the text's is added, and so on (Haghighi and
/// Vanderwende 2009). A summary's words are smoothed by the text's own, so that each has a probability.
/// - Returns: scores that fall in the order of the choice.
/// - Throws: ``/Files/AIGCError`` (interrupted).
func divergenceScores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
  let total = Double(max(document.total, 1))
  let chances = document.counts.map { Double($0) / total }
  var chosen = [Double](repeating: 0, count: document.termCount)
  // A trace of the text itself stands in every summary: what a word that is not said costs. With more of it a summary
  // of one short word would be nearest to most texts.
  let smoothing = 1e-9
  var length = 0.0
  return try chosenOneByOne(document) { (left) throws(AIGCError) in
    var best: (index: Int, gain: Double)?
    for index in left {
      let terms = document.sentences[index].terms
      // The divergence is a constant less Σ p log q: of q only the words of the sentence change, and the sum of all.
      var (gain, more) = (0.0, 0.0)
      for (id, count) in terms {
        let p = chances[Int(id)]
        let before = chosen[Int(id)] + smoothing * p
        gain += p * logarithm((before + Double(count)) / before)
        more += Double(count)
      }
      gain -= logarithm((length + smoothing + more) / (length + smoothing))
      if best.map({ gain > $0.gain }) ?? true { best = (index, gain) }
    }
    guard let best else { return nil }
    for (id, count) in document.sentences[best.index].terms {
      chosen[Int(id)] += Double(count)
      length += Double(count)
    }
    return best.index
  }
}

/// Scores from 1 down to 0 in the order in which `choose` takes sentences. Beyond some hundreds the rest follow in
/// the order of the text.
private func chosenOneByOne(
  _ document: SummaryDocument, _ choose: (_ left: [Int]) throws(AIGCError) -> Int?
) throws(AIGCError) -> [Double] {
  let count = document.sentences.count
  var scores = [Double](repeating: 0, count: count)
  var left = Array(0..<count)
  var place = 0
  while !left.isEmpty {
    try Interruption.check()
    guard place < 500, let next = try choose(left), let found = left.firstIndex(of: next) else {
      break
    }
    scores[next] = 1 - Double(place) / Double(count)
    left.remove(at: found)
    place += 1
  }
  for index in left {
    scores[index] = 1 - Double(place) / Double(count)
    place += 1
  }
  return scores
}
