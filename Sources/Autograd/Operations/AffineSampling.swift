import Kernels

/// A map from places of a new image to places of an old one, in pixels from the middles of both: the old column
/// is xx · column + xy · row + x, the old row yx · column + yy · row + y.
public struct AffineMap: Equatable, Sendable {
  /// The old column by the new column.
  public var xx: Float
  /// The old column by the new row.
  public var xy: Float
  /// The old column of the new middle.
  public var x: Float
  /// The old row by the new column.
  public var yx: Float
  /// The old row by the new row.
  public var yy: Float
  /// The old row of the new middle.
  public var y: Float

  /// Creates a map of its six numbers, row by row of the matrix.
  public init(_ xx: Float, _ xy: Float, _ x: Float, _ yx: Float, _ yy: Float, _ y: Float) {
    (self.xx, self.xy, self.x) = (xx, xy, x)
    (self.yx, self.yy, self.y) = (yx, yy, y)
  }
}

/// Images whose pixels are taken from places of other images, between four pixels by linear interpolation;
/// outside there is 0: PyTorch's `grid_sample` on the grid of an `affine_grid`, `align_corners=False`.
/// - Parameters:
///   - x: [batch, height, width, channels].
///   - maps: one for each image.
///   - height: of the result.
///   - width: of the result.
public func sampleAffine2d(_ x: Tensor, _ maps: [AffineMap], height: Int, width: Int) -> Tensor {
  require(
    x.rank == 4 && maps.count == x.shape[0] && height > 0 && width > 0,
    "sampleAffine2d: \(x.shape) by \(maps.count) maps to \(height) x \(width)")
  return AffineSampling(maps: maps, old: x.shape, height: height, width: width).sampled(x)
}

/// The places that pixels are taken from, and the transposed operation. Each is the other's derivative.
private struct AffineSampling {
  let maps: [AffineMap]
  let old: Shape
  let height: Int
  let width: Int

  private var new: Shape { [old[0], height, width, old[3]] }

  func sampled(_ x: Tensor) -> Tensor {
    moved(x, from: oldSize, to: new, newSize) { ($1, $0) }
      .recordedLinear(from: x) { dy, _ in spread(dy) }
  }

  private func spread(_ y: Tensor) -> Tensor {
    moved(y, from: newSize, to: old, oldSize) { ($0, $1) }
      .recordedLinear(from: y) { dx, _ in sampled(dx) }
  }

  /// Adds shares of values to others; `direction` says of a new and an old place which is read and which written.
  @inline(__always)
  private func moved(
    _ x: Tensor, from size: Int, to shape: Shape, _ count: Int,
    _ direction: (_ new: Int, _ old: Int) -> (read: Int, written: Int)
  ) -> Tensor {
    let output = Storage(count: shape.count)
    let (from, to, channels) = (x.base, output.base, old[3])
    parallelRows(old[0], height * width * channels * 4) { image in
      let (source, target) = (from + image * size, to + image * count)
      target.update(repeating: 0, count: count)
      forPlaces(image) { new, old, share in
        let (read, written) = direction(new, old)
        for c in 0..<channels { target[written + c] += share * source[read + c] }
      }
    }
    return Tensor(output, shape)
  }

  private var oldSize: Int { old[1] * old[2] * old[3] }
  private var newSize: Int { height * width * old[3] }

  /// Calls `body` with the offset of a new pixel, that of an old one inside the image, and its share.
  @inline(__always)
  private func forPlaces(_ image: Int, _ body: (Int, Int, Float) -> Void) {
    let (map, channels, rows, columns) = (maps[image], old[3], old[1], old[2])
    for row in 0..<height {
      let v = Float(row) + 0.5 - Float(height) / 2
      for column in 0..<width {
        let u = Float(column) + 0.5 - Float(width) / 2
        let x = map.xx * u + map.xy * v + map.x + Float(columns) / 2 - 0.5
        let y = map.yx * u + map.yy * v + map.y + Float(rows) / 2 - 0.5
        // Far outside, where a number of pixels would not be one.
        guard x > -1, y > -1, x < Float(columns), y < Float(rows) else { continue }
        let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
        let (right, down) = (x - Float(left), y - Float(top))
        let place = (row * width + column) * channels
        for (dy, part) in [(0, 1 - down), (1, down)] where (0..<rows).contains(top + dy) {
          for (dx, share) in [(0, 1 - right), (1, right)]
          where (0..<columns).contains(left + dx) {
            body(place, ((top + dy) * columns + left + dx) * channels, part * share)
          }
        }
      }
    }
  }
}
