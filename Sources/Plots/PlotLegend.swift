/// The box that names the lines and markers of a plot.
struct PlotLegend {
  private enum Sample {
    case line(LinePlot.Series, PlotColor)
    case marker
    case shade
  }

  let width: Int
  let height: Int
  private let entries: [(name: String, sample: Sample)]
  private let scale: Int
  private static let rowHeight = 18
  private static let sampleWidth = 28
  private static let padding = 8
  /// All that is beside a name.
  private static let frame = sampleWidth + 3 * padding

  /// - Parameter room: pixels, the widest it may be: longer names are shortened.
  init(_ plot: LinePlot, colors: [PlotColor], scale: Int, room: Int) {
    var entries: [(String, Sample)] = []
    func append(_ name: String, _ sample: Sample) {
      if !name.isEmpty {
        entries.append(
          (PlotText.shortened(name, to: room - Self.frame * scale, scale: scale), sample))
      }
    }
    for (series, color) in zip(plot.series, colors) { append(series.name, .line(series, color)) }
    for marker in plot.markers { append(marker.name, marker.shape == .dashed ? .marker : .shade) }
    self.entries = entries
    self.scale = scale
    let longest = entries.map { PlotText.width(of: $0.0, scale: scale) }.max() ?? 0
    width = longest + Self.frame * scale
    height = (entries.count * Self.rowHeight + Self.padding) * scale
  }

  var hasEntries: Bool { !entries.isEmpty }

  func draw(on canvas: inout PlotCanvas, in box: PlotArea) {
    canvas.fill(box, .white, 0.85)
    canvas.outline(box, .legendFrame)
    let left = box.left + Self.padding * scale
    let end = left + Self.sampleWidth * scale
    for (index, entry) in entries.enumerated() {
      let top = box.top + (Self.padding / 2 + index * Self.rowHeight) * scale
      let middle = top + Self.rowHeight * scale / 2
      let row = PlotArea(left: left, top: top, right: end, bottom: top + Self.rowHeight * scale)
      switch entry.sample {
      case .line(let series, let color):
        canvas.draw(sample(series, row), color, opacity: Float(series.opacity))
      case .marker:
        for x in stride(from: left, to: end, by: 9 * scale) {
          let right = min(x + 5 * scale, end)
          canvas.fill(PlotArea(left: x, top: middle, right: right, bottom: middle + scale), .marker)
        }
      case .shade: canvas.fill(row.grown(by: -3 * scale), .shade)
      }
      let textTop = middle - PlotFont.ascent * scale / 2
      canvas.text(entry.name, end + Self.padding * scale, textTop, scale: scale)
    }
  }

  private func sample(_ series: LinePlot.Series, _ row: PlotArea) -> LineMask {
    let width = min(series.drawnWidth, 8) * Double(scale)
    var mask = LineMask(row)
    let middle = Double(row.height) / 2
    let dash = series.isDashed ? (on: 3.6 * width + 1, off: 2.4 * width + 1) : nil
    mask.path([(1, middle), (Double(row.width) - 1, middle)], width: width, dash: dash)
    if series.hasDots {
      mask.dot((Double(row.width) / 2, middle), radius: width / 2 + 1.75 * Double(scale))
    }
    return mask
  }
}
