import Autograd
import Glibc
import Kernels

extension AffineMap {
  /// Leaves every place where it is.
  static let identity = AffineMap(1, 0, 0, 0, 1, 0)

  /// Turned around the middle.
  static func turned(by angle: Double) -> AffineMap {
    let (sine, cosine) = (Float(sin(angle)), Float(cos(angle)))
    return AffineMap(cosine, -sine, 0, sine, cosine, 0)
  }

  /// `first`, and then this map: the product of the matrices in this order.
  func after(_ first: AffineMap) -> AffineMap {
    AffineMap(
      xx * first.xx + xy * first.yx, xx * first.xy + xy * first.yy,
      xx * first.x + xy * first.y + x, yx * first.xx + yy * first.yx,
      yx * first.xy + yy * first.yy, yx * first.x + yy * first.y + y)
  }

  func callAsFunction(_ column: Float, _ row: Float) -> (x: Float, y: Float) {
    (xx * column + xy * row + x, yx * column + yy * row + y)
  }
}

/// Images that are moved, turned and stretched: with mirrored borders, at twice the size, between orthogonal
/// low-pass filters (Karras et al. 2020a, appendix B).
enum GeometricChange {
  /// The low-pass filter of the symlet with six vanishing moments (Daubechies 1992), with the sum √2.
  private static let symlet: [Float] = [
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
  ]
  private static var lowPass: [Float] {
    let sum = symlet.reduce(0, +)
    return symlet.map { $0 / sum }
  }
  /// A quarter of the filter: pixels of the image that its ends reach over.
  private static let reach = 3

  /// - Parameters:
  ///   - maps: for each image, from places of the new one to those of the old one.
  ///   - x: [batch, height, width, channels].
  static func apply(_ maps: [AffineMap], to x: Tensor) -> Tensor {
    let (height, width) = (x.shape[1], x.shape[2])
    let border = border(maps, height: height, width: width)
    let padded = reflectionPad2d(x, padding: border)
    let taps = lowPass.map { 2 * $0 }
    let doubled = resample2d(
      padded, ResamplingFilter(taps.reversed(), up: 2, before: 6, after: 5))
    // At twice the size, whose pixels' middles lie half a pixel off.
    let offset = AffineMap(1, 0, -0.5, 0, 1, -0.5)
    let back = AffineMap(1, 0, 0.5, 0, 1, 0.5)
    let scaled = maps.map { map in
      var map = map
      (map.x, map.y) = (2 * map.x, 2 * map.y)
      return offset.after(map).after(back)
    }
    let sampled = sampleAffine2d(
      doubled, scaled, height: 2 * (height + 2 * reach), width: 2 * (width + 2 * reach))
    return resample2d(sampled, ResamplingFilter(lowPass, down: 2, before: -1, after: -1))
  }

  /// Rows and columns that the corners of any image come from outside of it, at most what can be mirrored.
  private static func border(_ maps: [AffineMap], height: Int, width: Int) -> Int {
    let (right, down) = (Float(width - 1) / 2, Float(height - 1) / 2)
    var (columns, rows): (Float, Float) = (0, 0)
    for map in maps {
      for (x, y) in [(-right, -down), (right, -down), (right, down), (-right, down)] {
        let place = map(x, y)
        columns = max(columns, abs(place.x) - right)
        rows = max(rows, abs(place.y) - down)
      }
    }
    let needed = max(columns, rows) + Float(2 * reach)
    return Int(min(max(needed, 0), Float(min(height, width) - 1)).rounded(.up))
  }
}
