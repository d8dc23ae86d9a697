/// The form in which all images of a set come: one size, one number of channels.
struct ImageForm: Sendable, Equatable {
  let size: ImageSize
  /// 1, 3 or 4.
  let channels: Int
  let fit: ImageOptions.Fit

  /// Bytes of one image.
  var count: Int { size.width * size.height * channels }

  /// `image` in this form.
  /// - Parameter orientation: how it is turned before.
  func apply(_ image: Image, turned orientation: Orientation = .none) -> Image {
    // First what makes it smaller: fewer channels are quicker to turn and to resize.
    let reduced = image.channels > channels ? image.converted(to: channels) : image
    return reduced.turned(orientation).fitted(to: size, fit).converted(to: channels)
  }
}

extension Image {
  /// Whether some pixel is not grey.
  var hasColors: Bool {
    guard channels > 1 else { return false }
    return pixels.withUnsafeBufferPointer { pixels in
      stride(from: 0, to: pixels.count, by: channels).contains {
        pixels[$0] != pixels[$0 + 1] || pixels[$0 + 1] != pixels[$0 + 2]
      }
    }
  }

  /// With another number of channels. Transparent pixels are composed on white when the alpha goes;
  /// grey is the luma of ITU-R BT.601.
  public func converted(to channels: Int) -> Image {
    require([1, 3, 4].contains(channels), "Image: 1, 3 or 4 channels, not \(channels)")
    if channels == self.channels { return self }
    let (from, count) = (self.channels, width * height)
    return Image(width: width, height: height, channels: channels) { target in
      pixels.withUnsafeBufferPointer { source in
        for index in 0..<count {
          let (s, t) = (index * from, index * channels)
          var color = (source[s], source[s], source[s])
          if from > 1 { color = (source[s], source[s + 1], source[s + 2]) }
          if from == 4, channels < 4 { color = Self.onWhite(color, source[s + 3]) }
          if channels == 1 {
            target[t] = Self.luma(color)
          } else {
            (target[t], target[t + 1], target[t + 2]) = color
            if channels == 4 { target[t + 3] = 255 }
          }
        }
      }
    }
  }

  private static func onWhite(
    _ color: (UInt8, UInt8, UInt8), _ alpha: UInt8
  ) -> (UInt8, UInt8, UInt8) {
    let part = Int(alpha)
    func mix(_ value: UInt8) -> UInt8 {
      let sum: Int = Int(value) * part + 255 * (255 - part)
      return UInt8((sum + 127) / 255)
    }
    return (mix(color.0), mix(color.1), mix(color.2))
  }

  /// 0.299 R + 0.587 G + 0.114 B in 16-bit fixed point, rounded.
  private static func luma(_ color: (UInt8, UInt8, UInt8)) -> UInt8 {
    let sum: Int = Int(color.0) * 19595 + Int(color.1) * 38470 + Int(color.2) * 7471
    return UInt8((sum + 0x8000) >> 16)
  }

  /// The image at another size.
  public func fitted(to size: ImageSize, _ fit: ImageOptions.Fit) -> Image {
    if size.width == width, size.height == height { return self }
    let (w, h) = (Double(size.width), Double(size.height))
    switch fit {
    case .stretch: return resized(to: size)
    case .crop:
      // The part of the image's middle that has the proportions of the size.
      let scale = max(w / Double(width), h / Double(height))
      let partWidth = min(width, max(1, Int((w / scale).rounded())))
      let partHeight = min(height, max(1, Int((h / scale).rounded())))
      return resized(
        to: size, x: (width - partWidth) / 2, y: (height - partHeight) / 2, width: partWidth,
        height: partHeight)
    case .pad:
      let scale = min(1, min(w / Double(width), h / Double(height)))
      let inner = ImageSize(
        width: min(size.width, max(1, Int((Double(width) * scale).rounded()))),
        height: min(size.height, max(1, Int((Double(height) * scale).rounded()))))
      return resized(to: inner).padded(to: size)
    }
  }

  /// In the middle of zeros. The size is not smaller than the image's.
  private func padded(to size: ImageSize) -> Image {
    if size.width == width, size.height == height { return self }
    let (left, top) = ((size.width - width) / 2, (size.height - height) / 2)
    let row = width * channels
    return Image(width: size.width, height: size.height, channels: channels) { target in
      for y in 0..<height {
        let start = ((top + y) * size.width + left) * channels
        for index in 0..<row { target[start + index] = pixels[y * row + index] }
      }
    }
  }
}
