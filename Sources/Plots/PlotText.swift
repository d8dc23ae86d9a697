/// One line of text as the glyphs that are drawn, from left to right. ASCII has its own letters (``PlotFont``);
/// a text with others is all in ``UnicodeFont``'s, so that its letters have one height.
struct PlotText {
  struct Placed {
    /// Dots from the left edge of the text.
    var x: Int
    var glyph: PlotFont.Glyph
  }

  private(set) var glyphs: [Placed] = []
  /// Letters of one text at most, and marks over one letter.
  private static let (most, mostMarks) = (5000, 4)
  /// Dots, without the gap after the last letter.
  private(set) var width = 0

  /// - Parameter isBold: leaves room for it.
  init(_ text: String, isBold: Bool = false, unicode: @autoclosure () -> UnicodeFont? = .bundled) {
    // More than an image has room for: names come from files.
    let isLong = text.utf8.count > Self.most
    let text = isLong ? String(text.unicodeScalars.prefix(Self.most)) : text
    let extra = isBold ? 1 : 0
    var pen = 0
    func place(_ glyph: PlotFont.Glyph) {
      glyphs.append(Placed(x: pen, glyph: glyph))
      if !glyph.columns.isEmpty { width = max(width, pen + glyph.columns.count + extra) }
      pen += glyph.advance + extra
    }
    guard text.utf8.contains(where: { $0 >= 0x80 }) else {
      for scalar in text.unicodeScalars { place(PlotFont.standard.glyph(of: scalar)) }
      return
    }
    let font = unicode()
    var marks = 0
    for scalar in PlotScript.visual(text) where !scalar.properties.isDefaultIgnorableCodePoint {
      let isControl = scalar.properties.generalCategory == .control
      let glyph = font?.glyph(of: isControl ? " " : scalar)
      guard PlotScript.isMark(scalar), let base = glyphs.last else {
        place(glyph ?? PlotFont.standard.glyph(of: scalar))
        marks = 0
        continue
      }
      // Over the letter before it.
      marks += 1
      guard let glyph, marks <= Self.mostMarks else { continue }
      let x = base.x + (base.glyph.columns.count - glyph.columns.count) / 2
      glyphs.append(Placed(x: x, glyph: glyph))
    }
  }

  /// Pixels of a text.
  static func width(of text: String, scale: Int, isBold: Bool = false) -> Int {
    PlotText(text, isBold: isBold).width * scale
  }

  /// The text, or its beginning and its end around three dots: at most `room` pixels wide. Ends stay, as
  /// names often differ there.
  static func shortened(_ text: String, to room: Int, scale: Int, isBold: Bool = false) -> String {
    func fits(_ text: String) -> Bool { width(of: text, scale: scale, isBold: isBold) <= room }
    // A letter is at least a dot wide, and two from the next one: what is longer never fits as it is.
    let isLong = text.unicodeScalars.count > max(room, 0) + 64
    if !isLong, fits(text) { return text }
    let letters = Array(text.prefix(max(room, 0)))
    let ends = Array(text.suffix(max(room, 0)))
    func joined(_ kept: Int) -> String {
      let last = kept / 3
      return String(letters.prefix(kept - last)) + "..." + String(ends.suffix(last))
    }
    var (low, high) = (0, max(0, min(letters.count, text.count - 1)))
    while low < high {
      let middle = (low + high + 1) / 2
      if fits(joined(middle)) { low = middle } else { high = middle - 1 }
    }
    return joined(low)
  }
}
