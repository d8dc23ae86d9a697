import Files
import Kernels

/// What is learned from: examples of the same number of values, images or rows of a table.
public protocol ExampleSet: Sendable {
  /// Number of examples.
  var count: Int { get }
  /// The class of each; nil where there are none.
  var labels: [Int32]? { get }
  /// Whether nothing has to be decoded.
  var isInMemory: Bool { get }

  /// The values of some examples, one after the other.
  /// - Parameters:
  ///   - indices: places in this set.
  ///   - mirrored: which of them are turned left to right; empty: none.
  ///   - isParallel: whether several threads may be used.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file was changed since the set was opened.
  func values(
    _ indices: [Int], mirrored: [Bool], isParallel: Bool
  ) throws(AIGCError) -> [Float]

  /// Some of the examples, in the given order.
  /// - Parameter indices: places in this set.
  func subset(_ indices: [Int]) -> Self
}

extension ExampleSet {
  /// The values of the examples at `indices`, one after the other.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file was changed since the set was opened.
  public func values(_ indices: [Int]) throws(AIGCError) -> [Float] {
    try values(indices, mirrored: [], isParallel: true)
  }

  /// Some of the examples by chance, in order; all where there are no more.
  /// - Parameters:
  ///   - count: how many.
  ///   - seed: of the chance.
  public func drawn(_ count: Int, seed: UInt64) -> Self {
    guard count < self.count else { return self }
    // Half an example more, so that rounding leaves none out.
    let share = (Double(count) + 0.5) / Double(self.count)
    return subset(splitPlaces(self.count, share: share, seed: seed).heldOut)
  }

  /// Two parts by chance, since neighbours in files are often alike: to learn from, and to measure
  /// on.
  /// - Parameters:
  ///   - share: of the second part, 0 to 1.
  ///   - seed: of the chance.
  /// - Returns: the second part is nil where it would be empty.
  public func split(share: Double, seed: UInt64) -> (rest: Self, heldOut: Self?) {
    let (rest, heldOut) = splitPlaces(count, share: share, seed: seed)
    return heldOut.isEmpty ? (self, nil) : (subset(rest), subset(heldOut))
  }
}

/// The numbers below `count` in two parts by chance, each in order: see
/// ``ExampleSet/split(share:seed:)``.
public func splitPlaces(
  _ count: Int, share: Double, seed: UInt64
) -> (rest: [Int], heldOut: [Int]) {
  var random = RandomSource(seed: seed, stream: 3)
  var order = Array(0..<count)
  random.shuffle(&order)
  let part = Int(Double(count) * share)
  return (order[part...].sorted(), order[..<part].sorted())
}
