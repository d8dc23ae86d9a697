/// Those of many results that a classifier is least sure of: `--most-uncertain`.
struct LeastCertain<Result> {
  /// In the order of certainty; those that came first go before others that are as certain.
  private(set) var results: [Result] = []
  private let count: Int
  private let certainty: (Result) -> Float

  /// - Parameters:
  ///   - count: how many are kept.
  ///   - certainty: the probability of a result's likeliest class.
  init(_ count: Int, by certainty: @escaping (Result) -> Float) {
    (self.count, self.certainty) = (count, certainty)
  }

  mutating func add(_ more: [Result]) {
    let all = results + more
    let order = all.indices.sorted { (certainty(all[$0]), $0) < (certainty(all[$1]), $1) }
    results = order.prefix(count).map { all[$0] }
  }
}
