import CKernels
import Kernels

/// Images [batch, height, width, channels] enlarged by linear interpolation along both axes; pixels are
/// squares, so the corners' centres move: PyTorch's `align_corners=False`.
public func upsampleBilinear(_ x: Tensor, factor: Int) -> Tensor {
  require(x.rank == 4 && factor >= 1, "upsampleBilinear: \(x.shape) by \(factor)")
  if factor == 1 { return x }
  return LinearResampling(from: x.shape[1], factor: factor).enlarged(
    LinearResampling(from: x.shape[2], factor: factor).enlarged(x, axis: 2), axis: 1)
}

/// How one axis is enlarged, and the transposed operation. Each is the other's derivative.
private struct LinearResampling {
  private let size: Int
  /// For each new place the two old ones and the share of the second.
  private let sources: [(first: Int, second: Int, share: Float)]

  init(from size: Int, factor: Int) {
    self.size = size
    sources = (0..<size * factor).map { place in
      let center = max(0, (Float(place) + 0.5) / Float(factor) - 0.5)
      let first = min(Int(center), size - 1)
      return (first, min(first + 1, size - 1), center - Float(first))
    }
  }

  func enlarged(_ x: Tensor, axis: Int) -> Tensor {
    let (target, inner) = (resized(x.shape, axis, sources.count), x.shape.count(axis + 1..<4))
    let output = Storage(count: target.count)
    let (from, to) = (x.base, output.base)
    parallelRows(x.shape.count(0..<axis), sources.count * inner) { row in
      for (place, source) in sources.enumerated() {
        let line = to + (row * sources.count + place) * inner
        let old = from + row * size * inner
        aigc_scale_add(inner, 1 - source.share, 0, old + source.first * inner, line)
        aigc_axpy(inner, source.share, old + source.second * inner, line)
      }
    }
    return Tensor(output, target).recordedLinear(from: x) { dy, _ in gathered(dy, axis: axis) }
  }

  private func gathered(_ y: Tensor, axis: Int) -> Tensor {
    let (target, inner) = (resized(y.shape, axis, size), y.shape.count(axis + 1..<4))
    let output = Storage(count: target.count)
    let (from, to) = (y.base, output.base)
    parallelRows(y.shape.count(0..<axis), sources.count * inner) { row in
      let sums = to + row * size * inner
      sums.update(repeating: 0, count: size * inner)
      for (place, source) in sources.enumerated() {
        let line = from + (row * sources.count + place) * inner
        aigc_axpy(inner, 1 - source.share, line, sums + source.first * inner)
        aigc_axpy(inner, source.share, line, sums + source.second * inner)
      }
    }
    return Tensor(output, target).recordedLinear(from: y) { dy, _ in enlarged(dy, axis: axis) }
  }

  private func resized(_ shape: Shape, _ axis: Int, _ size: Int) -> Shape {
    var shape = shape
    shape[axis] = size
    return shape
  }
}
