/// How letters follow each other in scripts that are more than one letter beside the next: from right to left,
/// joined, or put together of parts. As much of it as labels of plots need, no more: one line, and no mixture of
/// directions inside one another (Unicode Standard Annex 9 has all of it).
enum PlotScript {
  /// The letters of a text in the order and the form in which they are drawn from left to right.
  static func visual(_ text: String) -> [Unicode.Scalar] {
    let scalars = composed(Array(text.unicodeScalars))
    guard scalars.contains(where: isRightToLeft) else { return scalars }
    return reordered(joined(scalars))
  }

  /// Whether a letter is drawn over the one before it.
  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: true
    default: false
    }
  }

  // MARK: Parts

  /// Korean syllables instead of their parts, as file names of some systems have them (Unicode Standard, 3.12).
  private static func composed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    for scalar in scalars {
      let (code, last) = (scalar.value, result.last?.value ?? 0)
      var syllable: UInt32?
      if (0x1161...0x1175).contains(code), (0x1100...0x1112).contains(last) {
        syllable = 0xAC00 + ((last - 0x1100) * 21 + code - 0x1161) * 28
      } else if (0x11A8...0x11C2).contains(code), (0xAC00...0xD7A3).contains(last),
        (last - 0xAC00) % 28 == 0
      {
        syllable = last + code - 0x11A7
      }
      if let whole = syllable.flatMap({ Unicode.Scalar($0) }) {
        result[result.count - 1] = whole
      } else {
        result.append(scalar)
      }
    }
    return result
  }

  // MARK: Arabic

  /// Number of forms of the letters U+0621 to U+064A: alone, at the end, at the start, in the middle. U+063B to
  /// U+0640 have none there. The forms themselves stand in this order from U+FE80 on.
  private static let formCounts: [UInt32] = [
    1, 2, 2, 2, 2, 4, 2, 4, 2, 4, 4, 4, 4, 4, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0,
    4, 4, 4, 4, 4, 4, 4, 2, 2, 4,
  ]
  /// Persian and Urdu letters, their first form, how many there are.
  private static let moreForms: [UInt32: (first: UInt32, count: UInt32)] = [
    0x679: (0xFB66, 4), 0x67E: (0xFB56, 4), 0x686: (0xFB7A, 4), 0x688: (0xFB88, 2),
    0x691: (0xFB8C, 2),
    0x698: (0xFB8A, 2), 0x6A9: (0xFB8E, 4), 0x6AF: (0xFB92, 4), 0x6BE: (0xFBAA, 4),
    0x6C1: (0xFBA6, 4),
    0x6CC: (0xFBFC, 4), 0x6D2: (0xFBAE, 2),
  ]
  private static let (lam, tatweel): (UInt32, UInt32) = (0x644, 0x640)
  /// Lam joins with these to one letter; its two forms follow.
  private static let lamAlefs: [UInt32: UInt32] = [
    0x622: 0xFEF5, 0x623: 0xFEF7, 0x625: 0xFEF9, 0x627: 0xFEFB,
  ]

  private static func forms(_ code: UInt32) -> (first: UInt32, count: UInt32)? {
    guard (0x621...0x64A).contains(code) else { return moreForms[code] }
    let index = Int(code - 0x621)
    guard formCounts[index] > 0 else { return nil }
    return (0xFE80 + formCounts[..<index].reduce(0, +), formCounts[index])
  }

  /// Arabic letters in the forms that they have beside each other.
  private static func joined(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    /// Whether the letter before joins to the next one.
    var isOpen = false
    /// The letter after the one at `index`, marks left out; 0 at the end.
    func letter(after index: Int) -> UInt32 {
      scalars[(index + 1)...].first { !isMark($0) }?.value ?? 0
    }
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      var form = scalar.value
      if form == lam, index + 1 < scalars.count, let pair = lamAlefs[scalars[index + 1].value] {
        index += 1
        (form, isOpen) = (pair + (isOpen ? 1 : 0), false)
      } else if let shapes = forms(form) {
        let next = letter(after: index)
        let isJoined = forms(next).map { $0.count > 1 } ?? (next == tatweel)
        let joinsNext = shapes.count == 4 && isJoined
        let joinsLast = isOpen && shapes.count > 1
        form = shapes.first + (joinsNext ? (joinsLast ? 3 : 2) : (joinsLast ? 1 : 0))
        isOpen = shapes.count == 4
      } else if !isMark(scalar) {
        isOpen = form == tatweel
      }
      result.append(Unicode.Scalar(form) ?? scalar)
      index += 1
    }
    return result
  }

  // MARK: Direction

  /// Whether a letter is written from right to left: Hebrew, Arabic and their neighbours.
  private static func isRightToLeft(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x590...0x8FF, 0xFB1D...0xFDFF, 0xFE70...0xFEFC, 0x10800...0x10FFF, 0x1E800...0x1EFFF:
      !isNumber(scalar)
    default: false
    }
  }

  private static func isNumber(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .decimalNumber
  }

  private static let mirrored: [Unicode.Scalar: Unicode.Scalar] = [
    "(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{", "<": ">", ">": "<",
  ]

  /// Turns each stretch from right to left, from its first letter to its last one: numbers in it keep their order, and
  /// marks stay behind their letters.
  private static func reordered(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < scalars.count {
      guard isRightToLeft(scalars[index]) else {
        result.append(scalars[index])
        index += 1
        continue
      }
      // Up to a letter of the other direction.
      let rest = scalars[index...].prefix {
        isRightToLeft($0) || !$0.properties.isAlphabetic || isMark($0)
      }
      let end = (rest.lastIndex { isRightToLeft($0) || isNumber($0) } ?? index) + 1
      result += turned(scalars[index..<end])
      index = end
    }
    return result
  }

  private static func turned(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
    var pieces: [[Unicode.Scalar]] = []
    for scalar in scalars {
      let isDigitAfterDigit = isNumber(scalar) && (pieces.last?.last.map(isNumber) ?? false)
      if !pieces.isEmpty, isMark(scalar) || isDigitAfterDigit {
        pieces[pieces.count - 1].append(scalar)
      } else {
        pieces.append([mirrored[scalar] ?? scalar])
      }
    }
    return pieces.reversed().flatMap { $0 }
  }
}
