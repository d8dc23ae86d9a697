import Datasets
import Files
import TestSupport
import Testing

@Suite struct VocabularyTests {
  private func vocabulary(_ words: String...) throws -> Vocabulary {
    var builder = VocabularyBuilder()
    for word in words { _ = builder.id(for: Array(word.utf8)) }
    return try builder.freeze()
  }

  @Test func idsComeInOrderOfFirstOccurrence() throws {
    let words = try vocabulary("the", "a", "the", "incomprehensibilities", "a", "<s>")
    #expect(words.count == 6)
    #expect(
      (0..<6).map { words.text(of: $0) } == [
        "<unk>", "<s>", "</s>", "the", "a", "incomprehensibilities",
      ])
    for id in UInt32(0)..<6 { #expect(words.id(of: words.bytes(of: id)) == id) }
    #expect(words.id(of: Array("th".utf8)) == nil)
    #expect(words.id(of: Array("incomprehensibilitieZ".utf8)) == nil)
    #expect(words.id(of: []) == nil)
  }

  @Test func manyWordsOfAllLengths() throws {
    var builder = VocabularyBuilder()
    var random = TestRandom(state: 3)
    var known: [[UInt8]: UInt32] = [:]
    for _ in 0..<5000 {
      let length = Int.random(in: 1..<40, using: &random)
      // Few different bytes: many words share their starts and ends.
      let word = (0..<length).map { _ in UInt8.random(in: 0..<2, using: &random) }
      let id = builder.id(for: word)
      #expect(id == known[word] ?? UInt32(known.count + 3))
      known[word] = id
    }
    let words = try builder.freeze()
    #expect(words.count == known.count + 3)
    for (word, id) in known {
      #expect(words.id(of: word) == id)
      #expect(words.bytes(of: id) == word)
    }
    let text = try Table(Array(known.keys.joined()))
    var start = 0
    for (word, id) in known {
      #expect(words.id(of: text, at: start..<start + word.count) == id)
      start += word.count
    }
  }

  @Test func growsFromAVocabularyAndMerges() throws {
    let first = try vocabulary("a", "b")
    let second = try vocabulary("c", "b", "d")
    var builder = VocabularyBuilder(first)
    #expect(builder.merge(second) == [0, 1, 2, 5, 4, 6])
    #expect(builder.merge(second) == [0, 1, 2, 5, 4, 6])
    let both = try builder.freeze()
    #expect((3..<7).map { both.text(of: $0) } == ["a", "b", "c", "d"])
  }

  @Test func tablesDependOnTheWordsAlone() throws {
    var inOne = VocabularyBuilder()
    for number in 0..<3000 { _ = inOne.id(for: Array("w\(number)".utf8)) }
    var inTwo = VocabularyBuilder()
    for number in 0..<1000 { _ = inTwo.id(for: Array("w\(number)".utf8)) }
    inTwo = VocabularyBuilder(try inTwo.freeze())
    for number in 0..<3000 { _ = inTwo.id(for: Array("w\(number)".utf8)) }
    let a = try inOne.freeze()
    let b = try inTwo.freeze()
    #expect(array(a.bytes) == array(b.bytes))
    #expect(array(a.offsets) == array(b.offsets))
    #expect(array(a.slots) == array(b.slots))
  }

  @Test func wordsThatAreNotUTF8ShowReplacements() throws {
    var builder = VocabularyBuilder()
    let id = builder.id(for: [0x61, 0xFF])
    #expect(try builder.freeze().text(of: id) == "a\u{FFFD}")
  }

  @Test func emptyWordsAreUnknown() {
    var builder = VocabularyBuilder()
    #expect(builder.id(for: []) == 0)
    #expect(builder.count == 3)
  }

  /// What a model file could hold instead of a vocabulary.
  @Test func hostileTablesAreRefused() throws {
    let good = try vocabulary("alpha", "beta", "gamma")
    let bytes = array(good.bytes)
    let offsets = array(good.offsets)
    let slots = array(good.slots)
    func refused(_ bytes: [UInt8], _ offsets: [UInt32], _ slots: [UInt64]) -> String? {
      refusal {
        _ = try Vocabulary(
          bytes: Table(bytes), offsets: Table(offsets), slots: Table(slots), name: "m.bin")
      }?.line
    }
    #expect(refused(bytes, offsets, slots) == nil)
    let taken = try #require(slots.firstIndex { $0 != 0 })
    let free = try #require(slots.firstIndex(of: 0))
    var wrong: [([UInt8], [UInt32], [UInt64])] = [
      ([], [], []), ([], [0], []), (bytes, [0, 5], slots), (bytes, offsets, []),
      (bytes, offsets, [0]), (bytes, offsets, Array(slots.dropLast())),
      (bytes, offsets, [UInt64](repeating: 0, count: slots.count)),
      (bytes, offsets, [UInt64](repeating: .max, count: slots.count)),
      (bytes, offsets, [UInt64](repeating: 1, count: 8)),
      (Array(bytes.dropLast()), offsets, slots), (bytes + [1], offsets, slots),
    ]
    for (index, value) in [(1, UInt32.max), (2, 0), (4, 1), (6, 0), (0, 1)] {
      var changed = offsets
      changed[index] = value
      wrong.append((bytes, changed, slots))
    }
    var changed = slots
    changed[taken] = 0
    wrong.append((bytes, offsets, changed))
    changed = slots
    changed[free] = 1
    wrong.append((bytes, offsets, changed))
    changed = slots
    changed[taken] = changed[taken] & ~0xFFFF_FFFF | 0xFFFF_FFFF
    wrong.append((bytes, offsets, changed))
    changed[taken] = 0xABCD_0000_0000
    wrong.append((bytes, offsets, changed))
    var text = bytes
    text[0] = 88
    wrong.append((text, offsets, slots))
    for (index, tables) in wrong.enumerated() {
      let refused = refused(tables.0, tables.1, tables.2)
      #expect(refused?.hasPrefix("3 m.bin: damaged vocabulary: ") == true, "case \(index)")
    }
  }

  /// Every change of one bit is refused or gives tables that can be searched and read.
  @Test func flippedBitsNeverTrap() throws {
    let good = try vocabulary("alpha", "beta", "x")
    var random = TestRandom(state: 4)
    for _ in 0..<500 {
      var bytes = array(good.bytes)
      var offsets = array(good.offsets)
      var slots = array(good.slots)
      switch Int.random(in: 0..<3, using: &random) {
      case 0:
        bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
          1 << Int.random(in: 0..<8, using: &random)
      case 1:
        offsets[Int.random(in: 0..<offsets.count, using: &random)] ^=
          1 << Int.random(in: 0..<32, using: &random)
      default:
        slots[Int.random(in: 0..<slots.count, using: &random)] ^=
          1 << Int.random(in: 0..<64, using: &random)
      }
      let words = try? Vocabulary(
        bytes: Table(bytes), offsets: Table(offsets), slots: Table(slots), name: "m.bin")
      guard let words else { continue }
      for id in 0..<UInt32(words.count) {
        _ = words.id(of: words.bytes(of: id))
      }
    }
  }

  private func array<Element>(_ table: Table<Element>) -> [Element] {
    table.withUnsafeBuffer { Array($0) }
  }
}
