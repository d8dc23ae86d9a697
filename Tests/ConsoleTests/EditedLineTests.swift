import Files
import TestSupport
import Testing

@testable import Console

/// Lines as keys make them.
@Suite struct EditedLineTests {
  private static func typed(
    _ keys: String, history: [String] = []
  ) -> (line: EditedLine, events: [EditedLine.Event]) {
    var line = EditedLine(history: history)
    let events = keys.utf8.map { line.take($0) }
    return (line, events)
  }

  @Test(arguments: [
    ("hello", "hello", 5), ("helo\u{1B}[Dl", "hello", 4), ("ello\u{1}h", "hello", 1),
    ("hell\u{1B}[H\u{5}o", "hello", 5), ("helllo\u{7F}\u{7F}o", "hello", 5),
    ("xhello\u{1}\u{1B}[3~", "hello", 0), ("hello there\u{17}", "hello ", 6),
    ("hello\u{15}", "", 0), ("hello\u{1B}[D\u{1B}[D\u{B}", "hel", 3),
    ("a b\u{15}c\u{19}", "ca b", 4), ("one two\u{1B}[1;5Dx", "one xtwo", 5),
    ("one two\u{1B}bx", "one xtwo", 5), ("\u{1B}[D\u{1B}[C\u{7F}", "", 0), ("你好", "你好", 2),
    ("你好\u{7F}吗", "你吗", 2), ("e\u{301}\u{7F}", "", 0), ("👩‍👩‍👧\u{1B}[Da", "a👩‍👩‍👧", 1),
    ("\u{1B}[99999999999999999999zok", "ok", 2), ("\u{1B}Oax", "x", 1), ("a\u{0}\u{1C}b", "ab", 2),
  ])
  func keysEdit(_ keys: String, _ text: String, _ cursor: Int) {
    let line = Self.typed(keys).line
    #expect(line.text == text)
    #expect(line.cursor == cursor)
  }

  @Test func endsAndCancels() {
    #expect(Self.typed("a\r").events == [.changed, .finished])
    #expect(Self.typed("\u{4}").events == [.ended])
    #expect(Self.typed("a\u{4}").events == [.changed, .changed])
    #expect(Self.typed("a\u{3}").events == [.changed, .cancelled])
  }

  @Test func historyComesBack() {
    let history = ["first", "second"]
    #expect(Self.typed("\u{1B}[A", history: history).line.text == "second")
    #expect(Self.typed("\u{1B}[A\u{1B}[A\u{1B}[A", history: history).line.text == "first")
    #expect(Self.typed("dra\u{1B}[A\u{1B}[Bft", history: history).line.text == "draft")
    #expect(Self.typed("\u{1B}[A!", history: history).line.text == "second!")
  }

  /// Bytes that are no text leave nothing.
  @Test func damagedBytes() {
    var line = EditedLine(history: [])
    for byte: UInt8 in [0xFF, 0xC3, 0x28, 0xE4, 0xBD, 0x61, 0x80, 0x80, 0x80, 0x80, 0x62] {
      _ = line.take(byte)
    }
    #expect(line.text == "(ab")
  }

  @Test func longLinesAreShownInPart() {
    var line = EditedLine(history: [])
    for byte in "0123456789".utf8 { _ = line.take(byte) }
    #expect(line.view(columns: 5) == ("6789", 4))
    for byte in "\u{1}".utf8 { _ = line.take(byte) }
    #expect(line.view(columns: 5) == ("0123", 0))
    #expect(line.view(columns: 0).cursor == 0)
    #expect(Self.typed("你好吗").line.view(columns: 5) == ("好吗", 4))
  }
}

/// Lines beside those that are cut into characters anew at each key.
@Suite struct EditedLineComparisonTests {
  private struct WholeLine {
    var characters: [Character] = []
    var cursor = 0
    var killed: [Character] = []

    mutating func insert(_ added: [Character]) {
      let before = String(characters[..<cursor]) + String(added)
      characters = Array(before + String(characters[cursor...]))
      cursor = min(before.count, characters.count)
    }

