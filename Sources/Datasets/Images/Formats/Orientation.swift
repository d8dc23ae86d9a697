import Files

/// How a stored image is to be turned to be seen upright: EXIF's tag 0x0112 (CIPA DC-008, 4.6.5.A).
public enum Orientation: Int, Sendable, CaseIterable {
  /// As it is stored.
  case none = 1
  /// Left to right.
  case mirrored
  case halfTurn
  /// Top to bottom.
  case flipped
  /// Along the diagonal from the upper left to the lower right.
  case transposed
  /// A quarter turn to the right.
  case right
  /// Along the other diagonal.
  case transversed
  /// A quarter turn to the left.
  case left

  /// Whether rows become columns.
  public var isSideways: Bool { rawValue > 4 }

  /// That of a JPEG or PNG file; ``none`` where it says nothing that has a meaning. Nothing in a damaged
  /// file is an error here: who decodes it finds what matters.
  init(of bytes: Table<UInt8>) {
    let block =
      switch Image.format(bytes) {
      case .jpeg: Self.jpegBlock(bytes)
      case .png: Self.pngBlock(bytes)
      default: nil as Range<Int>?
      }
    self =
      block.flatMap { Self.tag(bytes.slice($0)) }.flatMap { Orientation(rawValue: $0) } ?? .none
  }

  /// The EXIF block of a JPEG file: the first APP1 segment of that name before the pixels.
  private static func jpegBlock(_ bytes: Table<UInt8>) -> Range<Int>? {
    var offset = 2
    while offset + 4 <= bytes.count {
      // What stands between segments is passed over, as libjpeg does.
      guard bytes[offset] == 0xFF, bytes[offset + 1] != 0, bytes[offset + 1] != 0xFF else {
        offset += 1
        continue
      }
      let marker = bytes[offset + 1]
      // Markers without a segment.
      if (0xD0...0xD8).contains(marker) || marker == 1 {
        offset += 2
        continue
      }
      // The pixels begin, or the end is here.
      if marker == 0xD9 || marker == 0xDA { return nil }
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      let end = offset + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let data = offset + 4..<end
      if marker == 0xE1, data.count >= 6,
        exif.indices.allSatisfy({ bytes[data.lowerBound + $0] == exif[$0] })
      {
        return data
      }
      offset = end
    }
    return nil
  }

  /// The chunk eXIf of a PNG file (W3C, Portable Network Graphics, third edition, section 11.3.4.6).
  private static func pngBlock(_ bytes: Table<UInt8>) -> Range<Int>? {
    var offset = PNGChunks.signature.count
    while let length = bytes.load(UInt32.self, at: offset).map({ Int($0.bigEndian) }),
      let name = bytes.load(UInt32.self, at: offset + 4)?.bigEndian,
      length <= bytes.count - offset - 12
    {
      // "eXIf", "IEND".
      if name == 0x6558_4966 { return offset + 8..<offset + 8 + length }
      if name == 0x4945_4E44 { return nil }
      offset += length + 12
    }
    return nil
  }

  private static let exif = Array("Exif\0\0".utf8)

  /// The value of tag 0x0112 of the first directory of a TIFF block (TIFF 6.0, section 2); nil where there is
  /// none. Of repeated entries the last one counts, as in Pillow. Nothing that the block refers to is read.
  private static func tag(_ block: Table<UInt8>) -> Int? {
    let start = block.count >= 6 && exif.indices.allSatisfy({ block[$0] == exif[$0] }) ? 6 : 0
    let bytes = block.slice(start..<block.count)
    guard let order = bytes.load(UInt16.self, at: 0), order == 0x4949 || order == 0x4D4D else {
      return nil
    }
    let isBig = order == 0x4D4D
    func short(_ offset: Int) -> Int? {
      bytes.load(UInt16.self, at: offset).map { Int(isBig ? $0.bigEndian : $0) }
    }
    func word(_ offset: Int) -> Int? {
      bytes.load(UInt32.self, at: offset).map { Int(isBig ? $0.bigEndian : $0) }
    }
    guard short(2) == 42, let directory = word(4), let count = short(directory) else { return nil }
    var found: Int?
    for index in 0..<count {
      let entry = directory + 2 + index * 12
      guard let tag = short(entry), let type = short(entry + 2), let values = word(entry + 4),
        let wide = word(entry + 8), let narrow = short(entry + 8)
      else { break }
      guard tag == 0x0112, values == 1 else { continue }
      // SHORT, as it should be, and LONG.
      switch type {
      case 3: found = narrow
      case 4: found = wide
      default: break
      }
    }
    return found
  }
}

extension Image {
  /// Turned as `orientation` says.
  public func turned(_ orientation: Orientation) -> Image {
    if orientation == .none { return self }
    let (w, h, c) = (width, height, channels)
    // Of the new image's pixel (x, y): where in the old one it stands, and how far from there the next
    // pixel of its row and of its column do.
    let (first, across, down) =
      switch orientation {
      case .none: (0, 1, w)
      case .mirrored: (w - 1, -1, w)
      case .halfTurn: (w * h - 1, -1, -w)
      case .flipped: (w * (h - 1), 1, -w)
      case .transposed: (0, w, 1)
      case .right: (w * (h - 1), -w, 1)
      case .transversed: (w * h - 1, -w, -1)
      case .left: (w - 1, w, -1)
      }
    let (newWidth, newHeight) = orientation.isSideways ? (h, w) : (w, h)
    return Image(width: newWidth, height: newHeight, channels: c) { target in
      pixels.withUnsafeBufferPointer { source in
        var to = 0
        for y in 0..<newHeight {
          var from = (first + y * down) * c
          for _ in 0..<newWidth {
            for channel in 0..<c { target[to &+ channel] = source[from &+ channel] }
            to &+= c
            from &+= across &* c
          }
        }
      }
    }
  }
}
