/// How much of each pixel of an area is covered by lines and dots, 0 to 1. A pixel that several
/// pieces of a line touch counts once, so that joints and translucent lines look even.
struct LineMask {
  typealias Place = (x: Double, y: Double)

  let area: PlotArea
  private var coverage: [Float]
  /// Of each row the columns between its first and its last covered pixel: a line touches few.
  private var spans: [Range<Int>]

  init(_ area: PlotArea) {
    self.area = area
    coverage = [Float](repeating: 0, count: max(area.width, 0) * max(area.height, 0))
    spans = [Range<Int>](repeating: 0..<0, count: max(area.height, 0))
  }

  /// The columns of a row, both inside the area, beyond which nothing is covered.
  func span(ofRow y: Int) -> Range<Int> { spans[y] }

  /// Column and row inside the area.
  subscript(x: Int, y: Int) -> Float { coverage[y * area.width + x] }

  /// The coverage of a box, given in pixels of the image.
  func sum(in box: PlotArea) -> Float {
    var sum: Float = 0
    let (left, top) = (max(box.left - area.left, 0), max(box.top - area.top, 0))
    let right = max(min(box.right, area.right) - area.left, left)
    for y in top..<max(min(box.bottom, area.bottom) - area.top, top) {
      for x in spans[y].clamped(to: left..<right) { sum += self[x, y] }
    }
    return sum
  }

  /// Covers a box, given in pixels of the image.
  mutating func fill(_ box: PlotArea) {
    for y in box.top..<max(box.bottom, box.top) {
      for x in box.left..<max(box.right, box.left) { cover(x - area.left, y - area.top, 1) }
    }
  }

  private mutating func cover(_ x: Int, _ y: Int, _ amount: Double) {
    guard amount > 0, x >= 0, y >= 0, x < area.width, y < area.height else { return }
    let index = y * area.width + x
    coverage[index] = max(coverage[index], Float(min(amount, 1)))
    let span = spans[y]
    if span.isEmpty {
      spans[y] = x..<x + 1
    } else if !span.contains(x) {
      spans[y] = min(span.lowerBound, x)..<max(span.upperBound, x + 1)
    }
  }

  /// The pixel columns (or rows) that a band around `value` touches.
  private static func span(_ low: Double, _ high: Double, below end: Int) -> Range<Int> {
    let first = Int(max(0, min(low.rounded(.down), Double(end))))
    return first..<max(first, Int(max(0, min(high.rounded(.up) + 1, Double(end)))))
  }

  /// A dot; places are in pixels inside the area, pixel (0, 0) has its centre at (0.5, 0.5).
  mutating func dot(_ center: Place, radius: Double) {
    let reach = radius + 1
    for y in Self.span(center.y - reach, center.y + reach, below: area.height) {
      for x in Self.span(center.x - reach, center.x + reach, below: area.width) {
        let (dx, dy) = (Double(x) + 0.5 - center.x, Double(y) + 0.5 - center.y)
        cover(x, y, radius + 0.5 - (dx * dx + dy * dy).squareRoot())
      }
    }
  }

  /// A ring of the given width around the circle.
  mutating func ring(_ center: Place, radius: Double, width: Double) {
    let reach = radius + width
    for y in Self.span(center.y - reach, center.y + reach, below: area.height) {
      for x in Self.span(center.x - reach, center.x + reach, below: area.width) {
        let (dx, dy) = (Double(x) + 0.5 - center.x, Double(y) + 0.5 - center.y)
        let distance = ((dx * dx + dy * dy).squareRoot() - radius).magnitude
        cover(x, y, width / 2 + 0.5 - distance)
      }
    }
  }

