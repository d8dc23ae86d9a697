import Files

/// Numbers the keys of features in the order in which they are met: a hash table with open addressing.
struct FeatureIndex: Sendable {
  /// The keys in the order of their numbers.
  private(set) var keys: [UInt32] = []
  /// Numbers plus one; 0 where nothing is. A power of two of places.
  private var places: [UInt32]
  private var shift: UInt32

  init(capacity: Int = 1 << 12) {
    let bits = max(UInt32(4), UInt32(Int.bitWidth - (capacity * 2).leadingZeroBitCount))
    places = [UInt32](repeating: 0, count: 1 << bits)
    shift = 32 - bits
  }

  /// The index of keys that a file holds.
  init(keys: [UInt32]) {
    self.init(capacity: keys.count)
    for key in keys { _ = number(of: key) }
  }

  var count: Int { keys.count }

  /// The number of a key; nil where it was never met.
  @inline(__always)
  func find(_ key: UInt32) -> Int? {
    var place = Int((key &* 0x9E37_79B1) >> shift)
    while true {
      let number = places[place]
      if number == 0 { return nil }
      if keys[Int(number) - 1] == key { return Int(number) - 1 }
      place = (place + 1) & (places.count - 1)
    }
  }

  /// The number of a key, a new one where it was never met.
  @inline(__always)
  mutating func number(of key: UInt32) -> Int {
    if let known = find(key) { return known }
    if keys.count * 2 >= places.count { grow() }
    keys.append(key)
    insert(key, number: UInt32(keys.count))
    return keys.count - 1
  }

  private mutating func insert(_ key: UInt32, number: UInt32) {
    var place = Int((key &* 0x9E37_79B1) >> shift)
    while places[place] != 0 { place = (place + 1) & (places.count - 1) }
    places[place] = number
  }

  private mutating func grow() {
    places = [UInt32](repeating: 0, count: places.count * 2)
    shift -= 1
    for (index, key) in keys.enumerated() { insert(key, number: UInt32(index + 1)) }
  }
}
