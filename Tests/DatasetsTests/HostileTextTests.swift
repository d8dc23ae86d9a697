import Files
import Testing

@testable import Datasets

/// Small files that were made to take long: each is read in time in proportion to its size.
@Suite struct HostileTextTests {
  /// Much longer than honest work takes in a debug build, much shorter than quadratic work.
  private func isQuick(_ body: () throws -> Void) rethrows -> Bool {
    try ContinuousClock().measure(body) < .seconds(20)
  }

  private func parts(
    _ matcher: AddedTokenMatcher, _ text: [UInt8]
  ) -> [(text: [UInt8], isToken: Bool)] {
    var parts: [(text: [UInt8], isToken: Bool)] = []
    text.withCursors { start, end in
      _ = matcher.split(start, end) { begin, end, isToken in
        parts.append((begin.bytes(end - begin), isToken))
        return true
      }
    }
    return parts
  }

  /// What the package `tokenizers` does, by hand: the leftmost, of those the longest.
  private func naive(_ tokens: [[UInt8]], _ text: [UInt8]) -> [(text: [UInt8], isToken: Bool)] {
    var parts: [(text: [UInt8], isToken: Bool)] = []
    var between: [UInt8] = []
    var place = 0
    while place < text.count {
      let found = tokens.filter { text[place...].starts(with: $0) }.max { $0.count < $1.count }
      if let found {
        if !between.isEmpty { parts.append((between, false)) }
        parts.append((found, true))
        between = []
        place += found.count
      } else {
        between.append(text[place])
        place += 1
      }
    }
    return between.isEmpty ? parts : parts + [(between, false)]
  }

  @Test func addedTokensAreTheLeftmostAndLongest() throws {
    var random = TestRandom(state: 11)
    for round in 0..<120 {
      let letters = UInt8(97)..<(round % 3 == 0 ? 99 : 101)
      func word(_ longest: Int) -> [UInt8] {
        (0..<Int.random(in: 1...longest, using: &random)).map { _ in
          UInt8.random(in: letters, using: &random)
        }
      }
      let tokens = (0..<Int.random(in: 1...8, using: &random)).map { _ in word(round % 2 * 90 + 5) }
      let text = word(round % 5 == 0 ? 3000 : 300)
      let matcher = try #require(
        try AddedTokenMatcher(tokens.enumerated().map { .init(id: Int32($0), content: $1) }))
      let (found, expected) = (parts(matcher, text), naive(tokens, text))
      #expect(found.map { $0.text } == expected.map { $0.text })
      #expect(found.map { $0.isToken } == expected.map { $0.isToken })
    }
  }

  @Test func addedTokensOfManyLengths() throws {
    let text = [UInt8](repeating: 97, count: 200_000)
    // Over one letter each; and such that fail in their last byte at every place.
    for endings in [[], Array("bcde".utf8)] {
      let tokens = (2...301).flatMap { length in
        endings.isEmpty
          ? (UInt8(97)...100).map { [UInt8](repeating: $0, count: length) }
          : endings.map { [UInt8](repeating: 97, count: length) + [$0] }
      }
      let isInTime = try isQuick {
        let matcher = try #require(
          try AddedTokenMatcher(tokens.enumerated().map { .init(id: Int32($0), content: $1) }))
        #expect(parts(matcher, text).count == (endings.isEmpty ? 665 : 1))
      }
      #expect(isInTime)
    }
  }

  /// Words of 16 bytes whose last eight take all that was before out of the open hash.
  private func colliding(_ count: Int) -> [[UInt8]] {
    let last = withUnsafeBytes(of: (0x9E37_79B9_7F4A_7C15 as UInt64).littleEndian) { Array($0) }
    return (0..<count).map { Array(String(10_000_000 + $0).utf8) + last }
  }

  @Test func wordsThatMeetInTheHash() throws {
    let words = colliding(2000)
    let hashes = words.map { word in
      word.withCursors { start, end in WordKey(start, 16, limit: end).hash }
    }
    #expect(Set(hashes).count == 1)
    var builder = VocabularyBuilder()
    for (index, word) in words.enumerated() { #expect(builder.id(for: word) == UInt32(index + 3)) }
    let vocabulary = try builder.freeze()
    #expect(vocabulary.tables.isSecret)
    for (index, word) in words.enumerated() {
      #expect(vocabulary.id(of: word) == UInt32(index + 3))
    }
    #expect(vocabulary.id(of: Array("other".utf8)) == nil)
    // The file's table is the open one, as if nothing had been noticed.
    var slots = [UInt64](repeating: 0, count: vocabulary.slots.count)
    for id in 0..<vocabulary.count {
      let hash = vocabulary.tables.word(id).hash
      var index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
      while slots[index] != 0 { index = (index + 1) & (slots.count - 1) }
      slots[index] = slotValue(hash, UInt32(id))
    }
    #expect(vocabulary.slots.withUnsafeBuffer { Array($0) } == slots)
    // A file with this table is read, grows, and is the same again.
    let read = try Vocabulary(
      bytes: vocabulary.bytes, offsets: vocabulary.offsets, slots: Table(slots), name: "t")
    var grown = VocabularyBuilder(read)
    #expect(grown.id(for: words[1999]) == 2002)
    #expect(grown.id(for: Array("new".utf8)) == 2003)
    #expect(try read.tables.isSecret && VocabularyBuilder(read).freeze().slots.count == slots.count)
  }

  @Test func textOfWordsThatMeetInTheHash() throws {
    let words = colliding(30_000)
    let line = [UInt8](words.joined(separator: [32]))
    let text = try Table(line + [32] + line + [10])
    let isInTime = try isQuick {
      var builder = VocabularyBuilder()
      let encoded = try encodeGrowing(text: text, mode: .whitespace, into: &builder, name: "t")
      #expect(encoded.words == 60_000)
      #expect(encoded.tokens[1] == 3 && encoded.tokens[30_000] == 30_002)
      #expect(encoded.tokens[30_001] == 3 && encoded.tokens[60_000] == 30_002)
      let again = try encode(
        text: text, mode: .whitespace, vocabulary: builder.freeze(), name: "t")
      #expect(
        again.tokens.withUnsafeBuffer { Array($0) }
          == encoded.tokens.withUnsafeBuffer { Array($0) })
    }
    #expect(isInTime)
  }

  /// An honest vocabulary of any size keeps the open table, which needs no building at load.
  @Test func honestWordsStayWhereTheyAre() throws {
    var builder = VocabularyBuilder()
    for index in 0..<20_000 { _ = builder.id(for: Array("word\(index)".utf8)) }
    #expect(try !builder.freeze().tables.isSecret)
  }
}
