import Files

/// Minimises a smooth function of many values by the limited-memory BFGS method (Liu and Nocedal 1989), with steps
/// that are halved until they lower the value enough (Armijo). For convex functions.
public struct LBFGS: Sendable {
  /// The most steps.
  public var iterations = 100
  /// The minimum is found where the gradient's length is so much of the first one.
  public var tolerance = 1e-4
  /// Steps that are remembered.
  private let memory = 10

  /// Creates a search of a hundred steps.
  public init() {}

  /// Searches from `start`.
  /// - Parameters:
  ///   - start: the first values.
  ///   - evaluate: the function's value at the given place; writes its gradient.
  /// - Returns: the best place, and the value there.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  public func minimize(
    from start: [Double], _ evaluate: (_ x: [Double], _ gradient: inout [Double]) -> Double
  ) throws(AIGCError) -> (x: [Double], value: Double) {
    var x = start
    var gradient = [Double](repeating: 0, count: x.count)
    var value = evaluate(x, &gradient)
    let first = length(gradient)
    var pairs: [(s: [Double], y: [Double], rho: Double)] = []
    for _ in 0..<iterations where length(gradient) > tolerance * first {
      try Interruption.check()
      let direction = direction(gradient, pairs)
      let slope = dot(direction, gradient)
      guard slope < 0 else { break }
      var size = pairs.isEmpty ? min(1, 1 / max(length(gradient), 1e-12)) : 1
      var (next, nextGradient, nextValue) = (x, gradient, Double.infinity)
      for _ in 0..<30 {
        for index in x.indices { next[index] = x[index] + size * direction[index] }
        nextValue = evaluate(next, &nextGradient)
        if nextValue <= value + 1e-4 * size * slope { break }
        size /= 2
      }
      guard nextValue < value else { break }
      let s = zip(next, x).map { $0 - $1 }
      let y = zip(nextGradient, gradient).map { $0 - $1 }
      let curvature = dot(s, y)
      if curvature > 1e-10 * dot(y, y) {
        if pairs.count == memory { pairs.removeFirst() }
        pairs.append((s, y, 1 / curvature))
      }
      (x, gradient, value) = (next, nextGradient, nextValue)
    }
    return (x, value)
  }

  /// The way down by the remembered steps (the two-loop recursion).
  private func direction(
    _ gradient: [Double], _ pairs: [(s: [Double], y: [Double], rho: Double)]
  ) -> [Double] {
    var q = gradient
    var shares: [Double] = []
    for pair in pairs.reversed() {
      let share = pair.rho * dot(pair.s, q)
      shares.append(share)
      add(-share, pair.y, to: &q)
    }
    if let last = pairs.last {
      let scale = 1 / (last.rho * dot(last.y, last.y))
      for index in q.indices { q[index] *= scale }
    }
    for (pair, share) in zip(pairs, shares.reversed()) {
      add(share - pair.rho * dot(pair.y, q), pair.s, to: &q)
    }
    return q.map { -$0 }
  }

  private func dot(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
  }

  private func length(_ a: [Double]) -> Double { dot(a, a).squareRoot() }

  private func add(_ scale: Double, _ a: [Double], to b: inout [Double]) {
    for index in b.indices { b[index] += scale * a[index] }
  }
}
