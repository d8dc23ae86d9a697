import Datasets
import Files

/// A confusion matrix as an image: a row for each true class, a column for each predicted one; the
/// darker a cell, the larger its share of the row.
public struct ConfusionPlot {
  private let classes: [String]
  /// [true class, predicted class], row by row.
  private let counts: [Int]
  /// Of each row.
  private let totals: [Int]
  private let count: Int
  /// Pixels of a row and of a column.
  let cell: Int
  private let margin: (left: Int, top: Int, rest: Int)
  /// As they are drawn: long ones are shortened.
  let names: [String]
  /// Every how many-th class has room for its name.
  let nameStep: Int
  /// Whether names at the columns lie on their side.
  let isTurned: Bool
  private let hasNumbers: Bool

  private static let mostClasses = 256
  /// Pixels of all cells beside each other, where that is possible.
  private static let room = 1200
  /// Pixels of the longest name that is not shortened.
  private static let longestName = 180

  /// - Parameters:
  ///   - classes: one at least; of many the first 256 are drawn.
  ///   - counts: how often each class was taken for each, [true class, predicted class].
  public init(classes: [String], counts: [Int]) {
    require(counts.count == classes.count * classes.count, "ConfusionPlot: \(counts.count)")
    (self.classes, self.counts) = (classes, counts)
    totals = classes.indices.map { label in
      counts[label * classes.count..<(label + 1) * classes.count].reduce(0, +)
    }
    count = min(classes.count, Self.mostClasses)
    names = classes.prefix(count).map {
      PlotText.shortened($0, to: Self.longestName, scale: 1)
    }
    let longest = names.map { PlotText.width(of: $0, scale: 1) }.max() ?? 0
    let numbers = PlotText.width(of: (counts.max() ?? 0).description, scale: 1)
    // Names of rows need one line each.
    let isPlain = names.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    let line = isPlain ? 14 : 17
    // A cell grows to hold a name of ten letters; longer ones lie on their side.
    let wanted = max(36, numbers + 12, longest <= 64 ? longest + 12 : 0)
    // Very many classes: a name at every second or third one.
    cell = max(min(wanted, Self.room / max(count, 1)), count > 100 ? 8 : line)
    nameStep = max(1, (line + cell - 1) / cell)
    isTurned = longest + 8 > cell
    hasNumbers = numbers + 4 <= cell
    margin = (34 + longest + 10, 62 + (isTurned ? longest : 10) + 10, 18)
  }

  /// Pixels that names and cells take.
  var width: Int { margin.left + count * cell + margin.rest }
  var height: Int { margin.top + count * cell + margin.rest }

  /// The image.
  public func image() -> Image {
    let caption = caption
    let size = count * cell
    let captionWidth = PlotText.width(of: caption, scale: 1, isBold: true)
    var canvas = PlotCanvas(width: max(width, captionWidth + 24), height: height)
    canvas.text(caption, 12, 14, scale: 1, isBold: true)
    let predicted = "predicted"
    let middle = margin.left + (size - PlotText.width(of: predicted, scale: 1)) / 2
    canvas.text(predicted, max(middle, 12), 40, scale: 1)
    let half = PlotText.width(of: "true", scale: 1) / 2
    canvas.text("true", 12, margin.top + size / 2 + half, scale: 1, direction: .up)
    for label in 0..<count {
      if label % nameStep == 0 { draw(&canvas, nameOf: label) }
      for predicted in 0..<count { draw(&canvas, label, predicted) }
    }
    return canvas.image
  }

  /// Writes the image as PNG or JPEG, by the name.
  /// - Throws: ``/Files/AIGCError``: usage for another ending; failed when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    try image().write(to: path)
  }

  private var caption: String {
    let total = totals.reduce(0, +)
    let correct = classes.indices.reduce(0) { $0 + counts[$1 * classes.count + $1] }
    let hundredths = Int((Double(correct) / Double(max(total, 1)) * 10000).rounded())
    let decimals = hundredths % 100 < 10 ? "0\(hundredths % 100)" : "\(hundredths % 100)"
    let share = "accuracy \(hundredths / 100).\(decimals)% of \(total)"
    return classes.count > count
      ? "\(share); the first \(count) of \(classes.count) classes" : share
  }

  /// The name of a class at its row and at its column.
  private func draw(_ canvas: inout PlotCanvas, nameOf label: Int) {
    let name = names[label]
    let width = PlotText.width(of: name, scale: 1)
    let middle = label * cell + cell / 2
    let half = PlotFont.ascent / 2
    canvas.text(name, margin.left - 8 - width, margin.top + middle - half, scale: 1)
    if isTurned {
      canvas.text(
        name, margin.left + middle - half, margin.top - 8, scale: 1, direction: .up)
    } else {
      canvas.text(
        name, margin.left + middle - width / 2, margin.top - 10 - PlotFont.ascent, scale: 1)
    }
  }

  private func draw(_ canvas: inout PlotCanvas, _ label: Int, _ predicted: Int) {
    let value = counts[label * classes.count + predicted]
    let area = PlotArea(
      left: margin.left + predicted * cell, top: margin.top + label * cell,
      right: margin.left + (predicted + 1) * cell, bottom: margin.top + (label + 1) * cell)
    let share = Float(value) / Float(max(totals[label], 1))
    // The root shows the few errors beside the many hits.
    let shade = share.squareRoot() * 0.85
    canvas.fill(area, PlotColor.palette[label == predicted ? 0 : 3], shade)
    canvas.outline(area, .grid)
    guard hasNumbers, value > 0 else { return }
    let text = value.description
    let width = PlotText.width(of: text, scale: 1)
    canvas.text(
      text, (area.left + area.right - width) / 2,
      (area.top + area.bottom - PlotFont.ascent) / 2, scale: 1,
      color: shade > 0.55 ? .white : .ink)
  }
}
