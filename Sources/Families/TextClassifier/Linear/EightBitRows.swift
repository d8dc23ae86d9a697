import Checkpoints
import Files

/// Rows of numbers in 8 bits, each row with the scale that its largest number needs.
struct EightBitRows {
  private let rows: [[Float]]

  init(_ rows: [[Float]]) { self.rows = rows }

  /// `name` [rows, columns] as I8, and `name_scale` [rows].
  /// - Throws: ``/Files/AIGCError`` (failed) without memory.
  func tensors(named name: String) throws(AIGCError) -> [NewTensor] {
    let columns = rows.first?.count ?? 0
    let scales = rows.map { row in (row.reduce(0) { max($0, abs($1)) }) / 127 }
    var codes: [Int8] = []
    codes.reserveCapacity(rows.count * columns)
    for (row, scale) in zip(rows, scales) {
      let inverse = scale > 0 ? 1 / scale : 0
      codes += row.map { Int8(min(max(($0 * inverse).rounded(), -127), 127)) }
    }
    return [
      NewTensor(
        name: name, shape: [rows.count, columns], bytes: try Table(codes).rawBytes, type: .i8),
      NewTensor(name: "\(name)_scale", shape: [rows.count], floats: scales),
    ]
  }

  /// - Throws: ``/Files/AIGCError``: mismatch for other shapes.
  static func read(
    _ checkpoint: Checkpoint, named name: String, rows: Int, columns: Int
  ) throws(AIGCError) -> [[Float]] {
    let (codes, scales) = (try checkpoint.tensor(name), try checkpoint.tensor("\(name)_scale"))
    guard codes.shape == [rows, columns], scales.shape == [rows] else {
      throw .mismatch(
        "\(checkpoint.path): '\(name)' has the shape \(codes.shape), not [\(rows), \(columns)]")
    }
    let (values, factors) = (try codes.floats(), try scales.floats())
    return factors.indices.map { row in
      values[row * columns..<(row + 1) * columns].map { $0 * factors[row] }
    }
  }
}
