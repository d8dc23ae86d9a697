import Files
import Kernels

/// A 64-bit checksum of a section of a file: blocks of 1 MiB in parallel, each in four lanes of
/// multiply and rotate, so that a changed bit anywhere changes the result.
enum Checksum {
  private static let blockSize = 1 << 17
  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

  static func of<Element>(_ table: Table<Element>) throws(AIGCError) -> UInt64 {
    let (words, rest) = try table.wordsAndRest()
    let blocks = (words.count + blockSize - 1) / blockSize
    let sums = try MutableTable<UInt64>(count: blocks)
    parallelBlocks(words.count, size: blockSize) { first, end in
      sums[first / blockSize] = lanes(words, first, end)
    }
    var sum = UInt64(table.count)
    for block in 0..<blocks { sum = mix(sum, sums[block]) }
    for byte in rest { sum = mix(sum, UInt64(byte)) }
    return sum
  }

  @inline(__always)
  private static func mix(_ sum: UInt64, _ value: UInt64) -> UInt64 {
    let product = (sum ^ value) &* multiplier
    return (product << 29) | (product >> 35)
  }

  private static func lanes(_ words: Table<UInt64>, _ first: Int, _ end: Int) -> UInt64 {
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    var i = first
    while i + 4 <= end {
      a = mix(a, words[i])
      b = mix(b, words[i + 1])
      c = mix(c, words[i + 2])
      d = mix(d, words[i + 3])
      i += 4
    }
    while i < end {
      a = mix(a, words[i])
      i += 1
    }
    return mix(mix(mix(a, b), c), d)
  }
}
