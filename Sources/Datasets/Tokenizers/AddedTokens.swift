import Files

/// A token that is found in the text before it is cut into pieces, `<|endoftext|>` say.
struct AddedToken: Sendable, Equatable {
  var id: Int32
  /// What stands in the text.
  var content: [UInt8]
  /// Whether it is a mark, not text.
  var isSpecial = true
  /// `normalized` of `tokenizer.json`: looked for after the others, in what they leave.
  var isNormalized = false
  /// `lstrip` and `rstrip`: the white space before or behind it is part of it.
  var stripsLeft = false
  var stripsRight = false
}

/// Finds added tokens in text: the leftmost first, of those that start at one place the longest,
/// as the package `tokenizers` does.
struct AddedTokenMatcher: Sendable {
  /// The contents by their bytes; for each number there the token's id, -1 where it is no token or one that is
  /// passed over.
  private let words: Vocabulary
  private var ids: [Int32]
  /// Whether some tokens are passed over, so that text, too, may be what a token is.
  let passesOver: Bool
  /// The tokens that take white space with them, by the same numbers.
  private var strips: [Int: (left: Bool, right: Bool)] = [:]
  /// Tokens of one group are looked for together, those of the next one in what they leave.
  private var groups: [Group] = []
  /// Whether a token holds a line end behind a visible character, so that text cannot be cut there.
  private(set) var holdsLineEnds = false

  struct Match {
    var start: ByteCursor
    var length: Int
    var end: ByteCursor { start + length }
  }

  private struct Group {
    var isNormalized: Bool
    var search: WordSearch
    /// The first byte of all tokens, where it is one.
    var onlyFirst: UInt8?
    var starts = [Bool](repeating: false, count: 256)

    /// The first place at or after `start` where a token may begin, by its first byte.
    @inline(__always)
    func firstStart(
      _ start: ByteCursor, _ end: ByteCursor
    ) -> ByteCursor? {
      if let onlyFirst { return start.first(onlyFirst, before: end) }
      var position = start
      while position < end, !starts[Int(position.byte)] { position += 1 }
      return position < end ? position : nil
    }
  }

  /// nil when there is nothing to find.
  /// - Parameters:
  ///   - tokens: with their contents as files have them.
  ///   - passesOverSpecial: whether special tokens are text. The bytes of one are no part of another token all the
  ///     same, as `encode_special_tokens` of the package has it.
  ///   - normalized: what the content of tokens that are looked for in normalized text is there.
  /// - Throws: ``/Files/AIGCError`` (failed) without memory.
  init?(
    _ tokens: [AddedToken], passesOverSpecial: Bool = false,
    normalized: ([UInt8]) -> [UInt8] = { $0 }
  ) throws(AIGCError) {
    func isFound(_ token: AddedToken) -> Bool { !(passesOverSpecial && token.isSpecial) }
    guard tokens.contains(where: isFound) else { return nil }
    passesOver = passesOverSpecial && tokens.contains { $0.isSpecial }
    var builder = VocabularyBuilder()
    ids = [Int32](repeating: -1, count: builder.count)
    for isNormalized in [false, true] {
      var members = tokens.filter { $0.isNormalized == isNormalized }
      if isNormalized {
        for index in members.indices { members[index].content = normalized(members[index].content) }
      }
      members.removeAll { $0.content.isEmpty }
      guard members.contains(where: isFound) else { continue }
      var group = Group(
        isNormalized: isNormalized, search: WordSearch(members.lazy.map { $0.content }))
      for token in members {
        let word = Int(builder.id(for: token.content))
        if word == ids.count { ids.append(-1) }
        ids[word] = isFound(token) ? token.id : -1
        if isFound(token), token.stripsLeft || token.stripsRight {
          strips[word] = (token.stripsLeft, token.stripsRight)
          // White space behind it may begin with the line end at which text is cut.
          holdsLineEnds = holdsLineEnds || token.stripsRight
        }
        group.starts[Int(token.content[0])] = true
        for index in token.content.indices.dropFirst() where token.content[index] == 10 {
          if (0x21..<0x7F).contains(token.content[index - 1]) { holdsLineEnds = true }
        }
      }
      let firsts = group.starts.indices.filter { group.starts[$0] }
      group.onlyFirst = firsts.count == 1 ? UInt8(firsts[0]) : nil
      groups.append(group)
    }
    words = try builder.freeze()
  }

  var groupCount: Int { groups.count }

  /// Whether some tokens take white space with them.
  var hasStrips: Bool { !strips.isEmpty }

  /// The id of the token that is the text at `piece`; nil when there is none.
  @inline(__always)
  func id(of piece: WordKey) -> Int32? {
    for group in groups.indices where groups[group].starts[Int(piece.start.byte)] {
      guard let word = words.id(of: piece), ids[Int(word)] >= 0 else { return nil }
      return ids[Int(word)]
    }
    return nil
  }

