import Files

/// What the first bytes of a picture's file say.
struct PictureHeader: Sendable, Equatable {
  enum Format: Sendable {
    case png, jpeg, netpbm
  }

  let format: Format
  let width: Int
  let height: Int
  /// 1, 3 or 4.
  let channels: Int
}

extension Picture {
  /// Larger pictures are not read: a small file can announce any size.
  public static let largestPixelCount = 100_000_000

  /// Reads a PNG, JPEG, PGM or PPM file.
  /// - Throws: ``AIGCError`` (badInput), one line that names the file.
  public static func read(_ path: String) throws(AIGCError) -> Picture {
    try decode(MappedFile(path: path).bytes(), name: path)
  }

  /// The picture in the bytes of a PNG, JPEG, PGM or PPM file; its first bytes say which. Values are 8 bits
  /// wide: 1 channel for grey, 3 for colours, 4 with alpha.
  /// - Parameter name: what the bytes are, for messages.
  /// - Throws: ``AIGCError`` (badInput) when they are none of these, damaged, truncated or larger than
  ///   ``largestPixelCount``.
  public static func decode(_ bytes: Table<UInt8>, name: String) throws(AIGCError) -> Picture {
    let header = try header(bytes, name: name)
    switch header.format {
    case .png: return try PNGReader.decode(bytes, header, name: name)
    case .jpeg: return try JPEGReader.decode(bytes, header, name: name)
    case .netpbm: return try NetpbmReader(bytes, name: name).decode(bytes, name: name)
    }
  }

  /// - Throws: ``AIGCError`` (badInput) also when the picture is too large.
  static func header(_ bytes: Table<UInt8>, name: String) throws(AIGCError) -> PictureHeader {
    let header: PictureHeader
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
    return header
  }

  private static func format(
    _ bytes: Table<UInt8>, name: String
  ) throws(AIGCError) -> PictureHeader.Format {
    if let format = format(bytes) { return format }
    let others: [(String, [UInt8])] = [
      ("GIF", Array("GIF8".utf8)), ("BMP", Array("BM".utf8)), ("TIFF", Array("II*\0".utf8)),
      ("TIFF", Array("MM\0*".utf8)), ("WebP", Array("RIFF".utf8)),
    ]
    if let (other, _) = others.first(where: { starts(bytes, $0.1) }) {
      throw .badInput("\(name): \(other) pictures are not read; make it PNG or JPEG")
    }
    throw .badInput("\(name): \(bytes.count == 0 ? "the file is empty" : "no PNG or JPEG picture")")
  }

  /// nil for what is no picture that can be read.
  static func format(_ bytes: Table<UInt8>) -> PictureHeader.Format? {
    if starts(bytes, PNGChunks.signature) { return .png }
    if starts(bytes, [0xFF, 0xD8, 0xFF]) { return .jpeg }
    if starts(bytes, Array("P5".utf8)) || starts(bytes, Array("P6".utf8)) { return .netpbm }
    return nil
  }

  private static func starts(_ bytes: Table<UInt8>, _ start: [UInt8]) -> Bool {
    bytes.count >= start.count && start.indices.allSatisfy { bytes[$0] == start[$0] }
  }

  /// Writes a JPEG file where the name ends in .jpg or .jpeg, else a PNG file. It appears when complete (an
  /// export: no fsync).
  /// - Parameter quality: see ``jpeg(quality:)``.
  /// - Throws: ``AIGCError`` (failed) when the folder is missing or the disk refuses.
  public func write(to path: String, quality: Int = 90) throws(AIGCError) {
    let name = path.lowercased()
    let isJPEG = name.hasSuffix(".jpg") || name.hasSuffix(".jpeg")
    let bytes = isJPEG ? try jpeg(quality: quality) : try png()
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.commit(sync: false)
  }
}
