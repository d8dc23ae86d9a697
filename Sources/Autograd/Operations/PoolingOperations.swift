import CKernels
import Kernels

/// The largest value of each window, by channel.
/// - Parameters:
///   - x: [batch, height, width, channels].
///   - size: rows and columns of a window; no larger than x.
///   - stride: pixels from one window to the next; nil: `size`. Pixels left over at the end are not
///     seen, as in PyTorch.
public func maxPool2d(_ x: Tensor, size: Int, stride: Int? = nil) -> Tensor {
  let windows = PoolingWindows(x.shape, size: size, stride: stride ?? size)
  let (output, places) = (Storage(count: windows.y.count), Storage(count: windows.y.count))
  let (source, target, chosen) = (x.base, output.base, places.base)
  windows.forRows { sourceRow, row in
    aigc_max_pool(
      windows.y[2], windows.size, windows.stride, windows.x[3], source + sourceRow,
      windows.rowSize, target + row, chosen + row)
  }
  return Tensor(output, windows.y).recordedLinear(from: x) { dy, _ in
    windows.spread(dy, places)
  }
}

/// The mean of each window, by channel; parameters as those of ``maxPool2d(_:size:stride:)``.
public func averagePool2d(_ x: Tensor, size: Int, stride: Int? = nil) -> Tensor {
  PoolingWindows(x.shape, size: size, stride: stride ?? size).sums(x, nil) / Float(size * size)
}

/// The mean of all pixels: [batch, height, width, channels] to [batch, channels].
public func globalAveragePool(_ x: Tensor) -> Tensor {
  require(x.rank == 4, "globalAveragePool: the shape \(x.shape)")
  return x.reshaped([x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]).mean(axis: 1)
}

/// Each pixel of [batch, height, width, channels] as a square of `factor` rows and columns.
public func upsampleNearest(_ x: Tensor, factor: Int) -> Tensor {
  require(x.rank == 4 && factor >= 1, "upsampleNearest: \(x.shape) by \(factor)")
  let target: Shape = [x.shape[0], x.shape[1] * factor, x.shape[2] * factor, x.shape[3]]
  return PoolingWindows(target, size: factor, stride: factor).spread(x, nil)
}

extension Tensor {
  /// Images [batch, height, width, channels] as rows in PyTorch's order, [batch, channels · height ·
  /// width], so that the weights of a following fully connected layer are those of PyTorch.
  public func flattened() -> Tensor {
    require(rank == 4, "flattened: the shape \(shape)")
    return permuted([0, 3, 1, 2]).reshaped([shape[0], shape[1] * shape[2] * shape[3]])
  }

  /// The inverse of ``flattened()``: rows [batch, channels · height · width] as images.
  public func unflattened(height: Int, width: Int, channels: Int) -> Tensor {
    require(
      rank == 2 && shape[1] == height * width * channels,
      "unflattened: \(shape) to \(height) x \(width) pixels of \(channels) channels")
    return reshaped([shape[0], channels, height, width]).permuted([0, 2, 3, 1])
  }
}

/// Windows over images: sums over them, and the transposed operation. Each is the other's derivative.
private struct PoolingWindows {
  let x: Shape
  let y: Shape
  let size: Int
  let stride: Int

  init(_ x: Shape, size: Int, stride: Int) {
    require(
      x.rank == 4 && size >= 1 && stride >= 1 && size <= x[1] && size <= x[2],
      "pooling: windows of \(size) pixels every \(stride) on \(x)")
    self.x = x
    self.size = size
    self.stride = stride
    y = [x[0], (x[1] - size) / stride + 1, (x[2] - size) / stride + 1, x[3]]
  }

  /// Values of a row of x.
  var rowSize: Int { x[2] * x[3] }

  /// Calls `body` for every row of y with where its windows begin in x, and where it begins in y.
  func forRows(_ body: (_ source: Int, _ row: Int) -> Void) {
    parallelRows(y[0] * y[1], rowSize * size) { index in
      let (image, row) = (index / y[1], index % y[1])
      body((image * x[1] + row * stride) * rowSize, index * y[2] * y[3])
    }
  }

  /// The sum of each window, or with `places` the value there: [batch, …] of x to that of y.
  func sums(_ input: Tensor, _ places: Storage?) -> Tensor {
    let output = Storage(count: y.count)
    let (source, target) = (input.base, output.base)
    forRows { sourceRow, row in
      aigc_pool_sum(
        y[2], size, stride, x[3], source + sourceRow, rowSize, places.map { $0.base + row },
        target + row)
    }
    return Tensor(output, y).recordedLinear(from: input) { dy, _ in spread(dy, places) }
  }

  /// Each value added to all pixels of its window, or to the one at its place.
  func spread(_ input: Tensor, _ places: Storage?) -> Tensor {
    let output = Storage(count: x.count)
    let (source, target) = (input.base, output.base)
    // Windows may overlap: an image is one task.
    parallelRows(x[0], x[1] * rowSize) { image in
      let map = target + image * x[1] * rowSize
      map.update(repeating: 0, count: x[1] * rowSize)
      for row in 0..<y[1] {
        let first = (image * y[1] + row) * y[2] * y[3]
        aigc_pool_spread(
          y[2], size, stride, x[3], source + first, places.map { $0.base + first },
          map + row * stride * rowSize, rowSize)
      }
    }
    return Tensor(output, x).recordedLinear(from: input) { dy, _ in sums(dy, places) }
  }
}
