import Datasets

/// The steps from a ``LinePlot`` to its image: axes, room for the texts, lines, legend.
struct LinePlotDrawing {
  private let plot: LinePlot
  private let scale: Int
  private let xAxis: PlotAxis
  private let yAxis: PlotAxis
  private let colors: [PlotColor]
  private var canvas: PlotCanvas
  private var area = PlotArea(left: 0, top: 0, right: 0, bottom: 0)
  private var xTicks: [PlotAxis.Tick] = []
  private var yTicks: [PlotAxis.Tick] = []
  /// All that the legend should not hide.
  private var masks: [LineMask] = []

  init(_ plot: LinePlot) {
    self.plot = plot
    let width = min(max(plot.width, 200), 10_000)
    let height = min(max(plot.height, 150), 10_000)
    canvas = PlotCanvas(width: width, height: height)
    scale = width >= 1600 && height >= 400 ? 2 : 1
    let isLogarithmic = plot.isLogarithmic
    let points = plot.series.lazy.flatMap { $0.points }.filter {
      Self.isDrawable($0, isLogarithmic: isLogarithmic)
    }
    // A marker says something about data: without data it makes no axis.
    let markers = points.isEmpty ? [] : plot.markers
    let marked = markers.flatMap { marker in
      if case .shaded(let end) = marker.shape { [marker.x, end] } else { [marker.x] }
    }
    xAxis = PlotAxis(points.map { $0.x } + marked, margin: 0.02)
    yAxis = PlotAxis(points.map { $0.y }, isLogarithmic: isLogarithmic, margin: 0.05)
    var used = 0
    colors = plot.series.map { series in
      if let color = series.color { return color }
      used += 1
      return PlotColor.palette[(used - 1) % PlotColor.palette.count]
    }
  }

  private static func isDrawable(_ point: LinePlot.Point, isLogarithmic: Bool) -> Bool {
    PlotAxis.isDrawable(point.x) && PlotAxis.isDrawable(point.y, isLogarithmic: isLogarithmic)
  }

  mutating func draw() -> Image {
    layOut()
    drawShades()
    drawGrid()
    drawDashedMarkers()
    drawSeries()
    drawNotes()
    drawFrame()
    drawTexts()
    drawLegend()
    if masks.isEmpty { drawEmptyMessage() }
    return canvas.image
  }

  private func textWidth(_ text: String) -> Int { PlotText.width(of: text, scale: scale) }

  private func shortened(_ text: String, to room: Int) -> String {
    PlotText.shortened(text, to: room, scale: scale)
  }

  /// The height of capitals.
  private var capHeight: Int { PlotFont.ascent * scale }

  // MARK: Layout

  /// Ticks, and the margins that their labels and the titles need.
  private mutating func layOut() {
    let gap = 8 * scale
    area.top = (plot.title.isEmpty ? 16 : 38) * scale
    area.bottom = canvas.height - (plot.xLabel.isEmpty ? 32 : 54) * scale
    yTicks = yAxis.ticks(most: min(9, max(2, area.height / (34 * scale))))
    let labels = yTicks.map { textWidth($0.label) }.max() ?? 0
    area.left = (plot.yLabel.isEmpty ? 8 : 28) * scale + labels + gap + 4 * scale
    area.right = canvas.width - 18 * scale
    // Long labels in a narrow image: some room stays for the lines.
    area.left = min(area.left, canvas.width * 2 / 3)
    var most = min(11, max(2, area.width / (70 * scale)))
    if !plot.xNames.isEmpty {
      var longest = 0
      for name in plot.xNames where longest < longestName {
        longest = max(longest, min(longestName, textWidth(name)))
      }
      most = max(1, min(most, area.width / (longest + 24 * scale)))
    }
    xTicks = xAxis.ticks(most: most, isWhole: !plot.xNames.isEmpty)
    guard !plot.xNames.isEmpty else { return }
    xTicks = xTicks.compactMap { tick in
      guard tick.value >= 0, tick.value < Double(plot.xNames.count) else { return nil }
      let name = shortened(plot.xNames[Int(tick.value)], to: longestName)
      return PlotAxis.Tick(value: tick.value, label: name)
    }
  }

  /// Pixels that a name at the x axis may take.
  private var longestName: Int { min(160 * scale, area.width) }

