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
