import Datasets
import Files
import Kernels
import TestSupport
import Testing

/// One after the other: they set the number of threads.
@Suite(.serialized) struct CorpusEncodingTests {
  private func array(_ encoded: EncodedText) -> [UInt32] {
    encoded.tokens.withUnsafeBuffer { Array($0) }
  }

  @Test func marksAndIds() throws {
    var builder = VocabularyBuilder()
    let encoded = try encodeGrowing(
      text: table("to be or\n\nnot to be\n"), mode: .whitespace, into: &builder, name: "t")
    #expect(array(encoded) == [1, 3, 4, 5, 2, 1, 2, 1, 6, 3, 4, 2])
    #expect(encoded.sentences == 3)
    #expect(encoded.words == 6)
    #expect(encoded.byteCount == 20)
    let frozen = try encode(
      text: table("not so"), mode: .whitespace, vocabulary: builder.freeze(), name: "t")
    #expect(array(frozen) == [1, 6, 0, 2])
    let more = try encodeGrowing(text: table("be so"), mode: .word, into: &builder, name: "t")
    #expect(array(more) == [1, 4, 7, 2])
  }

  @Test func emptyLinesCountInWhitespaceModeOnly() throws {
    for (mode, expected) in [
      (TokenMode.whitespace, 3), (.word, 1), (.char, 1), (.byte, 1), (.auto, 1),
    ] {
      var builder = VocabularyBuilder()
      let encoded = try encodeGrowing(text: table("\n\na\n"), mode: mode, into: &builder, name: "t")
      #expect(encoded.sentences == expected)
      #expect(encoded.words == 1)
    }
    var builder = VocabularyBuilder()
    let nothing = try encodeGrowing(text: table(" \n \n"), mode: .auto, into: &builder, name: "t")
    #expect(nothing.tokens.count == 0 && nothing.sentences == 0 && nothing.words == 0)
    let none = try encodeGrowing(text: Table([]), mode: .auto, into: &builder, name: "t")
    #expect(none.tokens.count == 0)
    let lines = try encodeGrowing(
      text: Table([UInt8](repeating: 10, count: 1000)), mode: .whitespace, into: &builder, name: "t"
    )
    #expect(lines.sentences == 1000 && lines.tokens.count == 2000)
  }

  @Test func specialTokensAreWhiteSpace() throws {
    let text = "<s> a <unk> b </s>\n<s>x a<s> <S> <unk>\n</s>"
    var builder = VocabularyBuilder()
    let fields = try encodeGrowing(text: table(text), mode: .whitespace, into: &builder, name: "t")
    #expect(fields.specialTokensSkipped == 5)
    #expect(array(fields) == [1, 3, 4, 2, 1, 5, 6, 7, 2])
    for mode in [TokenMode.word, .auto] {
      #expect(try tokens(text, mode) == "a|b¶<|s|>|x|a|<|s|>|<|S|>")
      let words = try encodeGrowing(text: table(text), mode: mode, into: &builder, name: "t")
      #expect(words.specialTokensSkipped == 5)
    }
    let characters = try encodeGrowing(text: table("<s>"), mode: .char, into: &builder, name: "t")
    #expect(characters.words == 3 && characters.specialTokensSkipped == 0)
  }

  /// About 9 MB in lines of different lengths: three blocks.
  private func longText() throws -> Table<UInt8> {
    var random = TestRandom(state: 5)
    var text: [UInt8] = []
    while text.count < 9_000_000 {
      for _ in 0..<Int.random(in: 0..<30, using: &random) {
        // A long word now and then keeps the number of tokens, and so the test, small.
        let number = UInt64.random(in: 0..<300, using: &random)
        text += Array("w\(number * number / 300)".utf8)
        if number == 7 { text += [UInt8](repeating: 120, count: 4000) }
        text.append(32)
      }
      text.append(10)
    }
    text += Array("the last line".utf8)
    return try Table(text)
  }