  /// Pixels from the left edge of the area.
  private func column(_ x: Double) -> Double { xAxis.fraction(x) * Double(area.width) }

  /// Pixels from the top edge of the area.
  private func row(_ y: Double) -> Double { (1 - yAxis.fraction(y)) * Double(area.height) }

  private func pixelColumn(_ x: Double) -> Int? {
    let place = column(x)
    guard place >= 0, place <= Double(area.width) else { return nil }
    return area.left + min(Int(place), area.width - 1)
  }

  // MARK: Behind the lines

  private mutating func drawShades() {
    for marker in plot.markers {
      guard case .shaded(let end) = marker.shape else { continue }
      let (from, to) = (column(min(marker.x, end)), column(max(marker.x, end)))
      guard !from.isNaN, !to.isNaN, to > 0, from < Double(area.width) else { continue }
      var span = area
      span.left += Int(max(from, 0))
      span.right = area.left + Int(min(to, Double(area.width)))
      canvas.fill(span, .shade)
    }
  }

  private mutating func drawGrid() {
    for tick in xTicks where !tick.label.isEmpty {
      guard let x = pixelColumn(tick.value) else { continue }
      canvas.fill(PlotArea(left: x, top: area.top, right: x + scale, bottom: area.bottom), .grid)
    }
    for tick in yTicks where !tick.label.isEmpty {
      let y = area.top + min(Int(row(tick.value)), area.height - 1)
      canvas.fill(PlotArea(left: area.left, top: y, right: area.right, bottom: y + scale), .grid)
    }
  }

  private mutating func drawDashedMarkers() {
    for marker in plot.markers where marker.shape == .dashed {
      guard let x = pixelColumn(marker.x) else { continue }
      for y in stride(from: area.top, to: area.bottom, by: 9 * scale) {
        let end = min(y + 5 * scale, area.bottom)
        canvas.fill(PlotArea(left: x, top: y, right: x + scale, bottom: end), .marker)
      }
    }
  }

  // MARK: Lines

  private mutating func drawSeries() {
    for (series, color) in zip(plot.series, colors) {
      let width = series.drawnWidth * Double(scale)
      var mask = LineMask(area)
      var hasInk = false
      var places: [LineMask.Place] = []
      let dash = series.isDashed ? (on: 3.6 * width + 1, off: 2.4 * width + 1) : nil
      func finish() {
        if !places.isEmpty { mask.path(thinned(places), width: width, dash: dash) }
        places.removeAll(keepingCapacity: true)
      }
      for point in series.points {
        guard Self.isDrawable(point, isLogarithmic: plot.isLogarithmic) else {
          finish()
          continue
        }
        let place = (x: column(point.x), y: row(point.y))
        places.append(place)
        if series.hasDots { mask.dot(place, radius: width / 2 + 1.75 * Double(scale)) }
        hasInk = true
      }
      finish()
      guard hasInk else { continue }
      canvas.draw(mask, color, opacity: Float(series.opacity))
      masks.append(mask)
    }
  }

  private mutating func drawNotes() {
    for note in plot.notes where Self.isDrawable(note.point, isLogarithmic: plot.isLogarithmic) {
      let (x, y) = (column(note.point.x), row(note.point.y))
      guard x >= 0, y >= 0, x <= Double(area.width), y <= Double(area.height) else { continue }
      var mask = LineMask(area)
      mask.ring((x, y), radius: 6 * Double(scale), width: 1.5 * Double(scale))
      canvas.draw(mask, .ink, opacity: 1)
      masks.append(mask)
      let text = shortened(note.text, to: area.width / 2)
      let box = noteBox(x: area.left + Int(x), y: area.top + Int(y), width: textWidth(text))
      canvas.fill(box.grown(by: 3 * scale), .white, 0.75)
      canvas.text(text, box.left, box.top, scale: scale)
      var textMask = LineMask(area)
      textMask.fill(box)
      masks.append(textMask)
    }
  }