    mutating func kill(_ range: Range<Int>) {
      if range.isEmpty { return }
      killed = Array(characters[range])
      remove(range)
    }

    mutating func remove(_ range: Range<Int>) {
      let range = range.clamped(to: characters.indices)
      if range.isEmpty { return }
      characters.removeSubrange(range)
      cursor = range.lowerBound
    }

    mutating func take(_ key: String) {
      switch key {
      case "\u{1}": cursor = 0
      case "\u{5}": cursor = characters.count
      case "\u{2}": cursor = max(cursor - 1, 0)
      case "\u{6}": cursor = min(cursor + 1, characters.count)
      case "\u{8}": remove(cursor - 1..<cursor)
      case "\u{4}": remove(cursor..<cursor + 1)
      case "\u{B}": kill(cursor..<characters.count)
      case "\u{15}": kill(0..<cursor)
      case "\u{19}": insert(killed)
      default: for scalar in key.unicodeScalars { insert([Character(scalar)]) }
      }
    }

    func view(columns: Int) -> (text: String, cursor: Int) {
      let widths = characters.map { max(Format.columns(String($0)), 0) }
      let room = max(columns - 1, 1)
      var (start, before) = (cursor, 0)
      while start > 0, before + widths[start - 1] <= room {
        start -= 1
        before += widths[start]
      }
      var (end, used) = (cursor, before)
      while end < characters.count, used + widths[end] <= room {
        used += widths[end]
        end += 1
      }
      return (String(characters[start..<end]), before)
    }
  }

  /// Letters, marks, flags, emoji of several, syllables of Hangul and Devanagari in parts; and keys.
  private static let texts = [
    "a", "b", " ", "e\u{301}", "\u{301}", "\u{323}", "🇩", "🇪🇫", "👩", "\u{200D}", "👩\u{200D}👧",
    "\u{1F3FD}",
    "\u{FE0F}", "ᄒ", "ᅡ", "ᆫ", "한", "क", "\u{94D}", "ष", "\u{903}", "你", "\u{600}", "\u{AD}",
  ]
  private static let keys = [
    "\u{1}", "\u{5}", "\u{2}", "\u{6}", "\u{8}", "\u{4}", "\u{B}", "\u{15}", "\u{19}",
  ]

  @Test(arguments: 0..<40) func keysDoTheSame(_ seed: UInt64) {
    var state = seed
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var (line, whole) = (EditedLine(history: []), WholeLine())
    var typed: [String] = []
    for _ in 0..<300 {
      let isKey = random(3) == 0
      // Whole lines are seldom taken away.
      let key =
        isKey
        ? Self.keys[random(random(6) == 0 ? Self.keys.count : 6)]
        : Self.texts[random(Self.texts.count)]
      // Ctrl-D in an empty line takes nothing away.
      if key == "\u{4}", whole.characters.isEmpty { continue }
      typed.append(key)
      for byte in key.utf8 { _ = line.take(byte) }
      whole.take(key)
      let isSame =
        line.cursor == whole.cursor && line.characters.count == whole.characters.count
        && zip(line.characters, whole.characters).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
      let (a, b) = (line.view(columns: 12), whole.view(columns: 12))
      guard isSame, a.text.utf8.elementsEqual(b.text.utf8), a.cursor == b.cursor else {
        Issue.record("\(typed): \(line.text) \(line.cursor), \(whole.characters) \(whole.cursor)")
        return
      }
    }
  }

  /// A letter does not take marks for ever, and what is typed behind it is taken.
  @Test func marksEnd() {
    var line = EditedLine(history: [])
    for byte in ("e" + String(repeating: "\u{301}", count: 4000) + "x").utf8 { _ = line.take(byte) }
    #expect(line.characters.count == 2 && line.cursor == 2 && line.characters.last == "x")
    #expect(line.characters[0].utf8.count <= EditedLine.largestCharacter)
  }
}
