import Files
import Glibc

/// A token that is found in the text before it is cut into pieces, `<|endoftext|>` say.
struct AddedToken: Sendable, Equatable {
  var id: Int32
  /// What stands in the text.
  var content: [UInt8]
  /// Whether it is a mark, not text.
  var isSpecial = true
  /// `normalized` of `tokenizer.json`: looked for after the others, in what they leave.
  var isNormalized = false
}

/// Finds added tokens in text: the leftmost first, of those that start at one place the longest,
/// as the package `tokenizers` does.
struct AddedTokenMatcher: Sendable {
  /// The contents by their bytes; for each number there the token's id and group, -1 where there
  /// is none.
  private let words: Vocabulary
  private var ids: [Int32]
  private var wordGroups: [Int]
  /// Tokens of one group are looked for together, those of the next one in what they leave.
  private var groups: [Group] = []
  /// Whether a token holds a line end behind a visible character, so that text cannot be cut there.
  private(set) var holdsLineEnds = false

  struct Match {
    var start: UnsafePointer<UInt8>
    var length: Int
    var end: UnsafePointer<UInt8> { start + length }
  }

  private struct Group {
    /// For each first byte the lengths of the tokens that begin with it, the longest first.
    var lengths = [[Int]](repeating: [], count: 256)
    /// The first byte of all tokens, where it is one.
    var onlyFirst: UInt8?
    var starts = [Bool](repeating: false, count: 256)
  }

  /// nil when there is nothing to find.
  /// - Throws: ``AIGCError`` (failed) without memory.
  init?(_ tokens: [AddedToken]) throws(AIGCError) {
    if tokens.isEmpty { return nil }
    var builder = VocabularyBuilder()
    ids = [Int32](repeating: -1, count: builder.count)
    wordGroups = [Int](repeating: 0, count: builder.count)
    for isNormalized in [false, true] {
      let members = tokens.filter { $0.isNormalized == isNormalized && !$0.content.isEmpty }
      if members.isEmpty { continue }
      var group = Group()
      for token in members {
        let word = Int(builder.id(for: token.content))
        if word == ids.count {
          ids.append(-1)
          wordGroups.append(0)
        }
        ids[word] = token.id
        wordGroups[word] = groups.count
        let first = Int(token.content[0])
        group.starts[first] = true
        if !group.lengths[first].contains(token.content.count) {
          group.lengths[first].append(token.content.count)
        }
        for index in token.content.indices.dropFirst() where token.content[index] == 10 {
          if (0x21..<0x7F).contains(token.content[index - 1]) { holdsLineEnds = true }
        }
      }
      for first in 0..<256 { group.lengths[first].sort(by: >) }
      let firsts = group.starts.indices.filter { group.starts[$0] }
      group.onlyFirst = firsts.count == 1 ? UInt8(firsts[0]) : nil
      groups.append(group)
    }
    words = try builder.freeze()
  }

  var groupCount: Int { groups.count }

  /// The id of the token that is the text at `piece`; nil when there is none.
  @inline(__always)
  func id(of piece: WordKey) -> Int32? {
    for group in groups.indices where groups[group].starts[Int(piece.start.pointee)] {
      guard let word = words.id(of: piece), ids[Int(word)] >= 0 else { return nil }
      return ids[Int(word)]
    }
    return nil
  }

  /// The next token of a group between `start` and `end`.
  func next(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, group index: Int
  ) -> Match? {
    let group = groups[index]
    var position = start
    while position < end {
      if let first = group.onlyFirst {
        guard let found = memchr(position, Int32(first), end - position) else { return nil }
        position = UnsafePointer(found.assumingMemoryBound(to: UInt8.self))
      } else {
        while position < end, !group.starts[Int(position.pointee)] { position += 1 }
        if position == end { return nil }
      }
      for length in group.lengths[Int(position.pointee)] where length <= end - position {
        if let word = words.id(of: WordKey(position, length, limit: end)),
          ids[Int(word)] >= 0, wordGroups[Int(word)] == index
        {
          return Match(start: position, length: length)
        }
      }
      position += 1
    }
    return nil
  }

  /// Hands the parts of the text between `start` and `end` to `part` in order: text between added
  /// tokens, which is never empty, and the tokens, of which it is told so. It goes on as long as
  /// `part` returns true.
  func split(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, group: Int = 0,
    _ part: (_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ isToken: Bool) -> Bool
  ) -> Bool {
    guard group < groups.count else { return start == end || part(start, end, false) }
    var position = start
    while position < end {
      let match = next(position, end, group: group)
      let textEnd = match?.start ?? end
      guard split(position, textEnd, group: group + 1, part) else { return false }
      position = textEnd
      if let match {
        guard part(match.start, match.end, true) else { return false }
        position = match.end
      }
    }
    return true
  }
}
