import Files

/// Images shown one after the other: an animated PNG (W3C, Portable Network Graphics, third edition,
/// section 11.3.3). What does not know animations shows the first image.
public struct AnimatedImage: Sendable {
  /// How many there are: one at least.
  public let count: Int
  /// Columns of each.
  public let width: Int
  /// Rows of each.
  public let height: Int
  private let make: @Sendable (Int) -> Image
  /// How long each is shown, in milliseconds; the last one may stay longer.
  public let milliseconds: Int
  /// How long the last frame is shown before the first one follows again, in milliseconds.
  public let lastMilliseconds: Int

  /// - Parameters:
  ///   - frames: at least one, all of the same size and channels.
  ///   - milliseconds: how long each is shown, clipped to 1 … 65535.
  ///   - lastMilliseconds: how long the last one is shown; nil: as the others.
  public init(_ frames: [Image], milliseconds: Int, lastMilliseconds: Int? = nil) {
    require(!frames.isEmpty, "AnimatedImage: no frames")
    require(
      frames.allSatisfy {
        ($0.width, $0.height, $0.channels)
          == (frames[0].width, frames[0].height, frames[0].channels)
      }, "AnimatedImage: frames of different sizes")
    self.init(
      count: frames.count, width: frames[0].width, height: frames[0].height,
      milliseconds: milliseconds, lastMilliseconds: lastMilliseconds
    ) { frames[$0] }
  }

  /// Frames that are drawn when it is their turn, so that a long film needs memory for one of them.
  /// - Parameters:
  ///   - count: how many there are: one at least.
  ///   - width: columns of each.
  ///   - height: rows of each.
  ///   - milliseconds: how long each is shown, clipped to 1 … 65535.
  ///   - lastMilliseconds: how long the last one is shown; nil: as the others.
  ///   - frame: gives each, all of that size and of as many channels.
  public init(
    count: Int, width: Int, height: Int, milliseconds: Int, lastMilliseconds: Int? = nil,
    frame: @escaping @Sendable (Int) -> Image
  ) {
    require(count > 0, "AnimatedImage: no frames")
    (self.count, self.width, self.height, make) = (count, width, height, frame)
    // The file has 16 bits for them.
    self.milliseconds = min(max(milliseconds, 1), 65535)
    self.lastMilliseconds = min(max(lastMilliseconds ?? milliseconds, 1), 65535)
  }

  /// The frame at `index`.
  func frame(_ index: Int) -> Image {
    let image = make(index)
    require(
      image.width == width && image.height == height, "AnimatedImage: frames of different sizes")
    return image
  }

  /// The file; it is shown again and again. The same images give the same bytes.
  /// - Throws: ``/Files/AIGCError``: failed when libpng has no memory, interrupted.
  public func png() throws(AIGCError) -> [UInt8] {
    var output = PNGChunks.signature
    var sequence = 0
    func nextNumber() -> [UInt8] {
      defer { sequence += 1 }
      return PNGChunks.number(sequence)
    }
    for index in 0..<count {
      try Interruption.check()
      let file = try Table(frame(index).png())
      let isFirst = index == 0
      var isControlled = false
      for chunk in PNGChunks.read(file) where chunk.name != "IEND" {
        let data = file.slice(chunk.data).array(of: UInt8.self)
        let isPixels = chunk.name == "IDAT"
        if isPixels, !isControlled {
          if isFirst {
            // Number of frames, and of repetitions: 0 is without end.
            let control = PNGChunks.number(count) + PNGChunks.number(0)
            output += PNGChunks.chunk("acTL", control)
          }
          output += PNGChunks.chunk("fcTL", nextNumber() + control(index))
          isControlled = true
        }
        if isFirst {
          output += PNGChunks.chunk(chunk.name, data)
        } else if isPixels {
          output += PNGChunks.chunk("fdAT", nextNumber() + data)
        }
      }
    }
    return output + PNGChunks.chunk("IEND", [])
  }

  /// Size, place and duration of a frame, which replaces the one before.
  private func control(_ index: Int) -> [UInt8] {
    let time = index == count - 1 ? lastMilliseconds : milliseconds
    let (width, height) = (PNGChunks.number(self.width), PNGChunks.number(self.height))
    let place = PNGChunks.number(0) + PNGChunks.number(0)
    let duration = PNGChunks.number(time).suffix(2) + PNGChunks.number(1000).suffix(2)
    return width + height + place + duration + [0, 0]
  }

  /// Writes the file, which appears when complete (an export: no fsync).
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder is missing or the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    let file = try OutputFile(path: path)
    try file.write(png())
    try file.commit(sync: false)
  }
}
