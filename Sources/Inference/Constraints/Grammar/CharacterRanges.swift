/// Sets of Unicode characters, and the bytes of UTF-8 that spell them.
enum CharacterRanges {
  /// All characters; the surrogates are none.
  static let all: [ClosedRange<UInt32>] = [0...0xD7FF, 0xE000...0x10FFFF]

  /// The same set as ranges in order and apart, without surrogates.
  static func normalized(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if let last = result.last, range.lowerBound <= last.upperBound &+ 1 {
        result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return intersection(result, all)
  }

  /// What both sets have; both are in order.
  static func intersection(
    _ first: [ClosedRange<UInt32>], _ second: [ClosedRange<UInt32>]
  ) -> [ClosedRange<UInt32>] {
    var (result, left, right) = ([ClosedRange<UInt32>](), 0, 0)
    while left < first.count, right < second.count {
      let low = max(first[left].lowerBound, second[right].lowerBound)
      let high = min(first[left].upperBound, second[right].upperBound)
      if low <= high { result.append(low...high) }
      if first[left].upperBound < second[right].upperBound { left += 1 } else { right += 1 }
    }
    return result
  }

  /// All characters that are not in the set, which is in order.
  static func complement(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var (result, next) = ([ClosedRange<UInt32>](), UInt32(0))
    for range in ranges {
      if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
      next = max(next, range.upperBound &+ 1)
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return intersection(result, all)
  }

  /// The byte sequences of a range of characters, as ranges for each byte of them: UTF-8 keeps the order of
  /// characters, so a range is cut where its characters become longer and where a byte wraps around.
  static func byteSequences(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    var result: [[ClosedRange<UInt8>]] = []
    let limits: [(UInt32, UInt32)] = [
      (0, 0x7F), (0x80, 0x7FF), (0x800, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x10FFFF),
    ]
    for (first, last) in limits {
      let low = max(range.lowerBound, first)
      let high = min(range.upperBound, last)
      if low <= high { split(low, high, length: bytes(low).count, into: &result) }
    }
    return result
  }

  /// Characters of one length: cut until all bytes but the first that differs run through all their values.
  private static func split(
    _ low: UInt32, _ high: UInt32, length: Int, into result: inout [[ClosedRange<UInt8>]]
  ) {
    for index in 1..<max(length, 1) {
      let mask = (UInt32(1) << UInt32(6 * index)) - 1
      guard low & ~mask != high & ~mask else { continue }
      if low & mask != 0 {
        split(low, low | mask, length: length, into: &result)
        split((low | mask) + 1, high, length: length, into: &result)
        return
      }
      if high & mask != mask {
        split(low, (high & ~mask) - 1, length: length, into: &result)
        split(high & ~mask, high, length: length, into: &result)
        return
      }
    }
    result.append(zip(bytes(low), bytes(high)).map { $0...$1 })
  }

  /// The UTF-8 of a character.
  static func bytes(_ scalar: UInt32) -> [UInt8] {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(0x80 | (scalar >> shift) & 0x3F) }
    return switch scalar {
    case 0..<0x80: [UInt8(scalar)]
    case 0x80..<0x800: [UInt8(0xC0 | scalar >> 6), tail(0)]
    case 0x800..<0x10000: [UInt8(0xE0 | scalar >> 12), tail(6), tail(0)]
    default: [UInt8(0xF0 | (scalar >> 18) & 7), tail(12), tail(6), tail(0)]
    }
  }
}
