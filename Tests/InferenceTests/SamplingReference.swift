import Glibc
import Kernels

@testable import Inference

/// A model whose scores never change, known only as a whole.
struct DenseSession: GenerationSession {
  var values: [Float]
  var appended: [Int32] = []

  init(_ values: [Float]) { self.values = values }
  mutating func append(_ token: Int32) { appended.append(token) }
  mutating func scores(into scores: inout [Float]) { scores = values }
}

/// The same scores by all the ways a session can have. Counts how each is used.
struct SparseSession: GenerationSession {
  var values: [Float]
  var densePasses = 0
  var draws = 0
  private let order: [Candidate]
  private let weights: [Double]
  private let total: Double

  init(_ values: [Float]) {
    self.values = values
    order = values.indices.map { Candidate(id: Int32($0), logit: values[$0]) }
      .filter { $0.logit > -.infinity }.sorted(by: Candidate.precedes)
    weights = order.map { exp(Double($0.logit)) }
    total = weights.reduce(0, +)
  }
  mutating func append(_ token: Int32) {}
  mutating func scores(into scores: inout [Float]) {
    densePasses += 1
    scores = values
  }
  mutating func best(_ count: Int) -> [Candidate]? { Array(order.prefix(count)) }
  mutating func score(of token: Int32) -> Float { values[Int(token)] }
  mutating func draw(using random: inout RandomSource) -> Int32? {
    draws += 1
    var target = random.uniform() * total
    for (candidate, weight) in zip(order, weights) {
      target -= weight
      if target < 0 { return candidate.id }
    }
    return order.last?.id
  }
}

/// The chain as its definition: sort the full distribution, then cut.
func referenceDistribution(
  _ values: [Float], _ settings: SamplingConfiguration, history: [Int32]
) -> [(id: Int32, probability: Double)] {
  var list = adjustedCandidates(values, settings, history).sorted(by: Candidate.precedes)
  func probabilities(_ temperature: Double) -> [Double] {
    let top = list.map(\.logit).max().map(Double.init) ?? 0
    let weights = list.map { exp((Double($0.logit) - top) / temperature) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }
  func count(_ shares: [Double], upTo mass: Double) -> Int {
    var sum = 0.0
    return
      (shares.firstIndex { share in
        sum += share
        return sum >= mass
      } ?? shares.count - 1) + 1
  }
  if settings.topK > 0 { list = Array(list.prefix(settings.topK)) }
  if settings.typical < 1, !list.isEmpty {
    let shares = probabilities(1)
    let entropy = -shares.reduce(0) { $1 > 0 ? $0 + $1 * log($1) : $0 }
    let order = shares.indices.sorted {
      let (a, b) = (abs(-log(shares[$0]) - entropy), abs(-log(shares[$1]) - entropy))
      return a != b ? a < b : $0 < $1
    }
    let kept = Set(order.prefix(count(order.map { shares[$0] }, upTo: settings.typical)))
    list = list.indices.filter(kept.contains).map { list[$0] }
  }
  if settings.topP < 1, !list.isEmpty {
    list = Array(list.prefix(count(probabilities(1), upTo: settings.topP)))
  }
  if settings.minP > 0, !list.isEmpty {
    let shares = probabilities(1)
    list = list.indices.filter { shares[$0] >= settings.minP * shares[0] }.map { list[$0] }
  }
  if settings.temperature == 0 { return list.prefix(1).map { ($0.id, 1) } }
  return zip(list, probabilities(settings.temperature)).map { ($0.id, $1) }
}

private func adjustedCandidates(
  _ values: [Float], _ settings: SamplingConfiguration, _ history: [Int32]
) -> [Candidate] {
  let recent = settings.repeatLastN < 0 ? history[...] : history.suffix(settings.repeatLastN)
  return values.indices.compactMap { index in
    let id = Int32(index)
    var logit = values[index]
    guard logit > -.infinity else { return nil }
    let count = recent.count { $0 == id }
    if count > 0 {
      let penalty = Float(settings.repeatPenalty)
      logit = logit > 0 ? logit / penalty : logit * penalty
      logit -= Float(count) * Float(settings.frequencyPenalty)
      logit -= Float(settings.presencePenalty)
    }
    for entry in settings.logitBias where entry.token == id { logit += entry.bias }
    let size = settings.noRepeatNgram
    if size > 0, history.count >= size {
      let next = Array(history.suffix(size - 1)) + [id]
      for start in 0...(history.count - size) {
        if Array(history[start..<(start + size)]) == next { return nil }
      }
    }
    return logit > -.infinity ? Candidate(id: id, logit: logit) : nil
  }
}

/// A score between about -3 and 3 times `scale`.
func bellShaped(_ random: inout RandomSource, scale: Double) -> Float {
  var sum = 0.0
  for _ in 0..<12 { sum += random.uniform() }
  return Float((sum - 6) * scale)
}
