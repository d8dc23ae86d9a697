import Files

/// Cuts text by hand as GPT-2's encoder.py does with
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
struct GPT2Split: TextSplit {
  let reader: ClassReader

  init(end: ByteCursor) { reader = ClassReader(end: end) }

  @inline(__always)
  func pieceEnd(_ piece: ByteCursor) -> ByteCursor? {
    let end = reader.end
    if piece.byte == UInt8(ascii: "'") {
      let length = contractionLength(piece)
      if length > 0 { return piece + length }
    }
    // A space belongs to the piece behind it, unless that is white space too.
    let start = piece.byte == 32 && end - piece > 1 ? piece + 1 : piece
    let (kind, length) = reader.read(start)
    if kind == ClassReader.space { return reader.spaceEnd(piece) }
    return kind == ClassReader.invalid ? nil : reader.runEnd(start + length, kind)
  }

  /// Length of the `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `start`, 0 when there is none.
  private func contractionLength(_ start: ByteCursor) -> Int {
    guard reader.end - start >= 2 else { return 0 }
    switch start[1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return reader.end - start >= 3 && start[2] == UInt8(ascii: "e") ? 3 : 0
    case UInt8(ascii: "l"):
      return reader.end - start >= 3 && start[2] == UInt8(ascii: "l") ? 3 : 0
    default: return 0
    }
  }
}

/// `Digits` of the package `tokenizers`, each number by itself, and what is left as GPT-2 has it: SmolLM's.
struct DigitsSplit: TextSplit {
  let reader: ClassReader
  /// What is left ends before the next number.
  private var rest: GPT2Split?

  init(end: ByteCursor) { reader = ClassReader(end: end) }

  mutating func pieceEnd(_ piece: ByteCursor) -> ByteCursor? {
    if let rest, piece < rest.reader.end { return rest.pieceEnd(piece) }
    let (kind, length) = reader.read(piece)
    if kind == ClassReader.number { return piece + length }
    let rest = GPT2Split(end: nextNumber(piece))
    self.rest = rest
    return rest.pieceEnd(piece)
  }

  private func nextNumber(_ start: ByteCursor) -> ByteCursor {
    var position = start
    while position < reader.end {
      let (kind, length) = reader.read(position)
      if kind == ClassReader.number { break }
      position += length
    }
    return position
  }
}
