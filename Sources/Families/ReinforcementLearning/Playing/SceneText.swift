import Glibc

extension Scene {
  /// The scene in letters: lines as | / - \, boxes as #, discs as o, pushes as < and >.
  /// - Parameters:
  ///   - columns: letters of a line.
  ///   - rows: lines.
  /// - Returns: the lines, without spaces at their ends.
  public func text(columns: Int = 60, rows: Int = 20) -> [String] {
    let (dx, dy) = ((right - left) / Double(columns), (top - bottom) / Double(rows))
    var lines: [String] = []
    for row in 0..<rows {
      let y = top - (Double(row) + 0.5) * dy
      var line = ""
      for column in 0..<columns {
        let x = left + (Double(column) + 0.5) * dx
        line.append(letter(x, y, dx, dy))
      }
      while line.hasSuffix(" ") { line.removeLast() }
      lines.append(line)
    }
    return lines
  }

  /// What stands in a cell: of the shapes that touch it the last one.
  private func letter(_ x: Double, _ y: Double, _ dx: Double, _ dy: Double) -> Character {
    for shape in shapes.reversed() {
      let (left, right, bottom, top) = shape.bounds
      guard x >= left - dx, x <= right + dx, y >= bottom - dy, y <= top + dy else { continue }
      // Cells are taller than wide: a thin line must not fall between two of them.
      guard shape.distance(x, y) <= Self.reach(shape, dx, dy) else { continue }
      return Self.letter(of: shape, dx, dy)
    }
    return " "
  }

  /// From how far away a shape still fills a cell.
  private static func reach(_ shape: Shape, _ dx: Double, _ dy: Double) -> Double {
    switch shape {
    case .line(let a, let b, let width, _):
      let isFlat = (b.0 - a.0).magnitude * dy > (b.1 - a.1).magnitude * dx
      return max(0, (isFlat ? dy : dx) / 2 - width / 2)
    case .box, .disc: return 0
    case .arrow: return max(dx, dy) / 2
    }
  }

  private static func letter(of shape: Shape, _ dx: Double, _ dy: Double) -> Character {
    switch shape {
    case .box: return "#"
    case .disc: return "o"
    case .arrow(_, let push, _): return push > 0 ? ">" : "<"
    case .line(let a, let b, _, _):
      let (across, up) = ((b.0 - a.0) / dx, (b.1 - a.1) / dy)
      if across.magnitude > 2 * up.magnitude { return "-" }
      if up.magnitude > 2 * across.magnitude { return "|" }
      return (across > 0) == (up > 0) ? "/" : "\\"
    }
  }
}
