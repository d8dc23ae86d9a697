import Autograd
import Kernels

/// The sliced Wasserstein distance between sets of images (Rabin et al. 2011; of order 2): both
/// sets seen along random directions, where the distance is that of sorted numbers. It needs no
/// network that knows images, and sees what pixels say: a measure to compare moments of one
/// training run by.
public final class SlicedWasserstein {
  /// [values of an image, directions], columns of length 1.
  private let directions: Tensor
  /// The reference along each direction, in order.
  private let reference: [[Float]]

  /// - Parameters:
  ///   - reference: [images, …].
  ///   - directions: how many.
  ///   - seed: draws them.
  public init(_ reference: Tensor, directions: Int = 128, seed: UInt64 = 0) {
    let size = reference.count / max(reference.shape[0], 1)
    var random = RandomSource(seed: seed)
    let plain = Tensor.normal([size, directions], using: &random)
    self.directions = plain / sqrt(square(plain).sum(axis: 0, keepsAxis: true))
    self.reference = Self.sorted(reference, self.directions)
  }

  /// The distance to as many images, of a typical value of a pixel: 0 for the same set.
  public func distance(to images: Tensor) -> Double {
    let other = Self.sorted(images, directions)
    require(
      other.first?.count == reference.first?.count, "SlicedWasserstein: sets of different sizes")
    let (count, sum) = zip(reference, other).reduce((0, 0.0)) { result, pair in
      let squares = zip(pair.0, pair.1).reduce(0.0) { sum, values in
        let difference = Double(values.0 - values.1)
        return sum + difference * difference
      }
      return (result.0 + pair.0.count, result.1 + squares)
    }
    return (sum / Double(max(count, 1))).squareRoot()
  }

  private static func sorted(_ images: Tensor, _ directions: Tensor) -> [[Float]] {
    let count = images.shape[0]
    let rows = images.reshaped([count, images.count / max(count, 1)])
    // Each direction's numbers side by side.
    let values = matmul(directions, rows, transposeA: true, transposeB: true).values
    return stride(from: 0, to: values.count, by: max(count, 1)).map {
      values[$0..<$0 + count].sorted()
    }
  }
}
