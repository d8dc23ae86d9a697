import Archives
import Files

/// A file of MNIST's kind, packed by gzip or not: a big-endian header, then one byte a value
/// (http://yann.lecun.com/exdb/mnist, "the IDX file format").
struct IDXFile: Sendable {
  /// How many images or labels were read.
  let count: Int
  /// How many the file has.
  let total: Int
  /// Rows and columns; none for labels.
  let size: ImageSize?
  let bytes: Table<UInt8>

  private static let images: UInt32 = 2051
  private static let labels: UInt32 = 2049
  /// Deflate cannot make more of a byte.
  private static let largestRatio = 1032

  /// Whether the file starts as one of images or labels does, unpacked where it is a gzip file.
  static func recognizes(_ path: String) throws(AIGCError) -> Bool {
    let start = try GzipReader(path: path).read(4)
    return [images, labels].contains(word(start, 0))
  }

  /// A file of images.
  /// - Parameter limit: no more images than that are read.
  /// - Throws: ``/Files/AIGCError`` (badInput).
  static func images(_ path: String, limit: Int? = nil) throws(AIGCError) -> IDXFile {
    try IDXFile(path, magic: images, limit: limit)
  }

  /// The labels, one byte each.
  /// - Throws: ``/Files/AIGCError`` (badInput).
  static func labels(_ path: String, limit: Int? = nil) throws(AIGCError) -> IDXFile {
    try IDXFile(path, magic: labels, limit: limit)
  }

  private init(_ path: String, magic: UInt32, limit: Int?) throws(AIGCError) {
    let reader = try GzipReader(path: path)
    let headerSize = magic == Self.images ? 16 : 8
    let header = try reader.read(headerSize)
    let kind = magic == Self.images ? "images" : "labels"
    guard header.count == headerSize else {
      throw .badInput("\(path): no IDX file: it ends inside the header")
    }
    guard Self.word(header, 0) == magic else {
      let isOther = [Self.images, Self.labels].contains(Self.word(header, 0))
      let found = isOther ? "an IDX file, but not of \(kind)" : "no IDX file of \(kind)"
      throw .badInput("\(path): \(found): it starts with \(Self.word(header, 0)), not \(magic)")
    }
    let count = Int(Self.word(header, 4))
    guard count > 0 else { throw .badInput("\(path): no \(kind) in the file") }
    var (imageSize, itemSize): (ImageSize?, Int) = (nil, 1)
    if magic == Self.images {
      let (rows, columns) = (Int(Self.word(header, 8)), Int(Self.word(header, 12)))
      guard rows > 0, columns > 0, rows <= ImageSize.longestSide,
        columns <= ImageSize.longestSide
      else {
        throw .badInput("\(path): damaged IDX file: images of \(columns) x \(rows) pixels")
      }
      imageSize = ImageSize(width: columns, height: rows)
      itemSize = rows * columns
    }
    let kept = min(count, limit ?? count)
    // At most 2³² items of 2²⁴ bytes: no overflow.
    try Self.check(path, reader.isCompressed, headerSize + count * itemSize)
    let table = try MutableTable<UInt8>(count: kept * itemSize)
    guard try reader.fill(table, from: 0) == table.count else {
      throw .badInput("\(path): truncated: \(count) \(kind) are announced")
    }
    if kept == count, try !reader.read(1).isEmpty {
      throw .badInput("\(path): damaged IDX file: it goes on after its \(count) \(kind)")
    }
    (self.count, total) = (kept, count)
    (size, bytes) = (imageSize, table.frozen())
  }

  /// Memory is taken only for what the file can hold.
  private static func check(
    _ path: String, _ isCompressed: Bool, _ expected: Int
  ) throws(AIGCError) {
    let size = try MappedFile(path: path).count
    guard isCompressed ? expected / largestRatio <= size : expected == size else {
      throw .badInput(
        "\(path): truncated or damaged IDX file: its header announces \(expected) bytes, it has "
          + "\(size)")
    }
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    guard bytes.count >= offset + 4 else { return 0 }
    return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  // MARK: Names

  private static let trainingImages = "train-images-idx3-ubyte"

  /// The file of training images in a folder of MNIST's files; nil where there is none.
  static func trainingImages(in folder: String) -> String? {
    spellings(of: "\(folder)/\(trainingImages)").first { fileExists($0) }
  }

  /// The file of labels that belongs to a file of images by its name; nil where there is none.
  static func labels(beside path: String) -> String? {
    var name = lastComponent(of: path)
    if name.hasSuffix(".gz") { name.removeLast(3) }
    for (images, labels) in [("images-idx3", "labels-idx1"), ("images.idx3", "labels.idx1")]
    where name.contains(images) {
      let parts = name.split(separator: images, maxSplits: 1, omittingEmptySubsequences: false)
      let path = "\(parentFolder(of: path))/\(parts.joined(separator: labels))"
      return spellings(of: path).first { fileExists($0) }
    }
    return nil
  }

  /// The names under which a file of MNIST is found: Kaggle's copy has a dot before "idx".
  private static func spellings(of path: String) -> [String] {
    let folder = parentFolder(of: path)
    let name = lastComponent(of: path)
    let dotted = name.split(separator: "-idx").joined(separator: ".idx")
    return [name, "\(name).gz", dotted, "\(dotted).gz"].map { "\(folder)/\($0)" }
  }
}
