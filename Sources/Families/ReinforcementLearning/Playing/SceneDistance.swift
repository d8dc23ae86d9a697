import Glibc

extension Scene.Shape {
  /// Its colour.
  var color: Scene.Color {
    switch self {
    case .line(_, _, _, let color), .box(_, _, _, _, let color), .disc(_, _, let color),
      .arrow(_, _, let color):
      color
    }
  }

  /// How far a place lies outside; below 0 inside.
  func distance(_ x: Double, _ y: Double) -> Double {
    switch self {
    case .line(let a, let b, let width, _): return segment(x, y, a, b) - width / 2
    case .disc(let center, let radius, _):
      return hypot(x - center.0, y - center.1) - radius
    case .box(let left, let right, let bottom, let top, _):
      let across = max(left - x, x - right)
      let up = max(bottom - y, y - top)
      return across > 0 && up > 0 ? hypot(across, up) : max(across, up)
    case .arrow(let start, let dx, _):
      // Its head is a third as long as it is, and its line a tenth as thick.
      let (end, head) = (start.0 + dx, dx / 3)
      return min(
        segment(x, y, start, (end, start.1)),
        segment(x, y, (end, start.1), (end - head, start.1 + head)),
        segment(x, y, (end, start.1), (end - head, start.1 - head))) - dx.magnitude / 20
    }
  }

  /// The distance from a line.
  private func segment(
    _ x: Double, _ y: Double, _ a: (Double, Double), _ b: (Double, Double)
  ) -> Double {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1)
    let square = dx * dx + dy * dy
    let place = square > 0 ? min(max(((x - a.0) * dx + (y - a.1) * dy) / square, 0), 1) : 0
    return hypot(x - a.0 - place * dx, y - a.1 - place * dy)
  }

  /// The smallest box around it: left, right, bottom, top.
  var bounds: (Double, Double, Double, Double) {
    switch self {
    case .line(let a, let b, let width, _):
      return (
        min(a.0, b.0) - width / 2, max(a.0, b.0) + width / 2, min(a.1, b.1) - width / 2,
        max(a.1, b.1) + width / 2
      )
    case .disc(let center, let radius, _):
      return (center.0 - radius, center.0 + radius, center.1 - radius, center.1 + radius)
    case .box(let left, let right, let bottom, let top, _): return (left, right, bottom, top)
    case .arrow(let start, let dx, _):
      let margin = dx.magnitude / 2
      return (
        min(start.0, start.0 + dx) - margin, max(start.0, start.0 + dx) + margin, start.1 - margin,
        start.1 + margin
      )
    }
  }
}
