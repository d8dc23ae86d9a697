extension Image {
  /// Each pixel as a square of `factor` x `factor` pixels.
  public func enlarged(by factor: Int) -> Image {
    require(factor >= 1, "Image: enlarged by \(factor)")
    if factor == 1 { return self }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(self.pixels.count * factor * factor)
    let row = width * channels
    for y in 0..<height {
      var line: [UInt8] = []
      line.reserveCapacity(row * factor)
      for x in 0..<width {
        let start = y * row + x * channels
        let pixel = self.pixels[start..<start + channels]
        for _ in 0..<factor { line += pixel }
      }
      for _ in 0..<factor { pixels += line }
    }
    return Image(width: width * factor, height: height * factor, channels: channels) { target in
      for index in pixels.indices { target[index] = pixels[index] }
    }
  }
}
