import Datasets
import Files

extension Scene {
  /// The scene as an image, on white, with smooth edges.
  /// - Parameter width: in pixels; the height follows from the part of the plane that is seen.
  public func image(width: Int = 480) -> Image {
    let scale = Double(width) / (right - left)
    let height = height(ofWidth: width)
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    for shape in shapes {
      let (first, last, low, high) = shape.bounds
      let columns = Self.pixels(first - left, last - left, scale, width)
      let rows = Self.pixels(top - high, top - low, scale, height)
      let color = shape.color.pixel
      for row in rows {
        let y = top - (Double(row) + 0.5) / scale
        for column in columns {
          let x = left + (Double(column) + 0.5) / scale
          // Half of a pixel on either side of the edge.
          let cover = min(max(0.5 - shape.distance(x, y) * scale, 0), 1)
          guard cover > 0 else { continue }
          let start = (row * width + column) * 3
          for channel in 0..<3 {
            let old = Double(pixels[start + channel])
            pixels[start + channel] = UInt8(old + (color[channel] - old) * cover + 0.5)
          }
        }
      }
    }
    var image = Image(width: width, height: height, color: [255, 255, 255])
    image.pixels = pixels
    return image
  }

  /// How many rows an image of so many columns has.
  public func height(ofWidth width: Int) -> Int {
    max(1, Int(((top - bottom) * Double(width) / (right - left)).rounded()))
  }

  /// The pixels between two places, which may be no numbers or far outside.
  private static func pixels(
    _ from: Double, _ to: Double, _ scale: Double, _ count: Int
  ) -> Range<Int> {
    func pixel(_ place: Double) -> Int {
      place.isFinite ? Int(min(max((place * scale).rounded(.down), -1), Double(count))) : 0
    }
    let start = min(max(pixel(from) - 1, 0), count)
    return start..<max(start, min(pixel(to) + 2, count))
  }
}

extension Scene.Color {
  /// Red, green and blue.
  fileprivate var pixel: [Double] {
    switch self {
    case .dark: [40, 40, 48]
    case .grey: [170, 170, 170]
    case .blue: [31, 119, 180]
    case .orange: [230, 126, 34]
    }
  }
}
