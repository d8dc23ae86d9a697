/// The candidates of one step on their way through the chain, with their weights.
///
/// A weight is exp((logit - maximum) / temperature): a probability but for the common divisor
/// ``total``. The temperature is 1 until the end of the chain.
public struct CandidateList: Sendable {
  /// Finite scores only.
  public private(set) var candidates: [Candidate] = []
  /// The weight of each candidate.
  public private(set) var weights: [Double] = []
  /// The score whose weight is 1.
  public private(set) var maximum: Float = 0
  /// Sum of the weights of the distribution the list stands for: more than the list's own sum where
  /// candidates were left out that the next filter is sure to cut.
  public private(set) var total = 0.0
  /// Whether the candidates are in the order of ``Candidate/precedes(_:_:)``.
  public private(set) var isSorted = true
  private var temperature = 1.0
  private var keys: [UInt64] = []

  /// Creates a list of no candidates.
  public init() {}

  /// Candidates of a whole distribution. Those with a score of NaN or -infinity are left out.
  public init(_ candidates: [Candidate]) {
    for candidate in candidates { append(candidate) }
    complete()
  }

  /// Probabilities of the candidates, in order.
  public var probabilities: [Double] { weights.map { $0 / total } }

  mutating func removeAll() {
    candidates.removeAll(keepingCapacity: true)
    weights.removeAll(keepingCapacity: true)
    total = 0
    isSorted = true
  }

  /// Appends a candidate; +infinity becomes the largest finite score. ``complete(maximum:total:)``
  /// must follow the last one.
  @inline(__always)
  mutating func append(_ candidate: Candidate) {
    var candidate = candidate
    guard candidate.logit > -.infinity else { return }
    if candidate.logit == .infinity { candidate.logit = .greatestFiniteMagnitude }
    if isSorted, let last = candidates.last, !Candidate.precedes(last, candidate) {
      isSorted = false
    }
    candidates.append(candidate)
  }

  /// Computes the weights.
  /// - Parameters:
  ///   - maximum: The highest score of the distribution; nil: that of the list.
  ///   - total: The sum of all weights; nil: that of the list.
  mutating func complete(maximum: Float? = nil, total: Double? = nil) {
    self.maximum = maximum ?? bestIndex.map { candidates[$0].logit } ?? 0
    temperature = 1
    weigh()
    if let total { self.total = total }
  }

  /// Turns to weights exp((logit - maximum) / temperature), with the list's own maximum.
  mutating func weigh(temperature: Double) {
    var maximum = -Float.infinity
    for candidate in candidates { maximum = max(maximum, candidate.logit) }
    self.maximum = maximum
    self.temperature = temperature
    weigh()
  }

  private mutating func weigh() {
    exponentials(of: candidates, maximum: maximum, temperature: temperature, into: &weights)
    total = weights.reduce(0, +)
  }

  /// Brings the candidates into the order of ``Candidate/precedes(_:_:)``.
  public mutating func sort() {
    if isSorted { return }
    keys.removeAll(keepingCapacity: true)
    for candidate in candidates { keys.append(SortKey.encode(candidate)) }
    keys.sort()
    for index in keys.indices { candidates[index] = SortKey.decode(keys[index]) }
    isSorted = true
    if !weights.isEmpty {
      let total = self.total
      weigh()
      self.total = total
    }
  }

  /// Removes all but the first `count` candidates.
  public mutating func keepFirst(_ count: Int) {
    if count < candidates.count {
      candidates.removeLast(candidates.count - count)
      if weights.count > count { weights.removeLast(weights.count - count) }
    }
    total = 0
    for weight in weights { total += weight }
  }

  /// Keeps the candidates at positions for which `isKept` holds, in the same order.
  public mutating func keep(where isKept: (Int) -> Bool) {
    var kept = 0
    for index in candidates.indices where isKept(index) {
      candidates[kept] = candidates[index]
      weights[kept] = weights[index]
      kept += 1
    }
    keepFirst(kept)
  }

  /// Keeps the candidates with at least this weight, in the same order.
  public mutating func keep(weightsFrom least: Double) {
    if isSorted {
      keepFirst(weights.firstIndex { $0 < least } ?? weights.count)
      return
    }
    var kept = 0
    for index in candidates.indices where weights[index] >= least {
      candidates[kept] = candidates[index]
      weights[kept] = weights[index]
      kept += 1
    }
    keepFirst(kept)
  }

  /// Gives candidates other scores, and all their weights at temperature 1. One of NaN or -infinity is left
  /// out.
  mutating func rescore(_ score: (Candidate) -> Float) {
    let before = candidates
    removeAll()
    for candidate in before {
      append(Candidate(id: candidate.id, logit: score(candidate)))
    }
    complete()
  }

  /// Applies an adjustment to what is left of a chain.
  mutating func adjust(by adjustment: any ScoreAdjustment, after history: [Int32]) {
    var counts: [Int32: Int] = [:]
    adjustment.forTokens(after: history) { counts[$0, default: 0] += $1 }
    rescore { candidate in
      guard let count = counts[candidate.id] else { return candidate.logit }
      return boundedScore(
        adjustment.adjusted(candidate.logit, of: candidate.id, named: count))
    }
  }

  /// Divides the scores themselves by a temperature, for the steps behind it. Where the quotients are no
  /// numbers, the best candidate is left.
  mutating func divide(by temperature: Double) {
    guard let best = bestIndex else { return }
    let highest = Float(Double(candidates[best].logit) / temperature)
    if !highest.isFinite {
      keep { $0 == best }
      return
    }
    rescore { max(Float(Double($0.logit) / temperature), -.greatestFiniteMagnitude) }
  }

  /// Position of the best candidate: highest score, lowest id.
  var bestIndex: Int? {
    if isSorted { return candidates.isEmpty ? nil : 0 }
    return candidates.indices.min { Candidate.precedes(candidates[$0], candidates[$1]) }
  }

  /// The position whose share of [0, 1) holds `uniform`: a cumulative sum in list order.
  func index(at uniform: Double) -> Int? {
    let target = uniform * total
    var sum = 0.0
    for index in weights.indices {
      sum += weights[index]
      if sum > target { return index }
    }
    return weights.lastIndex { $0 > 0 }
  }
}
