import Archives
import Datasets
import Files
import TestSupport
import Testing
import Training

@testable import Plots

/// Labels in any script, of any length.
@Suite struct PlotTextTests {
  private static let table = "\(packageFolder)/Models/\(UnicodeFont.file)"

  private func font() throws -> UnicodeFont { try UnicodeFont(path: Self.table) }

  private func forms(_ text: String) -> [[UInt16]] {
    PlotText(text, unicode: nil).glyphs.map { $0.glyph.columns }
  }

  @Test(arguments: [
    "数字", "數字", "ひらがな", "カタカナ", "한국어", "Ελληνικά", "Русский", "Українська", "Čeština", "Türkçe",
    "Tiếng Việt", "Português", "عربي", "فارسی", "עברית", "हिन्दी", "ภาษาไทย", "ქართული", "հայերեն",
    "αβγ ∑≤≥→", "😀🍎🐱", "μg/m³ · °C", "“quoted” – dash…",
  ])
  func lettersOfManyScriptsAreDrawn(text: String) throws {
    let font = try font()
    let drawn = PlotText(text, unicode: font)
    #expect(drawn.glyphs.count >= 2 && drawn.width > 10)
    #expect(!drawn.glyphs.contains { $0.glyph == PlotFont.missing })
    let question = PlotFont.standard.glyph(of: "?")
    #expect(!drawn.glyphs.contains { $0.glyph == question })
    // Different letters look different.
    let letters = Set(PlotScript.visual(text).filter { $0 != " " })
    let looks = Set(letters.compactMap { font.glyph(of: $0)?.columns })
    #expect(looks.count >= letters.count - 1)
  }

  @Test func theInstalledTableIsFound() {
    #expect(UnicodeFont.bundled != nil)
    #expect(PlotText("数").glyphs.first?.glyph.columns.count == 16)
  }

  @Test func withoutATableThereAreBoxes() {
    let text = PlotText("数字a", unicode: nil)
    #expect(text.glyphs.map { $0.glyph == PlotFont.missing } == [true, true, false])
    #expect(forms("é").count == 1)
  }

  /// Letter and mark, apart in the text or together, are one letter on paper.
  @Test func marksStandOverTheirLetters() throws {
    let font = try font()
    let text = PlotText("e\u{301}x", unicode: font)
    #expect(text.glyphs.count == 3)
    let (letter, mark, next) = (text.glyphs[0], text.glyphs[1], text.glyphs[2])
    #expect(mark.x < next.x && mark.x + mark.glyph.columns.count > letter.x)
    #expect(next.x == letter.glyph.advance)
    // Korean in parts, as file names of some systems have it.
    let parts = "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"
    #expect(PlotScript.visual(parts).map { $0.value } == [0xD55C, 0xAE00])
    let invisible = PlotText("a\u{FE0F}\u{200D}é\n", unicode: font)
    #expect(invisible.glyphs.count == 3)
  }

  /// Names come from files: a letter with a million marks, or a million letters, cost what one line costs.
  @Test(arguments: ["e\u{301}", "ب\u{64E}", "\u{301}", "שלום ", "數", "W"])
  func hugeNamesAreCheap(piece: String) throws {
    let font = try font()
    let once = piece.unicodeScalars.first.map(String.init) ?? ""
    let marks = piece.unicodeScalars.dropFirst().first.map(String.init) ?? piece
    let text =
      once + String(repeating: marks, count: 30_000) + String(repeating: piece, count: 10_000)
    let clock = ContinuousClock.now
    let line = PlotText(text, unicode: font)
    #expect(line.glyphs.count <= 5000)
    #expect(PlotText.shortened(text, to: 200, scale: 1).unicodeScalars.count <= 70_003)
    #expect(ContinuousClock.now - clock < .seconds(5))
  }

