import Files

/// Cuts text into the pieces in which GPT-2 merges bytes, by hand what its encoder.py does with
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. An added token
/// such as `<|endoftext|>` is a piece by itself, and the text before it is cut as if it ended there.
struct PieceScanner {
  let begin: ByteCursor
  let end: ByteCursor
  /// What is found before the text is cut; nil when all is text.
  let addedTokens: AddedTokenMatcher?

  /// Classes of characters, the numbers of ``unicodeRuns``.
  private static let letter: UInt8 = 1
  private static let space: UInt8 = 3
  private static let invalid: UInt8 = 4

  /// Hands every piece to `sink`; nil when all was UTF-8.
  func scan(into sink: inout some TokenSink & ~Copyable) -> ScanFailure? {
    let classes = CharacterClasses.shared.start
    guard let addedTokens else {
      return Segment(end: end, classes: classes).scan(from: begin, into: &sink)
    }
    var failure: ScanFailure?
    _ = addedTokens.split(begin, end) { start, end, isToken in
      if isToken {
        sink.token(start, end - start)
      } else {
        failure = Segment(end: end, classes: classes).scan(from: start, into: &sink)
      }
      return failure == nil
    }
    return failure
  }

  /// Text without added tokens.
  private struct Segment {
    let end: ByteCursor
    let classes: ByteCursor

    @inline(__always)
    private func read(_ position: ByteCursor) -> (kind: UInt8, length: Int) {
      let byte = position.byte
      if byte < 0x80 { return (classes[Int(byte)], 1) }
      return readLong(position)
    }

    @inline(never)
    private func readLong(_ position: ByteCursor) -> (kind: UInt8, length: Int) {
      let (scalar, length) = position.scalar(before: end)
      return length > 0 ? (classes[Int(scalar)], length) : (invalid, 1)
    }

    func scan(
      from start: ByteCursor, into sink: inout some TokenSink & ~Copyable
    ) -> ScanFailure? {
      var position = start
      var poll = ScanPoll(start)
      while position < end, !poll.isStopped(position) {
        let piece = position
        if piece.byte == UInt8(ascii: "'") {
          let length = contractionLength(piece)
          if length > 0 {
            sink.token(piece, length)
            position += length
            continue
          }
        }
        // A space belongs to the piece behind it, unless that is white space too.
        if piece.byte == 32, end - piece > 1 { position += 1 }
        let (kind, length) = read(position)
        position = kind == space ? spaceEnd(piece) : runEnd(position + length, kind)
        if kind == invalid {
          return ScanFailure(reason: .notUTF8, position: firstInvalid(piece))
        }
        sink.token(piece, position - piece)
      }
      return nil
    }

    /// The end of a run of characters of one class.
    @inline(__always)
    private func runEnd(_ start: ByteCursor, _ kind: UInt8) -> ByteCursor {
      var position = start
      while position < end {
        let (next, length) = read(position)
        if next != kind { break }
        position += length
      }
      return position
    }

    /// The end of a piece of white space: before text its last character stays for the next piece,
    /// unless it is the only one.
    private func spaceEnd(_ start: ByteCursor) -> ByteCursor {
      var (position, last) = (start, start)
      while position < end {
        let (kind, length) = read(position)
        if kind != space { return last > start ? last : position }
        last = position
        position += length
      }
      return position
    }

    /// Length of the `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `start`, 0 when there is none.
    private func contractionLength(_ start: ByteCursor) -> Int {
      guard end - start >= 2 else { return 0 }
      switch start[1] {
      case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
      case UInt8(ascii: "r"), UInt8(ascii: "v"):
        return end - start >= 3 && start[2] == UInt8(ascii: "e") ? 3 : 0
      case UInt8(ascii: "l"):
        return end - start >= 3 && start[2] == UInt8(ascii: "l") ? 3 : 0
      default: return 0
      }
    }

    private func firstInvalid(_ start: ByteCursor) -> ByteCursor {
      var position = start
      while position < end {
        let (kind, length) = read(position)
        if kind == invalid { break }
        position += length
      }
      return position
    }
  }
}

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
