extension Picture {
  /// The picture of network values.
  /// - Parameter values: [height, width, channels] from −1 (byte 0) to 1 (byte 255), clipped there; what is
  ///   no number is −1.
  public init(values: some RandomAccessCollection<Float>, size: PictureSize, channels: Int) {
    require(
      values.count == size.width * size.height * channels,
      "Picture: \(values.count) values for \(size), \(channels) channels")
    self.init(width: size.width, height: size.height, channels: channels) { pixels in
      for (index, value) in values.enumerated() {
        let level = ((value + 1) * 127.5).rounded()
        // The comparisons are false for NaN.
        pixels[index] = level >= 255 ? 255 : level > 0 ? UInt8(level) : 0
      }
    }
  }

  /// The pictures of a batch of network values, [count, height, width, channels].
  public static func pictures(values: [Float], size: PictureSize, channels: Int) -> [Picture] {
    let count = size.width * size.height * channels
    require(
      count > 0 && values.count % count == 0,
      "Picture: \(values.count) values in pictures of \(size), \(channels) channels")
    return stride(from: 0, to: values.count, by: count).map { start in
      Picture(values: values[start..<start + count], size: size, channels: channels)
    }
  }

  /// Pictures side by side, row after row, in one picture.
  /// - Parameters:
  ///   - pictures: at least one, all of the same size and channels.
  ///   - columns: pictures of a row; what is missing in the last one stays black (with alpha: empty).
  ///   - padding: black pixels around each picture: 2 as torchvision's `make_grid`, 0 for none.
  public static func grid(_ pictures: [Picture], columns: Int, padding: Int = 2) -> Picture {
    require(
      columns > 0 && padding >= 0, "Picture.grid: \(columns) columns, \(padding) padding")
    guard let first = pictures.first else { preconditionFailure("Picture.grid: no pictures") }
    let columns = min(columns, pictures.count)
    let rows = (pictures.count + columns - 1) / columns
    let (cellWidth, cellHeight) = (first.width + padding, first.height + padding)
    let (width, height) = (columns * cellWidth + padding, rows * cellHeight + padding)
    return Picture(width: width, height: height, channels: first.channels) { target in
      for (index, picture) in pictures.enumerated() {
        require(
          picture.width == first.width && picture.height == first.height
            && picture.channels == first.channels, "Picture.grid: pictures of different sizes")
        let left = (index % columns) * cellWidth + padding
        let top = (index / columns) * cellHeight + padding
        let row = picture.width * picture.channels
        for y in 0..<picture.height {
          let start = ((top + y) * width + left) * picture.channels
          for place in 0..<row { target[start + place] = picture.pixels[y * row + place] }
        }
      }
    }
  }
}
