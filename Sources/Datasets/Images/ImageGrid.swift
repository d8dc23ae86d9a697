extension Image {
  /// The image of network values.
  /// - Parameters:
  ///   - values: [height, width, channels] from −1 (byte 0) to 1 (byte 255), clipped there; what is no number
  ///     is −1.
  ///   - size: of the image.
  ///   - channels: 1, 3 or 4.
  public init(values: some RandomAccessCollection<Float>, size: ImageSize, channels: Int) {
    require(
      values.count == size.width * size.height * channels,
      "Image: \(values.count) values for \(size), \(channels) channels")
    self.init(width: size.width, height: size.height, channels: channels) { pixels in
      for (index, value) in values.enumerated() {
        let level = ((value + 1) * 127.5).rounded()
        // The comparisons are false for NaN.
        pixels[index] = level >= 255 ? 255 : level > 0 ? UInt8(level) : 0
      }
    }
  }

  /// The images of a batch of network values, [count, height, width, channels].
  public static func images(values: [Float], size: ImageSize, channels: Int) -> [Image] {
    let count = size.width * size.height * channels
    require(
      count > 0 && values.count % count == 0,
      "Image: \(values.count) values in images of \(size), \(channels) channels")
    return stride(from: 0, to: values.count, by: count).map { start in
      Image(values: values[start..<start + count], size: size, channels: channels)
    }
  }

  /// Images side by side, row after row, in one image.
  /// - Parameters:
  ///   - images: at least one, all of the same size and channels.
  ///   - columns: images of a row; what is missing in the last one stays black (with alpha: empty).
  ///   - padding: black pixels around each image: 2 as torchvision's `make_grid`, 0 for none.
  public static func grid(_ images: [Image], columns: Int, padding: Int = 2) -> Image {
    require(
      columns > 0 && padding >= 0, "Image.grid: \(columns) columns, \(padding) padding")
    guard let first = images.first else { preconditionFailure("Image.grid: no images") }
    let columns = min(columns, images.count)
    let rows = (images.count + columns - 1) / columns
    let (cellWidth, cellHeight) = (first.width + padding, first.height + padding)
    let (width, height) = (columns * cellWidth + padding, rows * cellHeight + padding)
    return Image(width: width, height: height, channels: first.channels) { target in
      for (index, image) in images.enumerated() {
        require(
          image.width == first.width && image.height == first.height
            && image.channels == first.channels, "Image.grid: images of different sizes")
        let left = (index % columns) * cellWidth + padding
        let top = (index / columns) * cellHeight + padding
        let row = image.width * image.channels
        for y in 0..<image.height {
          let start = ((top + y) * width + left) * image.channels
          for place in 0..<row { target[start + place] = image.pixels[y * row + place] }
        }
      }
    }
  }
}
