extension Interruption {
  /// How many elements a long loop goes through before it looks for Ctrl-C again.
  public static let interval = 1 << 16

  /// Throws after Ctrl-C, at each ``interval`` of a loop's count: for loops over what a user gave.
  /// - Throws: ``AIGCError/interrupted``.
  @inline(__always)
  public static func check(at index: Int) throws(AIGCError) {
    if index & (interval - 1) == 0 { try check() }
  }

  /// The elements that `body` makes of all numbers below `count`.
  /// - Throws: ``AIGCError/interrupted`` after Ctrl-C, and what `body` throws.
  @inlinable
  public static func map<Element>(
    _ count: Int, _ body: (Int) throws(AIGCError) -> Element
  ) throws(AIGCError) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      try check(at: index)
      result.append(try body(index))
    }
    return result
  }
}
