import CKernels
import Kernels

/// Images with a border of `padding` pixels in which they are mirrored at their outermost rows and columns,
/// which do not repeat: PyTorch's `nn.ReflectionPad2d`.
/// - Parameters:
///   - x: [batch, height, width, channels]; both sides are longer than the border.
///   - padding: the border's width in pixels, on all four sides.
/// - Returns: [batch, height + 2 padding, width + 2 padding, channels].
public func reflectionPad2d(_ x: Tensor, padding: Int) -> Tensor {
  require(
    x.rank == 4 && padding >= 0 && padding < min(x.shape[1], x.shape[2]),
    "reflectionPad2d: a border of \(padding) around \(x.shape)")
  return padding == 0 ? x : ReflectionBorder(x.shape, padding).padded(x)
}

/// The border of images of one size, and the transposed operation. Each is the other's derivative.
private struct ReflectionBorder {
  private let inner: Shape
  private let outer: Shape
  private let padding: Int

  init(_ shape: Shape, _ padding: Int) {
    inner = shape
    outer = [shape[0], shape[1] + 2 * padding, shape[2] + 2 * padding, shape[3]]
    self.padding = padding
  }

  /// The inner place that is seen at `place` of a padded axis.
  private func source(_ place: Int, of size: Int) -> Int {
    let distance = abs(place - padding)
    return distance < size ? distance : 2 * (size - 1) - distance
  }

  /// The places of a padded axis at which the inner `place` is seen: one, two or three.
  private func targets(_ place: Int, of size: Int) -> [Int] {
    var places = [place + padding]
    if place > 0, place <= padding { places.append(padding - place) }
    let fromEnd = size - 1 - place
    if fromEnd > 0, fromEnd <= padding { places.append(size - 1 + padding + fromEnd) }
    return places
  }

  func padded(_ x: Tensor) -> Tensor {
    let (height, width, channels) = (inner[1], inner[2], inner[3])
    let (rows, columns) = (outer[1], outer[2])
    let output = Storage(count: outer.count)
    let (from, to) = (x.base, output.base)
    parallelRows(outer[0] * rows, columns * channels) { row in
      let line = source(row % rows, of: height) + row / rows * height
      let (old, new) = (from + line * width * channels, to + row * columns * channels)
      (new + padding * channels).update(from: old, count: width * channels)
      for place in Array(0..<padding) + Array(columns - padding..<columns) {
        (new + place * channels).update(
          from: old + source(place, of: width) * channels, count: channels)
      }
    }
    return Tensor(output, outer).recordedLinear(from: x) { dy, _ in folded(dy) }
  }

  private func folded(_ y: Tensor) -> Tensor {
    let (height, width, channels) = (inner[1], inner[2], inner[3])
    let (rows, columns) = (outer[1], outer[2])
    let output = Storage(count: inner.count)
    let (from, to) = (y.base, output.base)
    parallelRows(inner[0] * height, width * channels) { row in
      let sums = to + row * width * channels
      for (index, line) in targets(row % height, of: height).enumerated() {
        let old = from + (row / height * rows + line) * columns * channels
        let middle = old + padding * channels
        if index == 0 {
          sums.update(from: middle, count: width * channels)
        } else {
          aigc_axpy(width * channels, 1, middle, sums)
        }
        for place in Array(0..<padding) + Array(columns - padding..<columns) {
          aigc_axpy(
            channels, 1, old + place * channels, sums + source(place, of: width) * channels)
        }
      }
    }
    return Tensor(output, inner).recordedLinear(from: y) { dx, _ in padded(dx) }
  }
}
