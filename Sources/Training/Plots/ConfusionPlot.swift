import Datasets
import Files

/// A confusion matrix as a picture: a row for each true class, a column for each predicted one; the
/// darker a cell, the larger its share of the row.
public struct ConfusionPlot {
  private let matrix: ConfusionMatrix
  private let cell: Int
  private let margin: (left: Int, top: Int, rest: Int)

  /// With more classes cells are small and have no numbers.
  private static let mostNumbers = 24
  private static let mostClasses = 256

  /// - Parameter matrix: of at least one class; of many the first 256 are drawn.
  public init(_ matrix: ConfusionMatrix) {
    self.matrix = matrix
    let classes = matrix.classes.prefix(Self.mostClasses)
    let numbers = (matrix.counts.max() ?? 0).description
    let showsNumbers = classes.count <= Self.mostNumbers
    cell =
      showsNumbers ? max(36, PlotCanvas.width(of: numbers, scale: 1) + 12) : 8
    let longest = classes.map { PlotCanvas.width(of: $0, scale: 1) }.max() ?? 0
    let name = showsNumbers ? min(longest, 160) + 12 : 0
    margin = (28 + name, 56 + (showsNumbers ? 20 : 0), 16)
  }

  /// The picture.
  public func picture() -> Picture {
    let count = min(matrix.classes.count, Self.mostClasses)
    var canvas = PlotCanvas(
      width: max(margin.left + count * cell + margin.rest, 240),
      height: margin.top + count * cell + margin.rest)
    let percent = (matrix.accuracy * 10000).rounded() / 100
    canvas.text("accuracy \(percent)% of \(matrix.total)", 12, 12, scale: 1, isBold: true)
    canvas.text("predicted", margin.left, 34, scale: 1)
    canvas.text("true", 8, margin.top + count * cell / 2 + 16, scale: 1, direction: .up)
    for label in 0..<count {
      names(&canvas, label)
      for predicted in 0..<count { draw(&canvas, label, predicted) }
    }
    return canvas.picture
  }

  /// Writes the picture as PNG.
  /// - Throws: ``AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    let file = try OutputFile(path: path)
    try file.write(picture().png())
    try file.commit(sync: false)
  }

  private var showsNumbers: Bool { matrix.classes.count <= Self.mostNumbers }

  /// Of a row and a column.
  private func names(_ canvas: inout PlotCanvas, _ label: Int) {
    guard showsNumbers else { return }
    let name = matrix.classes[label]
    let width = PlotCanvas.width(of: name, scale: 1)
    let middle = label * cell + cell / 2
    canvas.text(name, margin.left - 8 - width, margin.top + middle - 4, scale: 1)
    var short = name
    while !short.isEmpty, PlotCanvas.width(of: short, scale: 1) > cell - 4 { short.removeLast() }
    let shown = PlotCanvas.width(of: short, scale: 1)
    canvas.text(short, margin.left + middle - shown / 2, margin.top - 16, scale: 1)
  }

  private func draw(_ canvas: inout PlotCanvas, _ label: Int, _ predicted: Int) {
    let value = matrix.count(label, predicted: predicted)
    let area = PlotArea(
      left: margin.left + predicted * cell, top: margin.top + label * cell,
      right: margin.left + (predicted + 1) * cell, bottom: margin.top + (label + 1) * cell)
    let share = Float(value) / Float(max(matrix.total(label), 1))
    // The root shows the few errors beside the many hits.
    let color = PlotColor.palette[label == predicted ? 0 : 3]
    canvas.fill(area, color, share.squareRoot() * 0.85)
    canvas.outline(area, .grid)
    guard showsNumbers, value > 0 else { return }
    let text = value.description
    let width = PlotCanvas.width(of: text, scale: 1)
    canvas.text(
      text, (area.left + area.right - width) / 2, (area.top + area.bottom) / 2 - 4, scale: 1)
  }
}
