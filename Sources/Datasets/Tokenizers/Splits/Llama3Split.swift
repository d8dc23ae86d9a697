import Files

/// Cuts text by hand as Llama 3 does with
/// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
/// and Qwen2, which has `\p{N}` in the place of `\p{N}{1,3}`.
struct Llama3Split: TextSplit {
  let reader: ClassReader
  /// How many numbers are one piece.
  private let numbers: Int

  init(end: ByteCursor, numbers: Int) {
    reader = ClassReader(end: end)
    self.numbers = numbers
  }

  func pieceEnd(_ piece: ByteCursor) -> ByteCursor? {
    let end = reader.end
    if piece.byte == UInt8(ascii: "'"), case let length = contractionLength(piece), length > 0 {
      return piece + length
    }
    let (kind, length) = reader.read(piece)
    let second = piece + length
    switch kind {
    case ClassReader.letter: return reader.runEnd(second, kind)
    case ClassReader.number: return numbersEnd(second)
    case ClassReader.invalid: return nil
    default: break
    }
    let next = second < end ? reader.read(second).kind : ClassReader.space
    if next == ClassReader.letter, !isLineEnd(piece.byte) { return reader.runEnd(second, next) }
    if kind != ClassReader.space { return lineEndsEnd(reader.runEnd(second, kind)) }
    if piece.byte == 32, next != ClassReader.space, next != ClassReader.number {
      return next == ClassReader.invalid ? nil : lineEndsEnd(reader.runEnd(second, next))
    }
    return lastLineEnd(piece) ?? reader.spaceEnd(piece)
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }

  private func numbersEnd(_ second: ByteCursor) -> ByteCursor {
    var (position, count) = (second, 1)
    while count < numbers, position < reader.end {
      let (kind, length) = reader.read(position)
      if kind != ClassReader.number { break }
      position += length
      count += 1
    }
    return position
  }

  private func lineEndsEnd(_ start: ByteCursor) -> ByteCursor {
    var position = start
    while position < reader.end, isLineEnd(position.byte) { position += 1 }
    return position
  }

  /// The place behind the last line end in the white space at `start`; nil where it has none.
  private func lastLineEnd(_ start: ByteCursor) -> ByteCursor? {
    var position = start
    var found: ByteCursor?
    while position < reader.end {
      let (kind, length) = reader.read(position)
      if kind != ClassReader.space { break }
      let byte = position.byte
      position += length
      if isLineEnd(byte) { found = position }
    }
    return found
  }

  /// Length of the contraction at `start`, 0 when there is none. Case is folded as Unicode does, by which
  /// U+017F is an s.
  private func contractionLength(_ start: ByteCursor) -> Int {
    let rest = reader.end - start
    guard rest >= 2 else { return 0 }
    switch start[1] | 0x20 {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return rest >= 3 && start[2] | 0x20 == UInt8(ascii: "e") ? 3 : 0
    case UInt8(ascii: "l"): return rest >= 3 && start[2] | 0x20 == UInt8(ascii: "l") ? 3 : 0
    default: return rest >= 3 && start[1] == 0xC5 && start[2] == 0xBF ? 3 : 0
    }
  }
}
