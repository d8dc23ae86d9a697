import Files

/// The class of every character as one table, made when it is first needed.
struct CharacterClasses: Sendable {
  let start: ByteCursor

  static let shared = CharacterClasses()

  private init() {
    var table = [UInt8](repeating: 0, count: 0x110000)
    var place = 0
    for run in unicodeRuns {
      let end = min(place + Int(run >> 2), table.count)
      for scalar in place..<end { table[scalar] = UInt8(run & 3) }
      place = end
    }
    start = ByteCursor(keeping: table)
  }
}

/// Reads the characters of a text by their classes, the numbers of ``unicodeRuns``.
struct ClassReader {
  static let letter: UInt8 = 1
  static let number: UInt8 = 2
  static let space: UInt8 = 3
  /// What is not UTF-8.
  static let invalid: UInt8 = 4

  let end: ByteCursor
  private let classes = CharacterClasses.shared.start

  init(end: ByteCursor) { self.end = end }

  /// The class of the character at `position`, which is before the end, and its length in bytes.
  @inline(__always)
  func read(_ position: ByteCursor) -> (kind: UInt8, length: Int) {
    let byte = position.byte
    if byte < 0x80 { return (classes[Int(byte)], 1) }
    return readLong(position)
  }

  @inline(never)
  private func readLong(_ position: ByteCursor) -> (kind: UInt8, length: Int) {
    let (scalar, length) = position.scalar(before: end)
    return length > 0 ? (classes[Int(scalar)], length) : (Self.invalid, 1)
  }

  /// The end of a run of characters of one class.
  @inline(__always)
  func runEnd(_ start: ByteCursor, _ kind: UInt8) -> ByteCursor {
    var position = start
    while position < end {
      let (next, length) = read(position)
      if next != kind { break }
      position += length
    }
    return position
  }

  /// The end of a piece of white space, `\s+(?!\S)|\s+`: before text its last character stays for the next
  /// piece, unless it is the only one.
  func spaceEnd(_ start: ByteCursor) -> ByteCursor {
    var (position, last) = (start, start)
    while position < end {
      let (kind, length) = read(position)
      if kind != Self.space { return last > start ? last : position }
      last = position
      position += length
    }
    return position
  }

  /// What is not UTF-8, the first of it from `start` on.
  func firstInvalid(_ start: ByteCursor) -> ByteCursor {
    var position = start
    while position < end {
      let (kind, length) = read(position)
      if kind == Self.invalid { break }
      position += length
    }
    return position
  }
}