  /// Walks through the tokens of a group in a text, a window of it at a time.
  private struct Finder {
    private let group: Group
    private let end: ByteCursor
    /// Tokens that begin in the last window, the first one last.
    private var found: [Match] = []
    private var window: ByteCursor
    private var windowSize = Self.smallestWindow
    private static let smallestWindow = 64
    /// Longer than the longest token, as each window is read on by so much.
    private static let largestWindow = 1 << 16

    init(_ group: Group, _ start: ByteCursor, _ end: ByteCursor) {
      self.group = group
      self.end = end
      window = start
    }

    /// The next token at or after `position`, which never goes back.
    mutating func next(_ position: ByteCursor) -> Match? {
      while true {
        while let match = found.popLast() {
          if match.start >= position { return match }
        }
        let from = max(position, window)
        guard from < end, let begin = group.firstStart(from, end) else { return nil }
        // Where tokens are rare only the text about their first bytes is read closely.
        let largest = max(Self.largestWindow, group.search.longest)
        windowSize =
          begin - window < windowSize ? min(windowSize * 2, largest) : Self.smallestWindow
        window = end - begin > windowSize ? begin + windowSize : end
        var found: [Match] = []
        group.search.forEach(from: begin, to: window, end: end) {
          found.append(Match(start: $0, length: $1))
        }
        self.found = found
      }
    }
  }

  /// Hands the parts of the text between `start` and `end` to `part` in order: text between added
  /// tokens, which is never empty, and the tokens, of which it is told so. It goes on as long as
  /// `part` returns true.
  /// - Parameters:
  ///   - group: the first group that is looked for.
  ///   - last: the last one.
  func split(
    _ start: ByteCursor, _ end: ByteCursor, group: Int = 0, through last: Int = 1,
    _ part: (_ start: ByteCursor, _ end: ByteCursor, _ isToken: Bool) -> Bool
  ) -> Bool {
    guard group < groups.count, group <= last else {
      return start == end || part(start, end, false)
    }
    var finder = Finder(groups[group], start, end)
    // Where text that was not handed out begins, and where the next token may begin: inside of the white
    // space, too, that the last one took with it.
    var (position, search) = (start, start)
    while true {
      let match = search < end ? finder.next(search) : nil
      if passesOver, let match, id(of: match, end) < 0 {
        search = match.end
        continue
      }
      var (textEnd, next) = (match?.start ?? end, match?.end ?? end)
      if hasStrips, let match { strip(match, &textEnd, &next, position, end) }
      if textEnd > position {
        guard split(position, textEnd, group: group + 1, through: last, part) else { return false }
      }
      guard let match else { return true }
      // One that lies in white space that is taken already, and takes it too, is none.
      if textEnd < next, !part(match.start, match.end, true) { return false }
      (position, search) = (next, match.end)
    }
  }

  private func id(of match: Match, _ end: ByteCursor) -> Int32 {
    words.id(of: WordKey(match.start, match.length, limit: end)).map { ids[Int($0)] } ?? -1
  }

  /// Moves the end of the text before a token, and the start of the text behind it, past the white space
  /// that the token takes with it.
  private func strip(
    _ match: Match, _ textEnd: inout ByteCursor, _ next: inout ByteCursor,
    _ start: ByteCursor, _ end: ByteCursor
  ) {
    guard let word = words.id(of: WordKey(match.start, match.length, limit: end)),
      let strip = strips[Int(word)]
    else { return }
    func isSpace(_ place: ByteCursor, _ limit: ByteCursor) -> Int? {
      let (scalar, length) = place.scalar(before: limit)
      guard length > 0, Unicode.Scalar(scalar)?.properties.isWhitespace == true else { return nil }
      return length
    }
    while strip.right, next < end, let length = isSpace(next, end) { next += length }
    if strip.left, textEnd < start { textEnd = start }
    while strip.left, textEnd > start {
      var place = textEnd - 1
      while place > start, place.byte & 0xC0 == 0x80 { place -= 1 }
      guard isSpace(place, textEnd) == textEnd - place else { return }
      textEnd = place
    }
  }

  /// Whether there are tokens that are looked for in normalized text, or in the text as it is.
  func hasTokens(normalized: Bool) -> Bool {
    groups.contains { $0.isNormalized == normalized }
  }

  /// Writes text with marks in the place of its tokens, without the white space that they take with them.
  /// - Parameter normalized: which tokens are looked for.
  func mark(
    _ start: ByteCursor, _ end: ByteCursor, normalized: Bool, _ rewriter: inout TextRewriter
  ) {
    guard let group = groups.firstIndex(where: { $0.isNormalized == normalized }) else {
      return rewriter.keep(start, end - start)
    }
    var last = start
    _ = split(start, end, group: group, through: group) { start, end, isToken in
      if last < start { rewriter.replace(start - last, by: []) }
      last = end
      guard isToken, let word = words.id(of: WordKey(start, end - start, limit: end)) else {
        rewriter.keep(start, end - start)
        return true
      }
      rewriter.replace(end - start, by: TokenMark.bytes(ids[Int(word)]))
      return true
    }
    if last < end { rewriter.replace(end - last, by: []) }
  }
}