  /// A straight line with round ends: each pixel is covered as its distance to the line says.
  mutating func line(_ start: Place, _ end: Place, width: Double) {
    let half = width / 2
    let reach = half + 1
    guard let (a, b) = clip(start, end, margin: reach + 1) else { return }
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = dx * dx + dy * dy
    let isFlat = dx.magnitude >= dy.magnitude
    // Steps along the longer direction; across it, the band that the width needs.
    let (from, to) = isFlat ? (min(a.x, b.x), max(a.x, b.x)) : (min(a.y, b.y), max(a.y, b.y))
    let slope = isFlat ? (dx == 0 ? 0 : dy / dx) : dx / dy
    let band = reach * (1 + slope * slope).squareRoot() + slope.magnitude
    let (endAlong, endAcross) = isFlat ? (area.width, area.height) : (area.height, area.width)
    for step in Self.span(from - reach, to + reach, below: endAlong) {
      let along = min(max(Double(step) + 0.5, from), to)
      let middle = isFlat ? a.y + (along - a.x) * slope : a.x + (along - a.y) * slope
      for other in Self.span(middle - band, middle + band, below: endAcross) {
        let (x, y) = isFlat ? (step, other) : (other, step)
        let (px, py) = (Double(x) + 0.5 - a.x, Double(y) + 0.5 - a.y)
        let t = length > 0 ? min(max((px * dx + py * dy) / length, 0), 1) : 0
        let (ex, ey) = (px - t * dx, py - t * dy)
        cover(x, y, half + 0.5 - (ex * ex + ey * ey).squareRoot())
      }
    }
  }

  /// The part of a line inside the area and `margin` around it (Liang and Barsky).
  private func clip(_ a: Place, _ b: Place, margin: Double) -> (Place, Place)? {
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    guard dx.isFinite, dy.isFinite else { return nil }
    var (first, last) = (0.0, 1.0)
    let limits = [
      (-dx, a.x + margin), (dx, Double(area.width) + margin - a.x),
      (-dy, a.y + margin), (dy, Double(area.height) + margin - a.y),
    ]
    for (step, room) in limits {
      if step == 0 {
        if room < 0 { return nil }
      } else if step < 0 {
        first = max(first, room / step)
      } else {
        last = min(last, room / step)
      }
    }
    guard first <= last else { return nil }
    return (
      (a.x + first * dx, a.y + first * dy),
      (a.x + last * dx, a.y + last * dy)
    )
  }

  /// A line through all `places`, in one piece or in dashes.
  mutating func path(_ places: [Place], width: Double, dash: (on: Double, off: Double)? = nil) {
    if places.count == 1 { dot(places[0], radius: max(width, 2)) }
    guard let dash else {
      for index in places.indices.dropFirst() {
        line(places[index - 1], places[index], width: width)
      }
      return
    }
    var (isOn, rest) = (true, dash.on)
    for index in places.indices.dropFirst() {
      guard let (a, b) = clip(places[index - 1], places[index], margin: 4) else { continue }
      let (dx, dy) = (b.x - a.x, b.y - a.y)
      let length = (dx * dx + dy * dy).squareRoot()
      var done = 0.0
      while done < length {
        let piece = min(rest, length - done)
        let (t, u) = (done / length, (done + piece) / length)
        if isOn { line((a.x + t * dx, a.y + t * dy), (a.x + u * dx, a.y + u * dy), width: width) }
        done += piece
        rest -= piece
        if rest <= 1e-9 {
          isOn.toggle()
          rest = isOn ? dash.on : dash.off
        }
      }
    }
  }
}

/// Fewer points that give the same line: of neighbours in one quarter of a column of pixels the
/// first, the lowest, the highest and the last (Jugel et al. 2014, "M4: A visualization-oriented time
/// series data aggregation").
func thinned(_ places: [LineMask.Place]) -> [LineMask.Place] {
  var result: [LineMask.Place] = []
  var start = 0
  while start < places.count {
    let column = (places[start].x * 4).rounded(.down)
    var end = start
    var (lowest, highest) = (start, start)
    while end < places.count, (places[end].x * 4).rounded(.down) == column {
      if places[end].y < places[lowest].y { lowest = end }
      if places[end].y > places[highest].y { highest = end }
      end += 1
    }
    for index in Set([start, lowest, highest, end - 1]).sorted() { result.append(places[index]) }
    start = end
  }
  return result
}
