import Glibc

/// A selection of candidates from the scores of a whole vocabulary, without sorting it.
///
/// Buffers are kept from step to step.
package struct DenseScores: Sendable {
  package var scores: [Float] = []
  private var heap: [UInt64] = []
  private var weights: [Double] = []
  private var histogram = [Double](repeating: 0, count: 1024)
  /// Histogram cells per unit of score.
  private static let resolution = 32.0

  package init() {}

  /// The best candidate: highest score, lowest id; nil where nothing can follow.
  mutating func best() -> Candidate? {
    guard let maximum = maximum(), let index = scores.firstIndex(of: maximum) else { return nil }
    return Candidate(id: Int32(index), logit: maximum)
  }

  /// The highest score; infinite ones become the largest finite score first.
  private mutating func maximum() -> Float? {
    var maximum = -Float.infinity
    for score in scores { maximum = score > maximum ? score : maximum }
    if maximum == .infinity {
      maximum = .greatestFiniteMagnitude
      for index in scores.indices where scores[index] == .infinity { scores[index] = maximum }
    }
    return maximum > -.infinity ? maximum : nil
  }

  /// The `count` best in order: a heap of the best so far, its worst on top.
  package mutating func selectBest(_ count: Int, into list: inout CandidateList) {
    list.removeAll()
    heap.removeAll(keepingCapacity: true)
    let count = min(count, scores.count)
    guard count > 0 else { return }
    // A score above this enters; equal ones do not, as their ids are higher than those inside.
    var threshold = -Float.infinity
    for index in scores.indices {
      let score = scores[index]
      if !(score > threshold) { continue }
      let key = SortKey.encode(Candidate(id: Int32(index), logit: score))
      if heap.count < count {
        heap.append(key)
        if heap.count < count { continue }
        for parent in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(parent, count) }
      } else {
        heap[0] = key
        siftDown(0, count)
      }
      threshold = SortKey.decode(heap[0]).logit
    }
    sortHeap()
    for key in heap { list.append(SortKey.decode(key)) }
    list.complete()
  }

  private mutating func sortHeap() {
    for parent in stride(from: heap.count / 2 - 1, through: 0, by: -1) {
      siftDown(parent, heap.count)
    }
    for end in stride(from: heap.count - 1, to: 0, by: -1) {
      heap.swapAt(0, end)
      siftDown(0, end)
    }
  }

  private mutating func siftDown(_ start: Int, _ count: Int) {
    var parent = start
    let key = heap[parent]
    while true {
      var child = 2 * parent + 1
      if child >= count { break }
      if child + 1 < count, heap[child + 1] > heap[child] { child += 1 }
      if heap[child] <= key { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = key
  }

  /// All candidates with a score of at least `ratio` of the best one's probability, by id.
  package mutating func select(ratio: Double, into list: inout CandidateList) {
    list.removeAll()
    guard let maximum = maximum() else { return }
    let least = Self.leastScore(ratio, maximum)
    for index in scores.indices where scores[index] >= least {
      list.append(Candidate(id: Int32(index), logit: scores[index]))
    }
    list.complete(maximum: maximum)
  }

  /// At least the smallest set of best candidates that holds `mass` of the probability, less
  /// those that min-p with `ratio` is sure to cut. The list knows the whole distribution's total.
  package mutating func select(mass: Double, ratio: Double, into list: inout CandidateList) {
    list.removeAll()
    guard let maximum = maximum() else { return }
    let total = weigh(maximum).total
    let cells = cellCount(mass: mass * total, maximum, center: 0)
    let least = Self.leastScore(ratio, maximum)
    for index in scores.indices where scores[index] >= least {
      append(index, maximum, 0, cells, &list)
    }
    list.complete(maximum: maximum, total: total)
  }

  /// At least the candidates that ``LocallyTypical`` keeps.
  /// - Returns: The mean of (maximum - logit) over the whole distribution, for its `center`.
  package mutating func select(typical mass: Double, into list: inout CandidateList) -> Double {
    list.removeAll()
    guard let maximum = maximum() else { return 0 }
    let (total, center) = weigh(maximum)
    let cells = cellCount(mass: mass * total, maximum, center: center)
    for index in scores.indices where scores[index] > -.infinity {
      append(index, maximum, center, cells, &list)
    }
    list.complete(maximum: maximum, total: total)
    return center
  }

  /// Natural log of the sum of exp(score); -infinity where nothing can follow.
  mutating func logTotal() -> Double {
    guard let maximum = maximum() else { return -.infinity }
    return Double(maximum) + log(weigh(maximum).total)
  }

  /// A token's score less ``logTotal()``; -infinity where it cannot follow.
  func logProbability(of token: Int32, logTotal: Double) -> Double {
    let index = Int(token)
    guard scores.indices.contains(index), scores[index] > -.infinity else { return -.infinity }
    return Double(scores[index]) - logTotal
  }

  /// The `count` likeliest tokens, the likeliest first.
  package mutating func likeliest(_ count: Int) -> [TokenProbability] {
    var list = CandidateList()
    let logTotal = logTotal()
    selectBest(count, into: &list)
    return list.candidates.map { .init(id: $0.id, logProbability: Double($0.logit) - logTotal) }
  }

  /// A bound a little below what min-p keeps, so that rounding cannot matter.
  private static func leastScore(_ ratio: Double, _ maximum: Float) -> Float {
    if ratio <= 0 { return -.greatestFiniteMagnitude }
    return Float(Double(maximum) + log(ratio) - 1e-6).nextDown
  }

  /// Fills the weights with exp(score - maximum).
  private mutating func weigh(_ maximum: Float) -> (total: Double, meanDistance: Double) {
    exponentials(of: scores, maximum: maximum, into: &weights)
    let zero = Double(maximum)
    var total = 0.0
    var sum = 0.0
    for index in scores.indices where weights[index] > 0 {
      total += weights[index]
      sum += weights[index] * (zero - Double(scores[index]))
    }
    return (total, sum / total)
  }

  /// How many cells of distance from `center`, nearest first, hold `mass`.
  private mutating func cellCount(mass: Double, _ maximum: Float, center: Double) -> Int {
    for cell in histogram.indices { histogram[cell] = 0 }
    for index in scores.indices where scores[index] > -.infinity {
      histogram[cell(scores[index], maximum, center)] += weights[index]
    }
    var sum = 0.0
    for cell in histogram.indices {
      sum += histogram[cell]
      // The margin covers sums that round differently in another order.
      if sum >= mass * (1 + 1e-9) { return cell + 1 }
    }
    return histogram.count
  }

  @inline(__always)
  private func cell(_ score: Float, _ maximum: Float, _ center: Double) -> Int {
    let position = distance(of: score, from: maximum, center) * Self.resolution
    return position < Double(histogram.count - 1) ? Int(position) : histogram.count - 1
  }

  @inline(__always)
  private func append(
    _ index: Int, _ maximum: Float, _ center: Double, _ cells: Int, _ list: inout CandidateList
  ) {
    let score = scores[index]
    if cell(score, maximum, center) < cells {
      list.append(Candidate(id: Int32(index), logit: score))
    }
  }
}