  @Test func scriptsFromRightToLeft() {
    func visual(_ text: String) -> String {
      var result = String.UnicodeScalarView()
      result.append(contentsOf: PlotScript.visual(text))
      return String(result)
    }
    #expect(visual("אבג") == "גבא")
    #expect(visual("class אב 12 ג!") == "class ג 12 בא!")
    #expect(visual("(אב) x") == "(בא) x")
    #expect(visual("abc 数字") == "abc 数字")
    // سلام: seen in the middle, lam and alef in one, meem alone; read from the right.
    #expect(PlotScript.visual("سلام").map { $0.value } == [0xFEE1, 0xFEFC, 0xFEB3])
    // عربي: ain at the start, reh at the end of a piece, beh at the start, yeh at the end.
    #expect(PlotScript.visual("عربي").map { $0.value } == [0xFEF2, 0xFE91, 0xFEAE, 0xFECB])
  }

  @Test(arguments: [0, 5, 8, 12, 16, 40, 200])
  func damagedTablesAreRefused(length: Int) throws {
    let folder = try TemporaryFolder()
    let whole = try GzipReader(path: Self.table).read(1 << 22)
    let path = try folder.write(
      "glyphs",
      Array(whole.prefix(length)) + [UInt8](repeating: 255, count: length == 40 ? 900 : 0))
    #expect(throws: AIGCError.self) { try UnicodeFont(path: path) }
  }

  @Test func longTextIsShortenedInTheMiddle() {
    let name = "a very long name of a class of images, number 12"
    for room in [20, 60, 100, 160] {
      let short = PlotText.shortened(name, to: room, scale: 1)
      #expect(PlotText.width(of: short, scale: 1) <= room && short.contains("..."))
      #expect(room < 60 || short.hasPrefix("a v") && short.hasSuffix("12"), "\(short)")
    }
    #expect(PlotText.shortened("short", to: 100, scale: 1) == "short")
    let long = PlotText.shortened(String(repeating: "数字", count: 100_000), to: 100, scale: 1)
    #expect(long.count < 12)
    #expect(PlotText.shortened("", to: 0, scale: 1) == "")
  }

  // MARK: Confusion matrices

  private func matrix(_ classes: [String]) -> ConfusionMatrix {
    var matrix = ConfusionMatrix(classes: classes)
    for label in classes.indices {
      for _ in 0..<120 { matrix.add(label, predicted: label) }
      matrix.add(label, predicted: (label * 7 + 3) % classes.count)
    }
    return matrix
  }

  /// Columns (or rows) of a band of the image that hold ink.
  private func ink(_ image: Image, rows: Range<Int>) -> [Bool] {
    (0..<image.width).map { x in
      rows.contains { y in image.pixels[(y * image.width + x) * 3] < 128 }
    }
  }

  /// Names beside each other leave a gap, long or short, turned or not.
  @Test(arguments: [1, 3, 10, 30, 100, 256, 1000])
  func namesDoNotTouch(count: Int) throws {
    for name in ["c", "airplane", "a very long name of a class, number", "数字图像分类的名称很长很长很长很长"] {
      let classes = (0..<count).map { "\(name) \($0)" }
      let plot = ConfusionMatrix(classes: classes).plot
      #expect(plot.width < 2400 && plot.height < 2400)
      let isPlain = !name.contains("数")
      let room = plot.cell * plot.nameStep
      #expect(room >= (isPlain ? PlotFont.ascent + PlotFont.descent : 16))
      #expect(plot.nameStep == 1 || count > 100)
      let widths = plot.names.map { PlotText.width(of: $0, scale: 1) }
      #expect(widths.allSatisfy { $0 <= 180 && (plot.isTurned || $0 + 4 <= plot.cell) })
      // Whatever is shortened can still be told apart.
      #expect(Set(plot.names).count == min(count, 256))
    }
  }

  @Test func namesAreDrawnBesideEachOther() {
    // Short names are not turned: above the cells there is one line of text, with gaps between names.
    let short = matrix((0..<3).map { "cat\($0)" }).plot.image()
    let gaps = ink(short, rows: 60..<76)
    let starts = gaps.indices.dropFirst().filter {
      gaps[$0] && !gaps[max(0, $0 - 8)..<$0].contains(true)
    }
    #expect(starts.count == 3)
  }
}
