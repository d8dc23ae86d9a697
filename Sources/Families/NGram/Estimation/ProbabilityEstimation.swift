import Files
import Glibc
import Kernels

/// Probabilities and back-off weights of every n-gram, linear, level by level.
struct EstimatedLevels {
  /// p(last word | words before), level k at index k - 1.
  var probabilities: [MutableTable<Float>]
  /// The weight of the shorter context; for all levels but the highest.
  var backoffs: [MutableTable<Float>]
  var discounts: [Discounts]
}

/// Estimates a back-off model from counts, from unigrams upwards: each level needs only the one
/// below.
struct ProbabilityEstimation {
  let counts: NGramCounts
  let links: [Table<UInt32>]
  let estimator: Estimator
  /// The kept nodes of each level, nil when nothing is pruned.
  let kept: [Table<UInt8>]?

  func run() throws(AIGCError) -> EstimatedLevels {
    let (table, discounts) = try countsToEstimateFrom()
    var result = EstimatedLevels(probabilities: [], backoffs: [], discounts: discounts)
    for level in 0..<counts.order {
      let nodes = counts.levels[level].nodeCount
      result.probabilities.append(try MutableTable(count: nodes))
      if level + 1 < counts.order { result.backoffs.append(try MutableTable(count: nodes)) }
    }
    estimateUnigrams(table[0], discounts[0], into: result.probabilities[0])
    for level in stride(from: 1, to: counts.order, by: 1) {
      estimate(
        level: level, table[level], discounts[level], lower: result.probabilities[level - 1],
        backoffs: result.backoffs[level - 1], into: result.probabilities[level])
      try Interruption.check()
    }
    return result
  }

  private func countsToEstimateFrom() throws(AIGCError) -> ([Table<UInt32>], [Discounts]) {
    guard estimator.usesAdjustedCounts else {
      let none = [Discounts](repeating: .none, count: counts.order)
      return (counts.levels.map { $0.counts }, none)
    }
    let adjusted = try AdjustedCounts(counts, links: links)
    let discounts = try adjusted.countsOfCounts(counts, links: links).map {
      Discounts(countsOfCounts: $0)
    }
    return (adjusted.levels, discounts)
  }

  /// Unigrams share the mass of the unseen evenly: with every kept word, the unknown word and the
  /// sentence end, but not the sentence start, which is never predicted (probability 1, as in
  /// KenLM's files).
  private func estimateUnigrams(
    _ table: Table<UInt32>, _ discounts: Discounts, into probabilities: MutableTable<Float>
  ) {
    let start = Int(NGramCounts.sentenceStart)
    var totals = ContextTotals()
    var words = 0
    for id in table.indices where id != start {
      let isKept = kept.map { $0[0][id] == 1 } ?? true
      totals.add(table[id], kept: isKept)
      if isKept { words += 1 }
    }
    let (backoff, divisor) = totals.weights(estimator, discounts)
    let share = estimator.isInterpolated ? backoff * (1 / Float(words)) : 0
    for id in table.indices {
      let count = table[id]
      let seen = (Float(count) - discounts.amounts[Int(min(count, 3))]) / divisor
      probabilities[id] = id == start ? 1 : seen + share
    }
  }

  private func estimate(
    level: Int, _ table: Table<UInt32>, _ discounts: Discounts, lower: MutableTable<Float>,
    backoffs: MutableTable<Float>, into probabilities: MutableTable<Float>
  ) {
    let (estimator, links) = (estimator, links[level])
    let children = counts.levels[level - 1].firstChild
    let kept = kept?[level]
    let amounts = (
      discounts.amounts[0], discounts.amounts[1], discounts.amounts[2], discounts.amounts[3]
    )
    let interpolation: Float = estimator.isInterpolated ? 1 : 0
    parallelBlocks(backoffs.count, size: 1 << 15) { first, end in
      for context in first..<end {
        let range = Int(children[context])..<Int(children[context + 1])
        if range.isEmpty {
          backoffs[context] = 1
          continue
        }
        var totals = ContextTotals()
        if let kept {
          for node in range { totals.add(table[node], kept: kept[node] == 1) }
        } else {
          for node in range { totals.add(table[node], kept: true) }
        }
        let (backoff, divisor) = totals.weights(estimator, discounts)
        backoffs[context] = backoff
        let share = interpolation * backoff
        for node in range {
          let count = table[node]
          let discount =
            count > 2 ? amounts.3 : count == 2 ? amounts.2 : count == 1 ? amounts.1 : amounts.0
          probabilities[node] =
            (Float(count) - discount) / divisor + share * lower[Int(links[node])]
        }
      }
    }
  }
}
