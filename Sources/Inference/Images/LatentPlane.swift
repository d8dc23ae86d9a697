import Glibc

/// Latents of a plane through the middle of the prior: places at equal steps of probability on two axes,
/// the others 0 (Kingma and Welling 2014, figure 4).
public struct LatentPlane {
  /// The number of the latent that grows to the right, and of the one that grows downwards.
  public let axes: (right: Int, down: Int)
  /// The number of places on the axis that grows to the right.
  public let columns: Int
  /// The number of places on the axis that grows downwards.
  public let rows: Int

  /// - Parameters:
  ///   - axes: two different ones.
  ///   - columns: places to the right, at least 1.
  ///   - rows: places downwards, at least 1.
  public init(axes: (right: Int, down: Int), columns: Int, rows: Int) {
    require(
      axes.right != axes.down && columns > 0 && rows > 0, "LatentPlane: one axis, or no places")
    (self.axes, self.columns, self.rows) = (axes, columns, rows)
  }

  /// The latents of all places, row by row, `count` numbers each.
  public func latents(count: Int) -> [Float] {
    require(
      axes.right < count && axes.down < count, "LatentPlane: an axis beyond \(count) numbers")
    var result = [Float](repeating: 0, count: columns * rows * count)
    for row in 0..<rows {
      for column in 0..<columns {
        let start = (row * columns + column) * count
        result[start + axes.right] = Float(Self.place(column, of: columns))
        result[start + axes.down] = Float(Self.place(row, of: rows))
      }
    }
    return result
  }

  /// The middle of part `index` of `count` parts of equal probability.
  private static func place(_ index: Int, of count: Int) -> Double {
    normalQuantile((Double(index) + 0.5) / Double(count))
  }
}

/// The inverse of the standard normal distribution function, by halving: to 15 digits.
/// - Parameter probability: between 0 and 1.
func normalQuantile(_ probability: Double) -> Double {
  require(probability > 0 && probability < 1, "normalQuantile: of \(probability)")
  var (low, high) = (-40.0, 40.0)
  for _ in 0..<64 {
    let middle = (low + high) / 2
    if erfc(-middle / 2.0.squareRoot()) / 2 < probability { low = middle } else { high = middle }
  }
  return (low + high) / 2
}
