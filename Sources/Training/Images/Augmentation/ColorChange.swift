import Autograd
import Glibc
import Kernels

/// A linear map of colours, as the three rows of a matrix of 3 x 4.
struct ColorMap: Equatable {
  /// The rows one after the other.
  private(set) var values: [Float]

  /// Leaves every colour as it is.
  static let identity = ColorMap(values: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])

  /// The axis of greys.
  private static let luma = [Float](repeating: 1 / Float(3).squareRoot(), count: 3)

  init(values: [Float]) { self.values = values }

  mutating func brighten(_ offset: Float) { for row in 0..<3 { values[4 * row + 3] += offset } }

  mutating func scale(_ factor: Float) { values = values.map { $0 * factor } }

  /// Light greys become dark ones and the other way round.
  mutating func flipLuma() {
    multiply { row, column in (row == column ? 1 : 0) - 2 * Self.luma[row] * Self.luma[column] }
  }

  /// Turns colours around the axis of greys (Rodrigues' formula).
  mutating func turnHue(_ angle: Double) {
    let (sine, cosine) = (Float(sin(angle)), Float(cos(angle)))
    let v = Self.luma[0]
    multiply { row, column in
      let isNext = (column - row + 3) % 3
      let across: Float = isNext == 0 ? 0 : isNext == 1 ? -v * sine : v * sine
      return v * v * (1 - cosine) + (row == column ? cosine : 0) + across
    }
  }

  /// Moves colours from their greys or to them.
  mutating func saturate(_ factor: Float) {
    multiply { row, column in
      let grey = Self.luma[row] * Self.luma[column]
      return grey + ((row == column ? 1 : 0) - grey) * factor
    }
  }

  /// `matrix` behind this map.
  private mutating func multiply(_ matrix: (Int, Int) -> Float) {
    let old = values
    for row in 0..<3 {
      for column in 0..<4 {
        values[4 * row + column] = (0..<3).reduce(0) { $0 + matrix(row, $1) * old[4 * $1 + column] }
      }
    }
  }
}

/// Images whose colours are changed, each by a map of its own.
enum ColorChange {
  /// - Parameters:
  ///   - maps: one for each image; of grey images their mean rows count, alpha stays as it is.
  ///   - x: [batch, height, width, channels].
  static func apply(_ maps: [ColorMap], to x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[3])
    let pixels = x.reshaped([batch, x.shape[1] * x.shape[2], channels])
    if channels == 1 {
      let rows = maps.map { map -> [Float] in
        let values = map.values
        return (0..<4).map { (values[$0] + values[4 + $0] + values[8 + $0]) / 3 }
      }
      let factors = Tensor(rows.map { $0[0] + $0[1] + $0[2] }, [batch, 1, 1])
      return (pixels * factors + Tensor(rows.map { $0[3] }, [batch, 1, 1])).reshaped(x.shape)
    }
    // Pixels are rows: the matrix is transposed.
    var (matrices, offsets): ([Float], [Float]) = ([], [])
    for map in maps {
      for from in 0..<channels {
        for to in 0..<channels {
          let own: Float = from == to ? 1 : 0
          matrices.append(max(from, to) < 3 ? map.values[4 * to + from] : own)
        }
      }
      offsets += (0..<channels).map { $0 < 3 ? map.values[4 * $0 + 3] : 0 }
    }
    let changed =
      matmul(pixels, Tensor(matrices, [batch, channels, channels]))
      + Tensor(offsets, [batch, 1, channels])
    return changed.reshaped(x.shape)
  }
}
