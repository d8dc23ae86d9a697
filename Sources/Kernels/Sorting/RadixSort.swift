/// An element to sort: a 96-bit key (`high` before `low`) and what it stands for.
struct KeyedIndex {
  var high: UInt64
  var low: UInt32
  var index: UInt32

  /// - Parameter key: its upper 32 bits are 0.
  @inline(__always)
  init(key: UInt128, index: UInt32) {
    high = UInt64(truncatingIfNeeded: key >> 32)
    low = UInt32(truncatingIfNeeded: key)
    self.index = index
  }

  /// Bits from the top in which the keys agree: 96 when they are equal.
  @inline(__always)
  func sharedBits(with other: KeyedIndex) -> Int {
    let difference = high ^ other.high
    return difference != 0
      ? difference.leadingZeroBitCount : 64 + (low ^ other.low).leadingZeroBitCount
  }

  /// Byte `digit` of the key, 0 the lowest of 12.
  @inline(__always)
  func byte(_ digit: Int) -> Int {
    digit < 4
      ? Int((low &>> UInt32(digit &* 8)) & 255)
      : Int((high &>> UInt64(digit &* 8 &- 32)) & 255)
  }
}

/// Number of counters ``radixSort(_:scratch:histogram:count:lowestDigit:)`` works with.
let radixHistogramSize = 12 * 256

/// Sorts `items` by key, stable: insertion sort for a handful, else byte-wise radix sort from the
/// lowest byte, leaving out the bytes in which all keys agree.
///
/// - Parameters:
///   - scratch: room for as many items.
///   - histogram: room for ``radixHistogramSize`` counters.
///   - lowestDigit: the bytes of the keys below it are all 0.
func radixSort(
  _ items: UnsafeMutablePointer<KeyedIndex>, scratch: UnsafeMutablePointer<KeyedIndex>,
  histogram: UnsafeMutablePointer<UInt32>, count: Int, lowestDigit: Int
) {
  if count < 48 {
    insertionSort(items, count: count)
    return
  }
  histogram.update(repeating: 0, count: radixHistogramSize)
  for i in 0..<count {
    for digit in lowestDigit..<12 { histogram[digit &* 256 &+ items[i].byte(digit)] &+= 1 }
  }
  var (source, target) = (items, scratch)
  for digit in lowestDigit..<12
  where histogram[digit * 256 + source[0].byte(digit)] != UInt32(count) {
    scatter(source, to: target, count: count, digit: digit, histogram: histogram)
    swap(&source, &target)
  }
  if source != items { items.update(from: source, count: count) }
}

@inline(__always)
private func scatter(
  _ source: UnsafeMutablePointer<KeyedIndex>, to target: UnsafeMutablePointer<KeyedIndex>,
  count: Int, digit: Int, histogram: UnsafeMutablePointer<UInt32>
) {
  var sum: UInt32 = 0
  for slot in digit * 256..<(digit + 1) * 256 {
    let size = histogram[slot]
    histogram[slot] = sum
    sum &+= size
  }
  for i in 0..<count {
    let slot = digit &* 256 &+ source[i].byte(digit)
    target[Int(histogram[slot])] = source[i]
    histogram[slot] &+= 1
  }
}

private func insertionSort(_ items: UnsafeMutablePointer<KeyedIndex>, count: Int) {
  for i in stride(from: 1, to: count, by: 1) {
    let item = items[i]
    var j = i
    while j > 0 {
      let before = items[j &- 1]
      if before.high < item.high || (before.high == item.high && before.low <= item.low) { break }
      items[j] = before
      j &-= 1
    }
    items[j] = item
  }
}
