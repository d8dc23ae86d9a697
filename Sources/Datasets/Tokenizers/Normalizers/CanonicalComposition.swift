/// Normalization form C (Unicode Standard Annex 15): characters are taken apart, marks are put in their
/// order, and what belongs together is put together. With the tables of the package `tokenizers`.
struct CanonicalComposition: Sendable {
  /// Places in ``canonicalDecompositions``, combining classes, and whether a text may be cut before a
  /// character (1) and whether it stays as it is by itself (2); -1 where both hold.
  private var places = ScalarMap()
  private var classes = ScalarMap()
  private var flags = ScalarMap()
  private var composites: [UInt64: UInt32] = [:]

  static let shared = CanonicalComposition()

  private static let cut: Int32 = 1
  private static let stays: Int32 = 2
  /// Characters below it may be cut before and stay as they are.
  static let firstMark: UInt32 = 0x300

  // Hangul syllables are made of a leading consonant, a vowel, and sometimes a trailing consonant.
  private static let (syllables, leads, vowels, trails): (UInt32, UInt32, UInt32, UInt32) = (
    0xAC00, 0x1100, 0x1161, 0x11A7
  )
  private static let (leadCount, vowelCount, trailCount): (UInt32, UInt32, UInt32) = (19, 21, 28)
  private static let syllableCount = leadCount * vowelCount * trailCount

  private init() {
    for place in stride(from: 0, to: combiningClasses.count - 2, by: 3) {
      let start = combiningClasses[place]
      for scalar in start..<start + combiningClasses[place + 1] {
        classes[scalar] = Int32(combiningClasses[place + 2])
        flags[scalar] = Self.stays
      }
    }
    for place in stride(from: 0, to: canonicalCompositions.count - 2, by: 3) {
      let (first, second) = (canonicalCompositions[place], canonicalCompositions[place + 1])
      composites[Self.pair(first, second)] = canonicalCompositions[place + 2]
      flags[second] = Self.stays
    }
    for scalar in Self.vowels..<Self.vowels + Self.vowelCount { flags[scalar] = Self.stays }
    for scalar in Self.trails + 1..<Self.trails + Self.trailCount { flags[scalar] = Self.stays }
    var decomposed: [UInt32] = []
    var (place, scalar) = (0, UInt32(0))
    while place + 1 < canonicalDecompositions.count {
      scalar += canonicalDecompositions[place] >> 3
      decomposed.append(scalar)
      places[scalar] = Int32(place)
      place += 1 + Int(canonicalDecompositions[place] & 7)
    }
    for scalar in decomposed {
      var parts = [scalar]
      compose(&parts)
      let first = flags[canonicalDecompositions[Int(places[scalar]) + 1]]
      flags[scalar] =
        (first < 0 ? Self.cut : first & Self.cut) | (parts == [scalar] ? Self.stays : 0)
    }
  }

  private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 {
    UInt64(first) << 32 | UInt64(second)
  }

  /// Whether nothing in front of a character changes with it, so that a text may be cut before it.
  @inline(__always)
  func isCut(before scalar: UInt32) -> Bool {
    if scalar < Self.firstMark { return true }
    let found = flags[scalar]
    return found < 0 || found & Self.cut != 0
  }

  /// Whether a character that stands by itself stays as it is.
  @inline(__always)
  func stays(_ scalar: UInt32) -> Bool {
    if scalar < Self.firstMark { return true }
    let found = flags[scalar]
    return found < 0 || found & Self.stays != 0
  }

  /// Normalizes characters in place.
  func compose(_ scalars: inout [UInt32]) {
    var parts: [(scalar: UInt32, order: Int32)] = []
    parts.reserveCapacity(scalars.count)
    for scalar in scalars { takeApart(scalar, into: &parts) }
    sortMarks(&parts)
    scalars.removeAll(keepingCapacity: true)
    // The last character that others join, and the class of the mark behind it that did not join.
    var (starter, blocking): (Int?, Int32) = (nil, -1)
    for (scalar, order) in parts {
      if let starter, blocking < order || blocking < 0,
        let whole = composite(scalars[starter], scalar)
      {
        scalars[starter] = whole
        continue
      }
      if order == 0 {
        (starter, blocking) = (scalars.count, -1)
      } else {
        blocking = order
      }
      scalars.append(scalar)
    }
  }

  /// Normalization form D: takes characters apart in place, marks in their order.
  func decompose(_ scalars: inout [UInt32]) {
    var parts: [(scalar: UInt32, order: Int32)] = []
    parts.reserveCapacity(scalars.count)
    for scalar in scalars { takeApart(scalar, into: &parts) }
    sortMarks(&parts)
    scalars = parts.map { $0.scalar }
  }

  private func takeApart(_ scalar: UInt32, into parts: inout [(scalar: UInt32, order: Int32)]) {
    if scalar >= Self.syllables, scalar - Self.syllables < Self.syllableCount {
      let index = scalar - Self.syllables
      let perLead = Self.vowelCount * Self.trailCount
      parts.append((Self.leads + index / perLead, 0))
      parts.append((Self.vowels + index % perLead / Self.trailCount, 0))
      if index % Self.trailCount > 0 { parts.append((Self.trails + index % Self.trailCount, 0)) }
      return
    }
    let place = Int(places[scalar])
    guard place >= 0 else { return parts.append((scalar, max(0, classes[scalar]))) }
    let count = Int(canonicalDecompositions[place] & 7)
    for part in canonicalDecompositions[place + 1..<place + 1 + count] {
      parts.append((part, max(0, classes[part])))
    }
  }

  /// Puts the marks behind each character in the order of their classes; those of one class keep theirs.
  private func sortMarks(_ parts: inout [(scalar: UInt32, order: Int32)]) {
    var start = 0
    while start < parts.count {
      guard parts[start].order > 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < parts.count, parts[end].order > 0 { end += 1 }
      if end - start > 1 {
        let sorted = parts[start..<end].enumerated().sorted {
          ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
        }
        for (offset, part) in sorted.enumerated() { parts[start + offset] = part.element }
      }
      start = end
    }
  }

  private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if first >= Self.leads, first - Self.leads < Self.leadCount, second >= Self.vowels,
      second - Self.vowels < Self.vowelCount
    {
      let index = (first - Self.leads) * Self.vowelCount + second - Self.vowels
      return Self.syllables + index * Self.trailCount
    }
    if first >= Self.syllables, first - Self.syllables < Self.syllableCount,
      (first - Self.syllables) % Self.trailCount == 0, second > Self.trails,
      second - Self.trails < Self.trailCount
    {
      return first + second - Self.trails
    }
    return composites[Self.pair(first, second)]
  }
}
