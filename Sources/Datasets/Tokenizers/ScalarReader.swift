import Files

/// Walks through the characters of a text that must be UTF-8.
struct ScalarReader {
  private let text: Table<UInt8>
  private let begin: ByteCursor
  private let end: ByteCursor
  private var position: ByteCursor
  private let name: String

  init(_ text: Table<UInt8>, name: String) {
    self.text = text
    self.name = name
    begin = text.start
    end = text.end
    position = begin
  }

  /// Byte offset of the next character.
  var offset: Int { position - begin }

  /// - Returns: the next character; nil at the end.
  /// - Throws: ``/Files/AIGCError`` (badInput) for NUL and what is not UTF-8.
  @inline(__always)
  mutating func next() throws(AIGCError) -> UInt32? {
    guard position < end else { return nil }
    let byte = position.byte
    if byte < 0x80, byte > 0 {
      position += 1
      return UInt32(byte)
    }
    let (scalar, length) = position.scalar(before: end)
    guard length > 0, scalar > 0 else { throw error(length) }
    position += length
    return scalar
  }

  private func error(_ length: Int) -> AIGCError {
    let offset = text.bytesBefore + offset
    return length == 0
      ? .badInput("\(name): byte \(offset) is not UTF-8; pass `tokens` byte")
      : .badInput("\(name): byte \(offset) is NUL, not text; pass `tokens` byte")
  }
}

/// An id for some of all Unicode scalars, in pages of 256 that are only made where they are needed.
struct ScalarMap: Sendable {
  /// For each page its place in `ids`; place 0 is a page without entries.
  private var pages = [UInt32](repeating: 0, count: 0x1100)
  private var ids = [Int32](repeating: -1, count: 256)

  /// The id of `scalar`, -1 when there is none.
  @inline(__always)
  subscript(scalar: UInt32) -> Int32 {
    get { ids[Int(pages[Int(scalar >> 8)] << 8 | scalar & 0xFF)] }
    set {
      let page = Int(scalar >> 8)
      if pages[page] == 0 {
        pages[page] = UInt32(ids.count >> 8)
        ids.append(contentsOf: repeatElement(-1, count: 256))
      }
      ids[Int(pages[page] << 8 | scalar & 0xFF)] = newValue
    }
  }
}
