/// Resizing with antialiasing: each new pixel is a weighted mean of those that a triangle covers, which
/// is as wide as the image shrinks (bilinear where it grows). The same as Pillow's BILINEAR and
/// PyTorch's interpolate with antialias, up to rounding.
extension Image {
  /// The image stretched to `size`.
  public func resized(to size: ImageSize) -> Image {
    resized(to: size, x: 0, y: 0, width: width, height: height)
  }

  /// A rectangle of the image stretched to `size`. Colours are weighted with their alpha, so that what
  /// nobody sees does not bleed into edges.
  func resized(
    to size: ImageSize, x: Int, y: Int, width partWidth: Int, height partHeight: Int
  ) -> Image {
    require(
      x >= 0 && y >= 0 && partWidth > 0 && partHeight > 0 && x + partWidth <= width
        && y + partHeight <= height, "Image: the rectangle reaches beyond the image")
    if partWidth == width, partHeight == height, size.width == width, size.height == height {
      return self
    }
    let columns = ResizeWeights(from: partWidth, to: size.width)
    let rows = ResizeWeights(from: partHeight, to: size.height)
    let c = channels
    let origin = (y * width + x) * c
    // The axis first that leaves less to keep in between.
    let isColumnsFirst = partHeight * size.width <= size.height * partWidth
    let between =
      isColumnsFirst
      ? firstPass(columns, outer: partHeight, outerStride: width * c, stride: c, inner: c, origin)
      : firstPass(
        rows, outer: 1, outerStride: 0, stride: width * c, inner: partWidth * c, origin)
    let sums =
      isColumnsFirst
      ? rows.apply(
        PlainSamples(values: between), outer: 1, outerStride: 0, stride: size.width * c,
        inner: size.width * c)
      : columns.apply(
        PlainSamples(values: between), outer: size.height, outerStride: partWidth * c, stride: c,
        inner: c)
    return Image(width: size.width, height: size.height, channels: c) { target in
      for index in sums.indices { target[index] = Self.byte(sums, index, c) }
    }
  }

  private func firstPass(
    _ weights: ResizeWeights, outer: Int, outerStride: Int, stride: Int, inner: Int, _ origin: Int
  ) -> [Float] {
    pixels.withUnsafeBufferPointer { pixels in
      channels == 4
        ? weights.apply(
          AlphaSamples(pixels: pixels, origin: origin), outer: outer, outerStride: outerStride,
          stride: stride, inner: inner)
        : weights.apply(
          ByteSamples(pixels: pixels, origin: origin), outer: outer, outerStride: outerStride,
          stride: stride, inner: inner)
    }
  }

  /// The rounded value; with alpha the sums are those of ``AlphaSamples``.
  private static func byte(_ sums: [Float], _ index: Int, _ channels: Int) -> UInt8 {
    var value = sums[index]
    if channels == 4 {
      let alpha = sums[index | 3]
      value = index & 3 == 3 ? alpha / 255 : alpha > 0 ? value * 255 / alpha : 0
    }
    return UInt8(min(max(value.rounded(), 0), 255))
  }
}

/// Where a pass takes its values from.
private protocol ResizeSamples {
  subscript(index: Int) -> Float { get }
}

private struct PlainSamples: ResizeSamples {
  let values: [Float]
  @inline(__always) subscript(index: Int) -> Float { values[index] }
}

private struct ByteSamples: ResizeSamples {
  let pixels: UnsafeBufferPointer<UInt8>
  let origin: Int
  @inline(__always) subscript(index: Int) -> Float { Float(pixels[origin &+ index]) }
}

/// Colours times alpha, and alpha times 255. Four bytes a pixel: index | 3 is the alpha's.
private struct AlphaSamples: ResizeSamples {
  let pixels: UnsafeBufferPointer<UInt8>
  let origin: Int
  @inline(__always) subscript(index: Int) -> Float {
    let alpha = Float(pixels[(origin &+ index) | 3])
    return index & 3 == 3 ? alpha * 255 : Float(pixels[origin &+ index]) * alpha
  }
}

/// For each new pixel of one axis, which old ones it is the mean of.
private struct ResizeWeights {
  let from: Int
  private var starts: [Int] = []
  private var counts: [Int] = []
  private var weights: [Float] = []
  private let widest: Int

  init(from: Int, to: Int) {
    self.from = from
    let scale = Double(from) / Double(to)
    let support = max(scale, 1)
    widest = Int(support.rounded(.up)) * 2 + 1
    weights = [Float](repeating: 0, count: to * widest)
    for index in 0..<to {
      let center = (Double(index) + 0.5) * scale
      let start = max(0, Int(center - support + 0.5))
      let end = min(from, Int(center + support + 0.5))
      let values = (start..<end).map { old in
        max(0, 1 - abs((Double(old) + 0.5 - center) / support))
      }
      let sum = values.reduce(0, +)
      starts.append(start)
      counts.append(values.count)
      for (place, value) in values.enumerated() {
        weights[index * widest + place] = Float(value / sum)
      }
    }
  }

  /// Means along one axis. The values stand in `outer` blocks `outerStride` apart; in each, `inner` values
  /// stand together for each place of the axis, places `stride` apart.
  /// - Returns: [outer, new places, inner].
  @inline(__always)
  func apply<Samples: ResizeSamples>(
    _ samples: Samples, outer: Int, outerStride: Int, stride: Int, inner: Int
  ) -> [Float] {
    var result = [Float](repeating: 0, count: outer * starts.count * inner)
    result.withUnsafeMutableBufferPointer { result in
      for block in 0..<outer {
        for index in starts.indices {
          let target = (block * starts.count + index) * inner
          for place in 0..<counts[index] {
            let weight = weights[index * widest + place]
            let source = block * outerStride + (starts[index] + place) * stride
            for item in 0..<inner {
              result[target &+ item] += weight * samples[source &+ item]
            }
          }
        }
      }
    }
    return result
  }
}
