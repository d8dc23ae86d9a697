import Files

/// Cuts a text into the words of ``TextWords``, one after the other.
struct WordCutter {
  private let begin: ByteCursor
  private let end: ByteCursor
  private var position: ByteCursor
  /// What was split off the last word: `n't`.
  private var pending: TextWords.Word?

  init(_ begin: ByteCursor, _ end: ByteCursor) {
    (self.begin, self.end, position) = (begin, end, begin)
  }

  /// A character here.
  private struct Character {
    var kind: FoldedScalars.Kind
    var lower: UInt32
    var length: Int
  }

  @inline(__always)
  private func character(at place: ByteCursor) -> Character {
    let byte = place.byte
    if byte < 0x80 {
      let entry = Self.ascii[Int(byte)]
      return Character(kind: entry.kind, lower: UInt32(entry.lower), length: 1)
    }
    let (scalar, length) = place.scalar(before: end)
    guard length > 0 else { return Character(kind: .mark, lower: 0xFFFD, length: 1) }
    if scalar == 0x2019 { return Character(kind: .mark, lower: 39, length: length) }
    let entry = FoldedScalars.read(scalar)
    return Character(kind: entry.kind, lower: entry.lower, length: length)
  }

  private func word(_ start: ByteCursor, _ hash: UInt64, _ role: TextWords.Role) -> TextWords.Word {
    TextWords.Word(
      hash: hash, start: Int32(clamping: start - begin), end: Int32(clamping: position - begin),
      role: role)
  }

  /// The next word; nil at the end.
  mutating func next() -> TextWords.Word? {
    if let pending {
      self.pending = nil
      return pending
    }
    while position < end {
      let first = character(at: position)
      let start = position
      position += first.length
      switch first.kind {
      case .space, .unknown: continue
      case .word: return letters(start, first)
      case .character:
        var state = WordState()
        state.add(first.lower)
        return word(start, state.hash, TextWords.role(state.hash))
      case .mark:
        if first.lower == 39, let suffix = suffix(start) { return suffix }
        var state = WordState()
        state.add(first.lower)
        return word(start, state.hash, .boundary)
      }
    }
    return nil
  }

  /// Letters and digits, with hyphens between them; the first is read already.
  private mutating func letters(_ start: ByteCursor, _ first: Character) -> TextWords.Word? {
    var (state, before) = (WordState(), WordState())
    state.add(first.lower)
    var (last, lastStart) = (first.lower, start)
    while position < end {
      let next = character(at: position)
      if next.kind == .word {
        before = state
        state.add(next.lower)
        (last, lastStart) = (next.lower, position)
        position += next.length
      } else if next.lower == 45, position + 1 < end, character(at: position + 1).kind == .word {
        before = state
        state.add(45)
        (last, lastStart) = (45, position)
        position += 1
      } else if next.lower == 39, next.kind == .mark, last == 110,
        let after = endOfNegation(position + next.length)
      {
        return negated(start, lastStart, before.hash, after)
      } else {
        break
      }
    }
    return word(start, state.hash, TextWords.role(state.hash))
  }

  /// The place behind the t of `n't`; nil where that does not stand here.
  private func endOfNegation(_ place: ByteCursor) -> ByteCursor? {
    guard place < end, place.byte | 0x20 == UInt8(ascii: "t") else { return nil }
    let after = place + 1
    return after < end && character(at: after).kind == .word ? nil : after
  }

  /// A word before `n't`, which comes next; without one it comes now.
  private mutating func negated(
    _ start: ByteCursor, _ suffix: ByteCursor, _ hash: UInt64, _ after: ByteCursor
  ) -> TextWords.Word? {
    position = after
    let negation = word(suffix, Self.negation, .negation)
    guard suffix > start else { return negation }
    pending = negation
    position = suffix
    defer { position = after }
    return word(start, hash, TextWords.role(hash))
  }

  private static let negation = TextWords.hash(of: "n't")

  /// `'s`, `'ve` …; nil where no letter follows the apostrophe, which is read.
  private mutating func suffix(_ start: ByteCursor) -> TextWords.Word? {
    var state = WordState()
    state.add(39)
    let first = position
    while position < end {
      let next = character(at: position)
      guard next.kind == .word else { break }
      state.add(next.lower)
      position += next.length
    }
    return position > first ? word(start, state.hash, .none) : nil
  }

  private static let ascii = InlineArray<128, (kind: FoldedScalars.Kind, lower: UInt8)> { index in
    let byte = UInt8(index)
    return switch byte {
    case 9...13, 32: (.space, byte)
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): (.word, byte)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): (.word, byte | 0x20)
    default: (.mark, byte)
    }
  }
}
