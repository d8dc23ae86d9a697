import Files

/// What is written before a text, and before what follows an added token.
enum TextPrefix: Sendable, Equatable {
  case none
  /// A space that is not there (`add_prefix_space` of ByteLevel).
  case space
  /// Metaspace of the package `tokenizers`: the mark stands for spaces, and before the text that begins
  /// with none: at each place, at the first one only, or nowhere.
  case metaspace(String, scheme: MetaspaceScheme)

  /// `prepend_scheme`.
  enum MetaspaceScheme: String, Sendable { case always, first, never }
}

/// How a text is changed before it is cut into pieces: added tokens become marks (``TokenMark``), what is
/// left goes through the normalizers, and gets its prefix. Each step goes once through the text.
struct TextPreparation: Sendable {
  var normalizers: [Normalizer] = []
  var prefix = TextPrefix.none

  /// A text with marks.
  struct Prepared {
    var text: Table<UInt8>
    /// From the prepared text back to the first one, in this order; empty where nobody asked for it.
    var alignments: [TextAlignment] = []

    /// Where a place of the prepared text was in the first one.
    func original(_ place: Int) -> Int { alignments.reduce(place) { $1.old($0) } }
  }

  /// What added tokens that are looked for in normalized text are known by there.
  func normalized(_ content: [UInt8]) -> [UInt8] {
    normalizers.reduce(content) { $1.apply($0) }
  }

  /// Whether `text` may be cut as it stands, with its added tokens found on the way.
  func isNeeded(_ text: Table<UInt8>, _ tokens: AddedTokenMatcher?) -> Bool {
    if prefix != .none || tokens?.hasStrips == true || tokens?.passesOver == true { return true }
    return withExtendedLifetime(text) {
      normalizers.contains { $0.changes(text.start, text.end) }
    }
  }

  /// - Parameters:
  ///   - aligns: whether ``Prepared/original(_:)`` will be asked.
  ///   - name: the text, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput for what is not UTF-8, failed without memory, interrupted.
  func prepare(
    _ text: Table<UInt8>, _ tokens: AddedTokenMatcher?, aligns: Bool, name: String
  ) throws(AIGCError) -> Prepared {
    try Self.checkUTF8(text, name)
    var prepared = Prepared(text: text)
    func step(
      _ body: (_ start: ByteCursor, _ end: ByteCursor, _ rewriter: inout TextRewriter) -> Void
    ) throws(AIGCError) {
      try Interruption.check()
      var rewriter = TextRewriter(capacity: prepared.text.count, aligns: aligns)
      let old = prepared.text
      withExtendedLifetime(old) {
        Self.forEachPart(old.start, old.end) { start, end, isMark in
          if isMark { rewriter.keep(start, end - start) } else { body(start, end, &rewriter) }
        }
      }
      prepared.text = try Table(rewriter.output)
      if let alignment = rewriter.alignment { prepared.alignments.insert(alignment, at: 0) }
    }
    if let tokens, tokens.hasTokens(normalized: false) {
      try step { tokens.mark($0, $1, normalized: false, &$2) }
    }
    for normalizer in normalizers {
      let old = prepared.text
      guard withExtendedLifetime(old, { normalizer.changes(old.start, old.end) }) else { continue }
      try step { normalizer.write($0, $1, to: &$2) }
    }
    if let tokens, tokens.hasTokens(normalized: true) {
      try step { tokens.mark($0, $1, normalized: true, &$2) }
    }
    if prefix != .none {
      let begin = prepared
      try step { (start, end, rewriter) in
        let isFirst = withExtendedLifetime(begin) { start == begin.text.start }
        self.writePrefixed(start, end, isFirst: isFirst, &rewriter)
      }
    }
    return prepared
  }

  private func writePrefixed(
    _ start: ByteCursor, _ end: ByteCursor, isFirst: Bool, _ rewriter: inout TextRewriter
  ) {
    guard start < end else { return }
    switch prefix {
    case .none: rewriter.keep(start, end - start)
    case .space:
      if start.byte != 32 { rewriter.replace(0, by: [32]) }
      rewriter.keep(start, end - start)
    case .metaspace(let mark, let scheme):
      let mark = Array(mark.utf8)
      let begins = start.byte == 32 || Normalizer.find(mark, start, end) == start
      if scheme == .always || scheme == .first && isFirst, !begins {
        rewriter.replace(0, by: mark)
      }
      Normalizer.replace([32], by: mark).write(start, end, to: &rewriter)
    }
  }

  private static func checkUTF8(_ text: Table<UInt8>, _ name: String) throws(AIGCError) {
    let wrong: Int? = withExtendedLifetime(text) {
      let (begin, end) = (text.start, text.end)
      var position = begin
      while position < end {
        if position.byte < 0x80 {
          position += 1
          continue
        }
        let length = position.scalar(before: end).length
        if length == 0 { return position - begin }
        position += length
      }
      return nil
    }
    guard let wrong else { return }
    throw .badInput("\(name): byte \(text.bytesBefore + wrong) is not UTF-8; pass `tokens` byte")
  }

  /// Hands the marks of a text, and what lies between them, to `body`.
  static func forEachPart(
    _ start: ByteCursor, _ end: ByteCursor,
    _ body: (_ start: ByteCursor, _ end: ByteCursor, _ isMark: Bool) -> Void
  ) {
    var position = start
    while position < end {
      let mark = position.first(TokenMark.first, before: end) ?? end
      if position < mark { body(position, mark, false) }
      position = mark
      guard mark < end, end - mark >= TokenMark.length else { return }
      position += TokenMark.length
      body(mark, position, true)
    }
  }
}