  /// The nearest place for a note of a ring at (x, y) where nothing is drawn, else the emptiest.
  private func noteBox(x: Int, y: Int, width: Int) -> PlotArea {
    let margin = 6 * scale
    var best: (box: PlotArea, ink: Float)?
    for distance in stride(from: 10, through: 82, by: 12) {
      let rows = [y - distance * scale - capHeight, y + distance * scale]
      let columns = [x + 8 * scale, x - 8 * scale - width, x - width / 2]
      for (row, column) in rows.flatMap({ row in columns.map { (row, $0) } }) {
        let left = max(area.left + margin, min(column, area.right - width - margin))
        let top = max(area.top + margin, min(row, area.bottom - capHeight - margin))
        let box = PlotArea(left: left, top: top, right: left + width, bottom: top + capHeight)
        let ink = ink(box.grown(by: 3 * scale))
        if ink == 0 { return box }
        if best.map({ ink < $0.ink }) ?? true { best = (box, ink) }
      }
    }
    return best?.box ?? PlotArea(left: x, top: y, right: x + width, bottom: y + capHeight)
  }

  /// How much is drawn in a box.
  private func ink(_ box: PlotArea) -> Float { masks.reduce(0) { $0 + $1.sum(in: box) } }

  // MARK: Around the lines

  private mutating func drawFrame() {
    canvas.outline(area, .frame)
    for tick in xTicks {
      guard let x = pixelColumn(tick.value) else { continue }
      let length = (tick.label.isEmpty ? 2 : 4) * scale
      let mark = PlotArea(
        left: x, top: area.bottom, right: x + scale, bottom: area.bottom + length)
      canvas.fill(mark, .frame)
      let left = x - textWidth(tick.label) / 2
      let inside = max(0, min(left, canvas.width - textWidth(tick.label) - 2))
      canvas.text(tick.label, inside, area.bottom + 9 * scale, scale: scale)
    }
    for tick in yTicks {
      let y = area.top + min(Int(row(tick.value)), area.height - 1)
      let length = (tick.label.isEmpty ? 2 : 4) * scale
      canvas.fill(
        PlotArea(left: area.left - length, top: y, right: area.left, bottom: y + scale), .frame)
      let left = area.left - 8 * scale - textWidth(tick.label)
      canvas.text(tick.label, left, y - capHeight / 2, scale: scale)
    }
  }

  private mutating func drawTexts() {
    let room = canvas.width - 8
    let title = PlotText.shortened(plot.title, to: room, scale: scale, isBold: true)
    let titleWidth = PlotText.width(of: title, scale: scale, isBold: true)
    let middle = (area.left + area.right) / 2
    let left = max(4, min(middle - titleWidth / 2, canvas.width - titleWidth - 4))
    canvas.text(title, left, 16 * scale, scale: scale, isBold: true)
    let xLabel = shortened(plot.xLabel, to: area.width)
    canvas.text(
      xLabel, middle - textWidth(xLabel) / 2, canvas.height - 20 * scale, scale: scale)
    let center = (area.top + area.bottom) / 2
    let yLabel = shortened(plot.yLabel, to: area.height)
    canvas.text(
      yLabel, 10 * scale, center + textWidth(yLabel) / 2, scale: scale, direction: .up)
  }

  private mutating func drawEmptyMessage() {
    let text = "no data"
    canvas.text(
      text, (area.left + area.right - textWidth(text)) / 2,
      (area.top + area.bottom - capHeight) / 2, scale: scale, color: .frame)
  }

  private mutating func drawLegend() {
    let legend = PlotLegend(plot, colors: colors, scale: scale, room: area.width / 2)
    guard legend.hasEntries else { return }
    let gap = 10 * scale
    let (left, right) = (area.left + gap, area.right - gap - legend.width)
    let (top, bottom) = (area.top + gap, area.bottom - gap - legend.height)
    let middle = ((left + right) / 2, (top + bottom) / 2)
    // The emptiest place, the corners first.
    let places = [
      (right, top), (left, top), (left, bottom), (right, bottom), (right, middle.1),
      (left, middle.1), (middle.0, top), (middle.0, bottom),
    ]
    let best = places.map { x, y in
      PlotArea(left: x, top: y, right: x + legend.width, bottom: y + legend.height)
    }.min { ink($0) < ink($1) }
    if let best { legend.draw(on: &canvas, in: best) }
  }
}

extension PlotArea {
  func grown(by margin: Int) -> PlotArea {
    PlotArea(
      left: left - margin, top: top - margin, right: right + margin, bottom: bottom + margin)
  }
}
