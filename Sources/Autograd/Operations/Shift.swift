import Kernels

extension Tensor {
  /// Images moved by whole pixels; what comes in at the edges is 0.
  /// - Parameters:
  ///   - rows: for each image how far down.
  ///   - columns: for each image how far to the right.
  /// - Returns: of the shape of this tensor, [batch, height, width, channels].
  public func shifted(rows: [Int], columns: [Int]) -> Tensor {
    require(
      rank == 4 && rows.count == shape[0] && columns.count == shape[0],
      "shifted: \(shape) by \(rows.count) and \(columns.count) places")
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let output = Storage(count: count)
    let (source, target) = (base, output.base)
    let line = width * channels
    parallelRows(shape[0], height * line) { image in
      let (down, right) = (rows[image], columns[image])
      let kept = max(0, width - abs(right))
      for y in 0..<height {
        let to = target + (image * height + y) * line
        to.update(repeating: 0, count: line)
        guard (0..<height).contains(y - down), kept > 0 else { continue }
        let from = source + (image * height + y - down) * line
        (to + max(right, 0) * channels).update(
          from: from + max(-right, 0) * channels, count: kept * channels)
      }
    }
    return Tensor(output, shape).recordedLinear(from: self) { dy, _ in
      dy.shifted(rows: rows.map { -$0 }, columns: columns.map { -$0 })
    }
  }
}
