import Files

/// A 64-bit checksum of a section of a file: blocks of 1 MiB in parallel, each in eight lanes of
/// multiply and rotate, so that a changed bit anywhere changes the result.
public enum Checksum {
  private static let blockSize = 1 << 20
  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

  /// - Parameters:
  ///   - table: the elements of the section.
  ///   - check: called for each block of elements while it is in the cache.
  public static func of<Element>(
    _ table: Table<Element>, check: @Sendable (_ first: Int, _ end: Int) -> Void = { _, _ in }
  ) throws(AIGCError) -> UInt64 {
    let stride = MemoryLayout<Element>.stride
    let bytes = table.count * stride
    let blocks = (bytes + blockSize - 1) / blockSize
    let sums = try MutableTable<UInt64>(count: blocks)
    table.withUnsafeBuffer { buffer in
      nonisolated(unsafe) let raw = UnsafeRawBufferPointer(buffer)
      parallelFor(blocks) { block in
        let first = block * blockSize
        let end = min(first + blockSize, raw.count)
        sums[block] = sum(UnsafeRawBufferPointer(rebasing: raw[first..<end]))
        check(first / stride, end / stride)
      }
    }
    var total = UInt64(table.count)
    for block in 0..<blocks { total = mix(total, sums[block]) }
    return total
  }

  @inline(__always)
  private static func mix(_ sum: UInt64, _ value: UInt64) -> UInt64 {
    let product = (sum ^ value) &* multiplier
    return (product &<< 29) | (product &>> 35)
  }

  private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress else { return 0 }
    func word(_ index: Int) -> UInt64 {
      base.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self)
    }
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    var (e, f, g, h): (UInt64, UInt64, UInt64, UInt64) = (5, 6, 7, 8)
    let words = bytes.count / 8
    var i = 0
    while i &+ 8 <= words {
      a = mix(a, word(i))
      b = mix(b, word(i &+ 1))
      c = mix(c, word(i &+ 2))
      d = mix(d, word(i &+ 3))
      e = mix(e, word(i &+ 4))
      f = mix(f, word(i &+ 5))
      g = mix(g, word(i &+ 6))
      h = mix(h, word(i &+ 7))
      i &+= 8
    }
    while i < words {
      a = mix(a, word(i))
      i &+= 1
    }
    for rest in words * 8..<bytes.count { b = mix(b, UInt64(bytes[rest])) }
    return [b, c, d, e, f, g, h].reduce(a, mix)
  }
}
