import Files
import TestSupport
import Testing

@testable import Console

@Suite struct AnswerTests {
  @Test func documentsGrowElementByElement() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("answer")
    let answer = try Answer(path)
    try answer.write(json: [.init("a", 1)], array: "tokens", count: 3) { .int($0) }
    #expect(!fileExists(path))
    try answer.finish()
    #expect(try text(path) == "{\"schema\":1,\"a\":1,\"tokens\":[0,1,2]}\n")
  }
}

@Suite struct FormatTests {
  @Test func columnsOfATerminal() {
    for (text, count) in [
      ("", 0), ("cat", 3), ("é", 1), ("e\u{301}", 1), ("数字", 4), ("ひ", 2), ("한국", 4), ("עב", 2),
      ("😀", 2), ("ﾊ", 1),
    ] {
      #expect(Format.columns(text) == count, "\(text)")
    }
  }

  @Test func fixed() {
    #expect(Format.fixed(588.699, 2) == "588.70")
    #expect(Format.fixed(-0.001, 2) == "0.00")
    #expect(Format.fixed(-1.5, 1) == "-1.5")
    #expect(Format.fixed(2.05, 0) == "2")
    #expect(Format.fixed(.infinity, 2) == "inf")
    #expect(Format.fixed(1e30, 2) == "1e+30")
  }

  @Test func sizesAndTimes() {
    #expect(Format.byteCount(812) == "812 B")
    #expect(Format.byteCount(12_345_678) == "12.3 MB")
    #expect(Format.byteCount(999_999) == "1.0 MB")
    #expect(Format.byteCount(Int.max) == "9.2 EB")
    #expect(Format.short(1_234_567) == "1.2M")
    #expect(Format.short(999.9) == "1.0k")
    #expect(Format.time(seconds: 7) == "0:07")
    #expect(Format.time(seconds: 11_100) == "3:05:00")
    #expect(Format.time(seconds: .infinity) == "?")
  }

  @Test func progress() {
    let text = ProgressLine.text(
      stage: "counting", done: 43_000_000, total: 100_000_000, unit: .bytes, seconds: 4)
    #expect(text == "counting  43%  10.8 MB/s  0:05 left")
    let unknown = ProgressLine.text(
      stage: "reading", done: 500, total: 0, unit: .items("lines"), seconds: 1)
    #expect(unknown == "reading  500 lines/s")
  }
}
