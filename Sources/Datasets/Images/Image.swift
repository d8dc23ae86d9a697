import Files

/// An image of 8-bit values: grey (1 channel), RGB (3) or RGB with alpha (4, not premultiplied).
public struct Image: Sendable, Equatable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1, 3 or 4.
  public let channels: Int
  /// `height` rows of `width` pixels of `channels` bytes, without gaps: the value of channel c in
  /// row y, column x stands at `(y * width + x) * channels + c`.
  public var pixels: [UInt8] {
    didSet { require(pixels.count == oldValue.count, "Image: the size is fixed") }
  }

  /// No side may be longer: the limit that libpng has.
  public static let longestSide = 1_000_000

  /// - Throws: ``/Files/AIGCError`` (badInput) when a side is not 1 to ``longestSide``, the number of
  ///   channels is not 1, 3 or 4, or the number of bytes does not fit them.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(AIGCError) {
    guard (1...Self.longestSide).contains(width), (1...Self.longestSide).contains(height),
      [1, 3, 4].contains(channels)
    else {
      throw .badInput("an image of \(width) x \(height) pixels, \(channels) channels: impossible")
    }
    guard pixels.count == width * height * channels else {
      throw .badInput(
        "an image of \(width) x \(height) pixels, \(channels) channels: \(pixels.count) bytes")
    }
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// An image of one colour.
  /// - Parameters:
  ///   - width: in pixels.
  ///   - height: in pixels.
  ///   - color: one value a channel: 1, 3 or 4 of them.
  public init(width: Int, height: Int, color: [UInt8]) {
    let sides = 1...Self.longestSide
    require(sides.contains(width) && sides.contains(height), "Image: impossible size")
    require([1, 3, 4].contains(color.count), "Image: 1, 3 or 4 channels")
    self.width = width
    self.height = height
    channels = color.count
    var row: [UInt8] = []
    row.reserveCapacity(width * channels)
    for _ in 0..<width { row += color }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(height * row.count)
    for _ in 0..<height { pixels += row }
    self.pixels = pixels
  }

  /// An image whose bytes `fill` sets, all of them zero before.
  init(
    width: Int, height: Int, channels: Int, fill: (UnsafeMutableBufferPointer<UInt8>) -> Void
  ) {
    let sides = 1...Self.longestSide
    require(sides.contains(width) && sides.contains(height), "Image: impossible size")
    require([1, 3, 4].contains(channels), "Image: 1, 3 or 4 channels, not \(channels)")
    self.width = width
    self.height = height
    self.channels = channels
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    pixels.withUnsafeMutableBufferPointer { fill($0) }
    self.pixels = pixels
  }
}
