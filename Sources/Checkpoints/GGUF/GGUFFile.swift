import Files
import Kernels

/// A GGUF file (github.com/ggml-org/ggml, docs/gguf.md), versions 2 and 3, mapped: metadata by key,
/// then the tensors' names, shapes and places, then their values.
///
/// A file may hold a vocabulary and no tensors.
public struct GGUFFile: Sendable {
  /// The path that was opened.
  public let path: String
  /// The version of the format, 2 or 3.
  public let version: Int
  /// What the file says of its model.
  public let metadata: GGUFMetadata
  /// Bytes that the places of tensors are multiples of.
  public let alignment: Int

  private let tensorCount: Int
  /// Behind the metadata, where the descriptions of the tensors begin.
  private let cursor: GGUFCursor

  /// The first four bytes, as a number.
  static let magic: UInt32 = 0x4655_4747
  /// What the places of tensors are multiples of where the metadata does not say it.
  static let defaultAlignment = 32
  /// GGML keeps names in 64 bytes with a NUL behind them.
  static let longestName = 63
  /// GGML's tensors have no more.
  static let largestRank = 4

  /// Opens a file and reads its metadata; the values of tensors stay in the file.
  /// - Throws: ``/Files/AIGCError`` (badInput), one line that names the file and what is wrong with it.
  public static func open(_ path: String) throws(AIGCError) -> GGUFFile {
    try GGUFFile(path: path, bytes: try MappedFile(path: path).bytes())
  }

  init(path: String, bytes: Table<UInt8>) throws(AIGCError) {
    self.path = path
    var cursor = GGUFCursor(path: path, bytes: bytes)
    guard bytes.load(UInt32.self, at: 0) == Self.magic else {
      throw .badInput("\(path): no GGUF file: it does not begin with \"GGUF\"")
    }
    try cursor.skip(4)
    let version = try cursor.read(UInt32.self)
    guard version & 0xFFFF != 0 else {
      throw .badInput("\(path): a big-endian GGUF file, which is not read; convert it anew")
    }
    guard version == 2 || version == 3 else {
      throw .badInput("\(path): version \(version) of GGUF is not read; 2 and 3 are")
    }
    self.version = Int(version)
    // A tensor's description has a name of 1, its rank, its type and its place; a pair a key of 1,
    // its type and a value.
    tensorCount = try cursor.count(of: "tensors", size: 8 + 1 + 4 + 4 + 8)
    let pairs = try cursor.count(of: "pairs of metadata", size: 8 + 1 + 4 + 1)
    metadata = try GGUFMetadata(&cursor, count: pairs)
    self.cursor = cursor
    alignment = try Self.alignment(metadata, path: path)
  }

  private static func alignment(
    _ metadata: GGUFMetadata, path: String
  ) throws(AIGCError) -> Int {
    guard let value = metadata["general.alignment"] else { return defaultAlignment }
    guard case .uint32(let alignment) = value, alignment > 0, alignment & (alignment - 1) == 0
    else {
      throw .badInput("\(path): damaged: general.alignment must be a power of two (uint32)")
    }
    return Int(alignment)
  }

  // MARK: Tensors

  private struct Entry {
    let name: String
    let type: GGUFType
    /// Outermost first.
    let shape: [Int]
    /// Bytes from the start of the values.
    let range: Range<Int>
  }

  /// The tensors, in the order of the file; shapes are given outermost first, the reverse of the
  /// file's.
  /// - Throws: ``/Files/AIGCError`` (badInput) when they overlap, reach beyond the file, are of a type that
  ///   is not read or in blocks that do not divide their rows.
  public func tensors() throws(AIGCError) -> [StoredTensor] {
    var cursor = cursor
    var entries: [Entry] = []
    entries.reserveCapacity(tensorCount)
    var names: Set<String> = []
    for _ in 0..<tensorCount {
      let entry = try entry(&cursor)
      guard names.insert(entry.name).inserted else {
        throw .badInput("\(path): two tensors are called \(printable(entry.name))")
      }
      entries.append(entry)
    }
    let (_, rest) = cursor.offset.quotientAndRemainder(dividingBy: alignment)
    let start = cursor.offset + (rest == 0 ? 0 : alignment - rest)
    let values = cursor.bytes.slice(min(start, cursor.bytes.count)..<cursor.bytes.count)
    try checkPlaces(entries, values.count)
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(entries.count)
    for entry in entries {
      tensors.append(
        try StoredTensor(
          name: entry.name, type: entry.type, shape: entry.shape,
          storage: values.slice(entry.range), place: place(entry.name)))
    }
    return tensors
  }

  private func place(_ name: String) -> String { "\(path): tensor \(printable(name))" }

  private func entry(_ cursor: inout GGUFCursor) throws(AIGCError) -> Entry {
    let name = try cursor.name(of: "tensor", longest: Self.longestName)
    let place = place(name)
    let rank = try cursor.read(UInt32.self)
    guard rank <= Self.largestRank else {
      throw .badInput("\(place): damaged: \(rank) dimensions; GGUF has at most \(Self.largestRank)")
    }
    var shape: [Int] = []
    for _ in 0..<rank {
      let size = try cursor.read(UInt64.self)
      guard let size = Int(exactly: size) else {
        throw .badInput("\(place): damaged: a dimension of \(size) values")
      }
      shape.insert(size, at: 0)
    }
    let type = try GGUFType(number: try cursor.read(UInt32.self), place: place)
    let offset = try cursor.read(UInt64.self)
    guard let size = type.byteCount(of: shape) else {
      if case .blocks(let blocks) = type, (shape.last ?? 1) % blocks.values != 0 {
        throw .badInput(
          "\(place): damaged: rows of \(shape.last ?? 1) values are no whole blocks of \(type.name), "
            + "which has \(blocks.values) each")
      }
      throw .badInput("\(place): damaged: the shape \(shape) is too large")
    }
    guard let begin = Int(exactly: offset), begin % alignment == 0, begin <= Int.max - size else {
      throw .badInput(
        "\(place): damaged: its values begin at \(offset), no multiple of \(alignment)")
    }
    return Entry(name: name, type: type, shape: shape, range: begin..<begin + size)
  }

  /// No two tensors share bytes, and none reaches beyond the end.
  private func checkPlaces(_ entries: [Entry], _ available: Int) throws(AIGCError) {
    var end = 0
    // Tensors without values begin where others do.
    let places = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in places {
      guard entry.range.upperBound <= available else {
        throw .badInput(
          "\(place(entry.name)): damaged or truncated: bytes \(entry.range.lowerBound) to "
            + "\(entry.range.upperBound) of \(available)")
      }
      guard entry.range.lowerBound >= end else {
        throw .badInput("\(place(entry.name)): damaged: its values overlap those of another")
      }
      end = entry.range.upperBound
    }
  }

  // MARK: As a file of tensors

  /// The tensors by name, with the metadata as texts.
  /// - Throws: as ``tensors()``; ``/Files/AIGCError`` (mismatch) for one part of a model in several files.
  public func checkpoint() throws(AIGCError) -> Checkpoint {
    if let parts = metadata["split.count"]?.int, parts > 1 {
      throw .mismatch(
        "\(path): one of \(parts) parts of a model; llama.cpp's program llama-gguf-split joins them"
      )
    }
    var texts: [String: String] = [:]
    for (key, value) in metadata.entries { texts[key] = value.summary }
    return try Checkpoint(
      path: path, format: .gguf, tensors: try tensors(), metadata: texts, gguf: metadata)
  }
}
