import Glibc
import Kernels

/// Small changes of images that leave their class: each image is turned, scaled and shifted by chance,
/// read by linear interpolation; what comes in at the edges repeats them.
struct AffineAugmentation {
  /// 1: up to 10 degrees, a tenth of the size, a fourteenth of the sides.
  let strength: Float

  /// - Parameters:
  ///   - values: [images, height, width, channels].
  ///   - random: draws what is done.
  func callAsFunction(
    _ values: [Float], height: Int, width: Int, channels: Int, using random: inout RandomSource
  ) -> [Float] {
    if strength == 0 { return values }
    let length = height * width * channels
    var result = [Float](repeating: 0, count: values.count)
    for start in stride(from: 0, to: values.count, by: length) {
      func draw(_ limit: Float) -> Float {
        (Float(random.uniform()) * 2 - 1) * limit * strength
      }
      let angle = draw(.pi / 18)
      let scale = 1 + draw(0.1)
      let (right, down) = (draw(Float(width) / 14), draw(Float(height) / 14))
      let (sine, cosine) = (sin(angle) / scale, cos(angle) / scale)
      let (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
      var target = start
      for y in 0..<height {
        for x in 0..<width {
          let (dx, dy) = (Float(x) - middleX - right, Float(y) - middleY - down)
          let fromX = min(max(cosine * dx + sine * dy + middleX, 0), Float(width - 1))
          let fromY = min(max(cosine * dy - sine * dx + middleY, 0), Float(height - 1))
          let (left, top) = (Int(fromX), Int(fromY))
          let (shareX, shareY) = (fromX - Float(left), fromY - Float(top))
          let step = left + 1 < width ? channels : 0
          let above = start + (top * width + left) * channels
          let below = top + 1 < height ? above + width * channels : above
          for c in 0..<channels {
            let first = values[above + c] * (1 - shareX) + values[above + step + c] * shareX
            let second = values[below + c] * (1 - shareX) + values[below + step + c] * shareX
            result[target] = first * (1 - shareY) + second * shareY
            target += 1
          }
        }
      }
    }
    return result
  }
}
