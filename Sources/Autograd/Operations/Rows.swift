import CKernels
import Kernels

/// Row numbers of a table, such as the token ids of a batch.
public struct Indices: Sendable {
  /// The row numbers, in row-major order.
  public let values: [Int32]
  /// How the row numbers are arranged: [batch, steps] for the tokens of a batch, say.
  public let shape: Shape

  /// - Parameters:
  ///   - values: row by row.
  ///   - shape: of as many entries.
  public init(_ values: [Int32], _ shape: Shape) {
    require(values.count == shape.count, "Indices: \(values.count) for \(shape)")
    self.values = values
    self.shape = shape
  }
}

extension Tensor {
  /// Rows of a table [rows, columns]: an embedding.
  /// - Parameter indices: below the number of rows; -1 is a row of zeros, which no gradient reaches: padding.
  /// - Returns: [..., columns] for indices of shape [...].
  public func gathered(_ indices: Indices) -> Tensor {
    require(rank == 2, "gathered: a table of shape \(shape)")
    let (rows, columns) = (shape[0], shape[1])
    let output = Storage(count: indices.values.count * columns)
    for index in indices.values {
      require(index >= -1 && index < rows, "gathered: row \(index) of \(rows)")
    }
    let (source, target, values) = (base, output.base, indices.values)
    parallelRows(values.count, columns) { row in
      let place = target + row * columns
      if values[row] < 0 {
        place.update(repeating: 0, count: columns)
      } else {
        place.update(from: source + Int(values[row]) * columns, count: columns)
      }
    }
    return Tensor(output, Shape(indices.shape.dimensions + [columns])).recordedLinear(from: self) {
      dy, table in dy.scattered(indices, rows: table[0])
    }
  }

  /// Adds the last axis' vectors to the rows of a table of zeros: the derivative of
  /// ``gathered(_:)``. Each column is summed in the order of the indices.
  func scattered(_ indices: Indices, rows: Int) -> Tensor {
    let columns = shape[-1]
    let output = Storage(count: rows * columns)
    let (source, target) = (base, output.base)
    let width = 128
    indices.values.withUnsafeBufferPointer { values in
      parallelRows((columns + width - 1) / width, values.count * width) { block in
        let first = block * width
        let size = min(width, columns - first)
        for row in 0..<rows {
          (target + row * columns + first).update(repeating: 0, count: size)
        }
        for row in 0..<values.count where values[row] >= 0 {
          let sum = target + Int(values[row]) * columns + first
          aigc_add(size, sum, source + row * columns + first, sum)
        }
      }
    }
    return Tensor(output, [rows, columns]).recordedLinear(from: self) { dy, _ in
      dy.gathered(indices)
    }
  }
}

/// eˣ over its sum, along the last axis.
public func softmax(_ x: Tensor) -> Tensor {
  x.mapRows(aigc_softmax).recordedByOutput(from: x) { dy, y in
    if dy.isRecorded || y.isRecorded {
      return y * (dy - (dy * y).sum(axis: -1, keepsAxis: true))
    }
    let columns = y.shape[-1]
    let output = Storage(count: y.count)
    let (slope, source, target) = (dy.base, y.base, output.base)
    parallelRows(y.count / max(columns, 1), columns) { row in
      let first = row * columns
      aigc_softmax_grad(1, columns, slope + first, source + first, target + first)
    }
    return Tensor(output, y.shape)
  }
}

/// The logarithm of ``softmax(_:)``, without its loss of precision.
public func logSoftmax(_ x: Tensor) -> Tensor {
  x.mapRows(aigc_log_softmax).recordedByOutput(from: x) { dy, y in
    dy - exp(y) * dy.sum(axis: -1, keepsAxis: true)
  }
}

extension Tensor {
  /// `kernel` over each vector of the last axis, without history.
  fileprivate func mapRows(
    _ kernel: (Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> Tensor {
    let columns = shape[-1]
    let output = Storage(count: count)
    let (source, target) = (base, output.base)
    parallelRows(count / max(columns, 1), columns) { row in
      kernel(1, columns, source + row * columns, target + row * columns)
    }
    return Tensor(output, shape)
  }
}

/// Labels as rows of as many values as there are classes: 1 at the label, else 0.
/// - Parameters:
///   - labels: each from 0 to below `classes`.
///   - classes: their number.
/// - Returns: [labels, classes].
public func oneHot(_ labels: [Int32], _ classes: Int) -> Tensor {
  var values = [Float](repeating: 0, count: labels.count * classes)
  for (index, label) in labels.enumerated() { values[index * classes + Int(label)] = 1 }
  return Tensor(values, [labels.count, classes])
}