  @Test func threadsDoNotChangeTheResult() throws {
    let text = try longText()
    let before = Threads.count
    defer { Threads.count = before }
    for mode in [TokenMode.whitespace, .auto] {
      var results: [([UInt32], [UInt8])] = []
      for threads in [1, 2, 7] {
        Threads.count = threads
        var builder = VocabularyBuilder()
        let encoded = try encodeGrowing(text: text, mode: mode, into: &builder, name: "t")
        let vocabulary = try builder.freeze()
        results.append((array(encoded), vocabulary.bytes.withUnsafeBuffer { Array($0) }))
        let again = try encode(text: text, mode: mode, vocabulary: vocabulary, name: "t")
        #expect(array(again) == array(encoded))
      }
      #expect(results[0] == results[1] && results[0] == results[2])
      // Ids in order of first occurrence across all blocks.
      var highest: UInt32 = 2
      for id in results[0].0 where id > highest {
        #expect(id == highest + 1)
        highest = id
      }
    }
  }

  @Test func piecesGiveTheSameAsTheWhole() throws {
    let lines = (0..<400).map { "line \($0 % 37) of \($0) — ünïcode\r\n" }
    let text = try table(lines.joined() + "and no newline")
    for mode in TokenMode.allCases {
      var builder = VocabularyBuilder()
      let whole = try encodeGrowing(text: text, mode: mode, into: &builder, name: "t")
      var encoder = BlockEncoder(mode: mode, name: "t")
      var ids: [UInt32] = []
      for start in stride(from: 0, to: lines.count, by: 17) {
        let piece = lines[start..<min(start + 17, lines.count)].joined()
        ids += array(try encoder.encode(table(piece)))
      }
      ids += array(try encoder.encode(table("and no newline")))
      #expect(ids == array(whole))
      #expect(encoder.byteCount == text.count)
      #expect(encoder.vocabulary.count == builder.count)
    }
  }

  @Test func offsetsCountFromTheStartOfTheCorpus() throws {
    var encoder = BlockEncoder(mode: .auto, name: "big.txt")
    _ = try encoder.encode(table("12345678\n"))
    #expect(
      refusal { _ = try encoder.encode(Table([97, 0xFF, 10])) }?.line
        == "3 big.txt: byte 10 is not UTF-8; pass `tokens` byte")
    // A byte order mark is no text, but bytes of the file.
    let marked = try Table<UInt8>([0xEF, 0xBB, 0xBF, 97, 10, 0xFF, 10]).withoutByteOrderMark
    var other = BlockEncoder(mode: .auto, name: "b.txt")
    #expect(refusal { _ = try other.encode(marked) }?.line.contains("byte 5 is not UTF-8") == true)
    _ = try other.encode(marked.prefix(2))
    #expect(
      refusal { _ = try other.encode(table("\u{0}")) }?.line.contains("byte 5 is NUL") == true)
  }

  @Test func oneLineOfTwentyMegabytes() throws {
    let word = [UInt8](repeating: 97, count: 4999) + [32]
    let count = 4000
    let text = try MutableTable<UInt8>(count: count * word.count)
    for index in 0..<count { text.copy(word, at: index * word.count) }
    for mode in [TokenMode.whitespace] {
      var builder = VocabularyBuilder()
      let encoded = try encodeGrowing(text: text.frozen(), mode: mode, into: &builder, name: "t")
      #expect(encoded.words == count && encoded.sentences == 1 && builder.count == 4)
    }
    var builder = VocabularyBuilder()
    let single = try encodeGrowing(
      text: Table([UInt8](repeating: 120, count: 20_000_000)), mode: .whitespace, into: &builder,
      name: "t")
    #expect(array(single) == [1, 3, 2])
    #expect(try builder.freeze().bytes(of: 3).count == 20_000_000)
  }

  @Test func rangesAndIdsAgree() throws {
    let text = "It's “odd”, <s> isn't it? 这是。\n\nyes -- 1,000 times\n"
    for mode in TokenMode.allCases {
      var builder = VocabularyBuilder()
      let bytes = try table(text)
      let encoded = try encodeGrowing(text: bytes, mode: mode, into: &builder, name: "t")
      let vocabulary = try builder.freeze()
      let ranges = try tokenRanges(text: bytes, mode: mode, name: "t")
      var ids: [UInt32] = []
      for sentence in ranges {
        ids.append(1)
        for range in sentence { ids.append(vocabulary.id(of: bytes, at: range) ?? 0) }
        ids.append(2)
      }
      #expect(ids == array(encoded))
    }
  }
}
