import Files

/// What the first bytes of an image's file say.
struct ImageHeader: Sendable, Equatable {
  enum Format: Sendable {
    case png, jpeg, netpbm
  }

  let format: Format
  let width: Int
  let height: Int
  /// 1, 3 or 4.
  let channels: Int
}

extension Image {
  /// Larger images are not read: a small file can announce any size.
  public static let largestPixelCount = 100_000_000

  /// Reads a PNG, JPEG, PGM or PPM file.
  /// - Parameters:
  ///   - path: of the file.
  ///   - ignoresOrientation: see ``decode(_:name:ignoresOrientation:)``.
  /// - Throws: ``/Files/AIGCError`` (badInput), one line that names the file.
  public static func read(
    _ path: String, ignoresOrientation: Bool = false
  ) throws(AIGCError) -> Image {
    try decode(
      MappedFile(path: path).bytes(), name: path, ignoresOrientation: ignoresOrientation)
  }

  /// The image in the bytes of a PNG, JPEG, PGM or PPM file; its first bytes say which. Values are 8 bits
  /// wide: 1 channel for grey, 3 for colours, 4 with alpha.
  /// - Parameters:
  ///   - bytes: of the whole file.
  ///   - name: what the bytes are, for messages.
  ///   - ignoresOrientation: whether pixels are given as they are stored; else they are turned as EXIF says.
  /// - Throws: ``/Files/AIGCError`` (badInput) when they are none of these, damaged, truncated or larger than
  ///   ``largestPixelCount``.
  public static func decode(
    _ bytes: Table<UInt8>, name: String, ignoresOrientation: Bool = false
  ) throws(AIGCError) -> Image {
    let header = try header(bytes, name: name, ignoresOrientation: true)
    let stored =
      switch header.format {
      case .png: try PNGReader.decode(bytes, header, name: name)
      case .jpeg: try JPEGReader.decode(bytes, header, name: name)
      case .netpbm: try NetpbmReader(bytes, name: name).decode(bytes, name: name)
      }
    return ignoresOrientation ? stored : stored.turned(Orientation(of: bytes))
  }

  /// - Parameter ignoresOrientation: whether width and height are those that are stored.
  /// - Throws: ``/Files/AIGCError`` (badInput) also when the image is too large.
  static func header(
    _ bytes: Table<UInt8>, name: String, ignoresOrientation: Bool
  ) throws(AIGCError) -> ImageHeader {
    let header: ImageHeader
    switch try format(bytes, name: name) {
    case .png: header = try PNGReader.header(bytes, name: name)
    case .jpeg: header = try JPEGReader.header(bytes, name: name)
    case .netpbm: header = try NetpbmReader(bytes, name: name).header
    }
    let sides = 1...longestSide
    guard sides.contains(header.width), sides.contains(header.height),
      header.width * header.height <= largestPixelCount
    else {
      throw .badInput(
        "\(name): \(header.width) x \(header.height) pixels: more than \(largestPixelCount) in all "
          + "or \(longestSide) a side are not read")
    }
    guard !ignoresOrientation, Orientation(of: bytes).isSideways else { return header }
    return ImageHeader(
      format: header.format, width: header.height, height: header.width, channels: header.channels)
  }

  private static func format(
    _ bytes: Table<UInt8>, name: String
  ) throws(AIGCError) -> ImageHeader.Format {
    if let format = format(bytes) { return format }
    if let (other, _) = others.first(where: { starts(bytes, $0.1) }) {
      throw .badInput("\(name): \(other) images are not read; make it PNG or JPEG")
    }
    throw .badInput("\(name): \(bytes.count == 0 ? "the file is empty" : "no PNG or JPEG image")")
  }

  /// nil for what is no image that can be read.
  static func format(_ bytes: Table<UInt8>) -> ImageHeader.Format? {
    if starts(bytes, PNGChunks.signature) { return .png }
    if starts(bytes, [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if starts(bytes, Array("P5".utf8)) || starts(bytes, Array("P6".utf8)) { return .netpbm }
    return nil
  }

  /// Formats that are known and not read.
  private static let others: [(String, [UInt8])] = [
    ("GIF", Array("GIF8".utf8)), ("BMP", Array("BM".utf8)), ("TIFF", Array("II*\0".utf8)),
    ("TIFF", Array("MM\0*".utf8)), ("WebP", Array("RIFF".utf8)),
  ]

  /// Whether a file of any name is an image, of a format that is read or not. More is asked for than of a
  /// file that is called one: texts begin with "P5" and "BM" too.
  /// - Parameter start: its first bytes, 32 where it has so many.
  static func isImage(start bytes: [UInt8]) -> Bool {
    func holds(_ text: String, at offset: Int) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    if bytes.starts(with: PNGChunks.signature) || bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      return true
    }
    if holds("P5", at: 0) || holds("P6", at: 0) {
      let next = bytes.dropFirst(2).drop { [0x09, 0x0A, 0x0D, 0x20].contains($0) }
      guard next.startIndex > 2, let first = next.first else { return false }
      return (0x30...0x39).contains(first) || first == UInt8(ascii: "#")
    }
    if holds("RIFF", at: 0) { return holds("WEBP", at: 8) }
    // Six bytes of size, then four zeros.
    if holds("BM", at: 0) { return bytes.count >= 26 && bytes[6..<10].allSatisfy { $0 == 0 } }
    if holds("ftyp", at: 4) { return ["avif", "heic", "mif1"].contains { holds($0, at: 8) } }
    return others.contains { bytes.starts(with: $0.1) }
  }

  private static func starts(_ bytes: Table<UInt8>, _ start: [UInt8]) -> Bool {
    bytes.count >= start.count && start.indices.allSatisfy { bytes[$0] == start[$0] }
  }

  /// Writes a JPEG file where the name ends in .jpg or .jpeg, else a PNG file. It appears when complete (an
  /// export: no fsync).
  /// - Parameters:
  ///   - path: of the file; its ending chooses the format.
  ///   - quality: see ``jpeg(quality:)``.
  /// - Throws: ``/Files/AIGCError``: usage for another ending, failed when the folder is missing or the disk
  ///   refuses.
  public func write(to path: String, quality: Int = 90) throws(AIGCError) {
    try OutputKind.image.check(path)
    let bytes = OutputKind.isJPEG(path) ? try jpeg(quality: quality) : try png()
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit(sync: false)
  }
}
