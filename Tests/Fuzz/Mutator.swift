import Kernels

/// Random changes of a file, as coverage-blind fuzzers make them (zzuf, radamsa): bits, bytes,
/// numbers, blocks cut, doubled and moved, and pieces of a dictionary put in.
struct Mutator {
  var random: RandomSource
  let dictionary: [[UInt8]]

  init(seed: UInt64, dictionary: [String]) {
    random = RandomSource(seed: seed)
    self.dictionary = dictionary.map { Array($0.utf8) }
  }

  private mutating func below(_ bound: Int) -> Int {
    Int(random.integer(below: UInt64(max(bound, 1))))
  }

  mutating func mutate(_ seeds: [[UInt8]]) -> [UInt8] {
    var bytes = seeds[below(seeds.count)]
    for _ in 0...below(4) { change(&bytes, seeds) }
    return bytes
  }

  private static let extremes: [UInt64] = [
    0, 1, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000,
    0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF, 0x7FC0_0000, 0xFF80_0000,
  ]

  private mutating func change(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(below(256))]
      return
    }
    let place = below(bytes.count)
    let end = min(bytes.count, place + 1 + below(1 << below(10)))
    switch below(10) {
    case 0: bytes[place] ^= 1 << UInt8(below(8))
    case 1: bytes[place] = UInt8(below(256))
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: below(bytes.count))
    case 4: bytes.removeLast(bytes.count - place)
    case 5: overwrite(&bytes, at: place / 8 * 8, Self.extremes[below(Self.extremes.count)], 8)
    case 6: overwrite(&bytes, at: place / 4 * 4, Self.extremes[below(Self.extremes.count)], 4)
    case 7 where !dictionary.isEmpty:
      let piece = dictionary[below(dictionary.count)]
      if below(2) == 0 {
        bytes.insert(contentsOf: piece, at: place)
      } else {
        bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
      }
    case 8:
      let other = seeds[below(seeds.count)]
      let from = below(other.count)
      bytes.replaceSubrange(place..<end, with: other[from..<min(other.count, from + end - place)])
    default:
      for _ in 0..<8 { bytes[below(bytes.count)] = UInt8(below(256)) }
    }
  }

  private func overwrite(_ bytes: inout [UInt8], at place: Int, _ value: UInt64, _ count: Int) {
    for offset in 0..<count where place + offset < bytes.count {
      bytes[place + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * offset))
    }
  }
}
