import Files

/// One step by which a text is changed before it is cut, of the package `tokenizers`.
enum Normalizer: Sendable, Equatable {
  /// Normalization form C.
  case canonicalComposition
  /// Bytes before each text that is not empty.
  case prepend([UInt8])
  /// Other bytes in the place of some, at all places from the left.
  case replace([UInt8], by: [UInt8])

  /// Whether the text between two places, in UTF-8 and with marks, is changed.
  func changes(_ start: ByteCursor, _ end: ByteCursor) -> Bool {
    switch self {
    case .canonicalComposition: Self.needsComposition(start, end)
    case .prepend: true
    case .replace(let old, _): Self.find(old, start, end) != nil
    }
  }

  /// Writes text that holds no mark.
  func write(_ start: ByteCursor, _ end: ByteCursor, to rewriter: inout TextRewriter) {
    guard start < end else { return }
    switch self {
    case .canonicalComposition: Self.compose(start, end, &rewriter)
    case .prepend(let bytes):
      rewriter.replace(0, by: bytes)
      rewriter.keep(start, end - start)
    case .replace(let old, let new):
      var position = start
      while let found = Self.find(old, position, end) {
        rewriter.keep(position, found - position)
        rewriter.replace(old.count, by: new)
        position = found + old.count
      }
      rewriter.keep(position, end - position)
    }
  }

  /// The text of `content`, which an added token is known by where its text is normalized.
  func apply(_ content: [UInt8]) -> [UInt8] {
    content.withCursors { start, end in
      var rewriter = TextRewriter(capacity: content.count)
      write(start, end, to: &rewriter)
      return rewriter.output
    }
  }

  /// The first place at or behind `start` where `bytes` begin and end before `end`.
  static func find(_ bytes: [UInt8], _ start: ByteCursor, _ end: ByteCursor) -> ByteCursor? {
    var position = start
    while end - position >= bytes.count, let found = position.first(bytes[0], before: end) {
      guard end - found >= bytes.count else { return nil }
      if (1..<bytes.count).allSatisfy({ found[$0] == bytes[$0] }) { return found }
      position = found + 1
    }
    return nil
  }

  // MARK: Form C

  private static func needsComposition(_ start: ByteCursor, _ end: ByteCursor) -> Bool {
    var position = start
    while position < end {
      if end - position >= 8, position.word & 0x8080_8080_8080_8080 == 0 {
        position += 8
        continue
      }
      // Characters from U+0300 on begin with this byte or a greater one.
      if position.byte < 0xCC {
        position += 1
        continue
      }
      let (scalar, length) = position.scalar(before: end)
      if length > 0 {
        let forms = CanonicalComposition.shared
        if !forms.isCut(before: scalar) || !forms.stays(scalar) { return true }
      }
      position += max(1, length)
    }
    return false
  }

  private static func compose(
    _ start: ByteCursor, _ end: ByteCursor, _ rewriter: inout TextRewriter
  ) {
    let forms = CanonicalComposition.shared
    // Where text that was not written begins, and the part that may change.
    var (kept, part, position) = (start, start, start)
    var scalars: [UInt32] = []
    func flush() {
      guard scalars.count > 1 || scalars.first.map({ !forms.stays($0) }) == true else { return }
      var composed = scalars
      forms.compose(&composed)
      guard composed != scalars else { return }
      rewriter.keep(kept, part - kept)
      var bytes: [UInt8] = []
      for scalar in composed {
        if let scalar = Unicode.Scalar(scalar) { bytes += UTF8.encode(scalar) ?? .init() }
      }
      rewriter.replace(position - part, by: bytes)
      kept = position
    }
    while position < end {
      let (scalar, length) = position.scalar(before: end)
      if length == 0 || forms.isCut(before: scalar) {
        flush()
        scalars.removeAll(keepingCapacity: true)
        part = position
      }
      scalars.append(scalar)
      position += max(1, length)
    }
    flush()
    rewriter.keep(kept, end - kept)
  }
}
