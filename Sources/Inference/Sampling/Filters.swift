/// One cut of the sampling chain.
public protocol CandidateFilter: Sendable {
  /// Whether the settings cut nothing.
  var isOff: Bool { get }
  /// Removes candidates; never the last one.
  func apply(to list: inout CandidateList)
}

/// Keeps the `count` best; 0 keeps all.
public struct TopK: CandidateFilter {
  public var count: Int
  public init(_ count: Int) { self.count = count }
  public var isOff: Bool { count <= 0 }

  public func apply(to list: inout CandidateList) {
    list.sort()
    list.keepFirst(count)
  }
}

/// Keeps the smallest set of best candidates with at least `mass` of the probability (nucleus
/// sampling, Holtzman et al. 2020).
public struct TopP: CandidateFilter {
  public var mass: Double
  public init(_ mass: Double) { self.mass = mass }
  public var isOff: Bool { mass >= 1 }

  public func apply(to list: inout CandidateList) {
    list.sort()
    let target = mass * list.total
    var sum = 0.0
    var kept = 0
    for weight in list.weights {
      sum += weight
      kept += 1
      if sum >= target { break }
    }
    list.keepFirst(kept)
  }
}

/// Keeps candidates of at least `ratio` times the best one's probability (Nguyen et al. 2024).
public struct MinP: CandidateFilter {
  public var ratio: Double
  public init(_ ratio: Double) { self.ratio = ratio }
  public var isOff: Bool { ratio <= 0 }

  public func apply(to list: inout CandidateList) {
    guard let best = list.bestIndex else { return }
    list.keep(weightsFrom: list.weights[best] * ratio)
  }
}

/// Keeps the candidates whose surprise -log p is nearest to the entropy, up to `mass` of the
/// probability (Meister et al. 2022); equally near ones in list order.
public struct LocallyTypical: CandidateFilter {
  public var mass: Double
  public init(_ mass: Double) { self.mass = mass }
  public var isOff: Bool { mass >= 1 }

  public func apply(to list: inout CandidateList) {
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
}

/// Distance from `center` of how far a score lies below the maximum.
@inline(__always)
func distance(of logit: Float, from maximum: Float, _ center: Double) -> Double {
  abs((Double(maximum) - Double(logit)) - center)
}
