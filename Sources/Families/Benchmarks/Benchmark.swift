import Autograd
import Files
import Kernels

/// Something `aigc bench` measures: one training step, or one call of generation, of a named shape.
public struct Benchmark: Sendable {
  /// "lstm-train".
  public let name: String
  /// "tokens/s".
  public let unit: String
  /// Items of one call.
  public let items: Int
  /// Bytes of weights that an item reads; nil where that is not the limit.
  public var bytesPerItem: Int?
  /// Makes the model and its data, and returns the call to be measured. The call gives what it has
  /// computed, to be compared: ``isSame(forThreads:)``.
  public let prepare: @Sendable () throws -> () -> [Tensor]

  /// Creates a benchmark.
  /// - Parameters:
  ///   - name: "lstm-train".
  ///   - unit: "tokens/s".
  ///   - items: of one call.
  ///   - prepare: makes the model and its data, and returns the call to be measured, which gives
  ///     what it has computed.
  public init(
    _ name: String, unit: String, items: Int,
    prepare: @escaping @Sendable () throws -> () -> [Tensor]
  ) {
    self.name = name
    self.unit = unit
    self.items = items
    self.prepare = prepare
  }

  /// Something whose results are not compared.
  public init(
    timing name: String, unit: String, items: Int,
    prepare: @escaping @Sendable () throws -> () -> Void
  ) {
    self.init(name, unit: unit, items: items) {
      let call = try prepare()
      return {
        call()
        return []
      }
    }
  }

  /// Whether two calls give the same bytes with each of these numbers of threads, which the number in
  /// use is set to meanwhile; nil where there is nothing to compare.
  public func isSame(forThreads counts: ClosedRange<Int>) throws -> Bool? {
    let before = Threads.count
    defer { Threads.count = before }
    var expected: [[UInt32]]?
    for count in counts {
      Threads.count = count
      let call = try prepare()
      _ = call()
      let found = call().map { $0.values.map { $0.bitPattern } }
      if found.isEmpty { return nil }
      if let expected, expected != found { return false }
      expected = found
      try Interruption.check()
    }
    return true
  }

  /// Calls it again and again.
  /// - Parameter seconds: how long; five calls at least, after three that are not counted. Below half
  ///   a second, to see whether it runs: one after one.
  /// - Returns: the time of each call in seconds.
  public func measure(seconds: Double) throws -> [Double] {
    let call = try prepare()
    let (warmup, least) = seconds < 0.5 ? (1, 1) : (3, 5)
    for _ in 0..<warmup { _ = call() }
    var times: [Double] = []
    let start = ContinuousClock.now
    while times.count < least || (ContinuousClock.now - start).seconds < seconds {
      let before = ContinuousClock.now
      _ = call()
      times.append((ContinuousClock.now - before).seconds)
      try Interruption.check()
    }
    return times
  }
}
