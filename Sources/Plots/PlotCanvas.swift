import Datasets

/// A rectangle of pixels: columns `left` up to `right`, rows `top` up to `bottom`, both without the
/// end.
struct PlotArea {
  var left, top, right, bottom: Int
  var width: Int { right - left }
  var height: Int { bottom - top }
}

/// An RGB image under construction. What lies outside is not drawn.
struct PlotCanvas {
  let width: Int
  let height: Int
  private var pixels: [UInt8]

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = [UInt8](repeating: 255, count: width * height * 3)
  }

  var image: Image {
    var image = Image(width: width, height: height, color: [255, 255, 255])
    image.pixels = pixels
    return image
  }

  mutating func blend(_ x: Int, _ y: Int, _ color: PlotColor, _ opacity: Float = 1) {
    guard opacity > 0, x >= 0, y >= 0, x < width, y < height else { return }
    let start = (y * width + x) * 3
    func mix(_ index: Int, _ value: UInt8) {
      let old = Float(pixels[start + index])
      pixels[start + index] = UInt8(old + (Float(value) - old) * min(opacity, 1) + 0.5)
    }
    mix(0, color.red)
    mix(1, color.green)
    mix(2, color.blue)
  }

  mutating func fill(_ area: PlotArea, _ color: PlotColor, _ opacity: Float = 1) {
    let columns = max(area.left, 0)..<max(min(area.right, width), max(area.left, 0))
    for y in max(area.top, 0)..<max(min(area.bottom, height), max(area.top, 0)) {
      for x in columns { blend(x, y, color, opacity) }
    }
  }

  /// The outline of `area`, one pixel wide, inside it.
  mutating func outline(_ area: PlotArea, _ color: PlotColor) {
    var edge = area
    edge.bottom = area.top + 1
    fill(edge, color)
    (edge.top, edge.bottom) = (area.bottom - 1, area.bottom)
    fill(edge, color)
    (edge.top, edge.right) = (area.top, area.left + 1)
    fill(edge, color)
    (edge.left, edge.right) = (area.right - 1, area.right)
    fill(edge, color)
  }

  /// Draws the covered pixels of a mask.
  mutating func draw(_ mask: LineMask, _ color: PlotColor, opacity: Float) {
    for y in 0..<mask.area.height {
      for x in mask.span(ofRow: y) {
        let coverage = mask[x, y]
        if coverage > 0 { blend(x + mask.area.left, y + mask.area.top, color, coverage * opacity) }
      }
    }
  }

  enum Direction { case right, up }

  /// Draws one line of text.
  /// - Parameters:
  ///   - x: the left edge of its first letter; with `up` its top edge, where letters lie on their
  ///     left side.
  ///   - y: the top of its capitals; with `up` the edge below its first letter.
  ///   - scale: pixels of a dot of the font.
  ///   - isBold: each dot is wider by half.
  mutating func text(
    _ text: String, _ x: Int, _ y: Int, scale: Int, color: PlotColor = .ink, isBold: Bool = false,
    direction: Direction = .right
  ) {
    for placed in PlotText(text, isBold: isBold).glyphs {
      let glyph = placed.glyph
      // Letters as dense as Chinese ones would run together.
      let length = isBold && glyph.columns.count < 16 ? scale + (scale + 1) / 2 : scale
      for (column, bits) in glyph.columns.enumerated() {
        for row in 0..<16 where bits >> UInt16(row) & 1 == 1 {
          let (along, down) = ((placed.x + column) * scale, (glyph.top + row) * scale)
          fill(
            direction == .right
              ? PlotArea(
                left: x + along, top: y + down, right: x + along + length, bottom: y + down + scale)
              : PlotArea(
                left: x + down, top: y - along - length, right: x + down + scale, bottom: y - along),
            color)
        }
      }
    }
  }
}
