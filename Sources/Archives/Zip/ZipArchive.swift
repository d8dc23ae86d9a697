import CZlib
import Files

/// The entries of a zip file (PKWARE's APPNOTE), stored or deflated, with the 64-bit extension.
///
/// Sizes come from the central directory at the end, so entries whose own headers leave them to a
/// data descriptor are read too. Checksums are not compared: PyTorch does not do it either, and can
/// be told not to compute them; images have their own.
public struct ZipArchive: Sendable {
  /// A file, a folder or a link in the archive, as the central directory describes it.
  public struct Entry: Sendable {
    /// The name as text, with U+FFFD where its bytes are not UTF-8.
    public fileprivate(set) var name: String
    /// 0 is stored, 8 deflated.
    var method: UInt16
    var isEncrypted: Bool
    var packedSize: Int
    /// Bytes when unpacked, as the directory says.
    public fileprivate(set) var size: Int
    /// Where its own header begins.
    var offset: Int
    /// Where the name stands in the file.
    package var nameBytes: Range<Int>
    /// Whether it is a symbolic link, whose contents are the path that it leads to.
    package var isLink: Bool
  }

  /// The first four bytes of a file with at least one entry.
  public static let localSignature: UInt32 = 0x0403_4B50
  private static let directorySignature: UInt32 = 0x0201_4B50
  /// The first four bytes of a file without entries.
  package static let endSignature: UInt32 = 0x0605_4B50
  private static let end64Signature: UInt32 = 0x0606_4B50
  private static let locator64Signature: UInt32 = 0x0706_4B50
  /// Deflate cannot make more of a byte.
  private static let largestRatio = 1032

  let path: String
  let bytes: Table<UInt8>
  /// In the order of the directory.
  public private(set) var entries: [Entry] = []
  private var indices: [String: Int] = [:]
  /// What unpacked entries may still take together. An entry may be named many times and packed
  /// zeros grow a thousandfold: a small file shall not fill the memory.
  private var unpackable: Int

  /// - Parameters:
  ///   - path: of the file, for messages.
  ///   - bytes: the whole file.
  ///   - hasUniqueNames: whether two entries of one name are refused; names that are not UTF-8 may look
  ///     the same.
  /// - Throws: ``/Files/AIGCError`` (badInput).
  public init(
    path: String, bytes: Table<UInt8>, hasUniqueNames: Bool = true
  ) throws(AIGCError) {
    self.path = path
    self.bytes = bytes
    unpackable = (64 << 20) + bytes.count * 100
    try readDirectory(hasUniqueNames)
  }

  private func damaged(_ what: String) -> AIGCError {
    .badInput("\(path): damaged or truncated zip file: \(what)")
  }

  private func short(_ offset: Int) throws(AIGCError) -> Int {
    guard let value = bytes.load(UInt16.self, at: offset) else { throw damaged("a header is cut") }
    return Int(value)
  }

  private func word(_ offset: Int) throws(AIGCError) -> Int {
    guard let value = bytes.load(UInt32.self, at: offset) else { throw damaged("a header is cut") }
    return Int(value)
  }

  private func long(_ offset: Int) throws(AIGCError) -> Int {
    guard let value = bytes.load(UInt64.self, at: offset) else { throw damaged("a header is cut") }
    guard let number = Int(exactly: value) else { throw damaged("a size of \(value) bytes") }
    return number
  }

  // MARK: Directory

  private mutating func readDirectory(_ hasUniqueNames: Bool) throws(AIGCError) {
    let end = try findEnd()
    var (count, offset) = (try short(end + 10), try word(end + 16))
    if bytes.load(UInt32.self, at: end - 20) == Self.locator64Signature {
      let record = try long(end - 20 + 8)
      guard bytes.load(UInt32.self, at: record) == Self.end64Signature else {
        throw damaged("no 64-bit end record at byte \(record)")
      }
      (count, offset) = (try long(record + 32), try long(record + 48))
    }
    // 46 bytes an entry.
    guard offset <= end, count <= (end - offset) / 46 else {
      throw damaged("a directory of \(count) entries at byte \(offset)")
    }
    entries.reserveCapacity(count)
    // Entries that share their bytes would make a small file as large as they are many.
    var room = bytes.count
    for _ in 0..<count {
      let entry = try readEntry(&offset)
      guard entry.packedSize <= room else { throw damaged("its entries overlap") }
      room -= entry.packedSize
      let isRepeated = indices.updateValue(entries.count, forKey: entry.name) != nil
      if isRepeated, hasUniqueNames {
        throw damaged("two entries are called \(printable(entry.name))")
      }
      entries.append(entry)
    }
  }

  /// The end record stands in the last bytes, before a comment of at most 65535.
  private func findEnd() throws(AIGCError) -> Int {
    var offset = bytes.count - 22
    let last = max(0, offset - 0xFFFF)
    while offset >= last {
      if bytes.load(UInt32.self, at: offset) == Self.endSignature,
        try short(offset + 20) <= bytes.count - offset - 22
      {
        return offset
      }
      offset -= 1
    }
    throw damaged("its directory is missing")
  }

  private func readEntry(_ offset: inout Int) throws(AIGCError) -> Entry {
    guard bytes.load(UInt32.self, at: offset) == Self.directorySignature else {
      throw damaged("no directory entry at byte \(offset)")
    }
    let (nameSize, extraSize) = (try short(offset + 28), try short(offset + 30))
    let next = offset + 46 + nameSize + extraSize + (try short(offset + 32))
    guard next <= bytes.count else { throw damaged("a directory entry is cut") }
    let (system, mode) = (try short(offset + 4) >> 8, try short(offset + 40))
    var entry = Entry(
      name: bytes.text(offset + 46..<offset + 46 + nameSize),
      method: UInt16(try short(offset + 10)), isEncrypted: try short(offset + 8) & 1 != 0,
      packedSize: try word(offset + 20), size: try word(offset + 24),
      offset: try word(offset + 42), nameBytes: offset + 46..<offset + 46 + nameSize,
      // Made by a Unix (3) or macOS (19), with the mode of a link.
      isLink: [3, 19].contains(system) && mode & 0xF000 == 0xA000)
    let extra = offset + 46 + nameSize
    try readExtra(extra..<extra + extraSize, &entry)
    offset = next
    return entry
  }

  /// Numbers that are too large for 32 bits stand in an extra field, in this order.
  private func readExtra(_ range: Range<Int>, _ entry: inout Entry) throws(AIGCError) {
    var place = range.lowerBound
    while place + 4 <= range.upperBound {
      let (kind, size) = (try short(place), try short(place + 2))
      place += 4
      if kind == 1 {
        var field = place
        let end = min(place + size, range.upperBound)
        for key in [\Entry.size, \Entry.packedSize, \Entry.offset]
        where entry[keyPath: key] == 0xFFFF_FFFF && field + 8 <= end {
          entry[keyPath: key] = try long(field)
          field += 8
        }
      }
      // Info-ZIP's: version 1, the checksum of the name in the directory, the name in UTF-8.
      if kind == 0x7075, size > 5, place + size <= range.upperBound, bytes[place] == 1,
        bytes.load(UInt32.self, at: place + 1) == checksum(entry.nameBytes)
      {
        entry.nameBytes = place + 5..<place + size
      }
      place += size
    }
  }

  private func checksum(_ range: Range<Int>) -> UInt32 {
    bytes.slice(range).withUnsafeBuffer {
      UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count)))
    }
  }

  // MARK: Contents

  /// Whether the archive has an entry of that name.
  public func contains(_ name: String) -> Bool { indices[name] != nil }

  /// The unpacked size of an entry in bytes, as the directory says; nil when there is none.
  public func size(of name: String) -> Int? { indices[name].map { entries[$0].size } }

  /// The bytes of an entry: a part of the mapped file when it is stored, unpacked otherwise.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing or damaged, or all entries asked for would
  ///   unpack to more than their file can honestly hold.
  public mutating func contents(of name: String) throws(AIGCError) -> Table<UInt8> {
    guard let index = indices[name] else {
      throw damaged("the entry \(printable(name)) is missing")
    }
    let entry = entries[index]
    let table = try contents(of: entry, limit: unpackable)
    if entry.method != 0 { unpackable -= entry.size }
    return table
  }

  /// The bytes of one of ``entries``.
  /// - Parameters:
  ///   - entry: one of ``entries``.
  ///   - limit: an entry that would unpack to more bytes is refused.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged or too large.
  public func contents(of entry: Entry, limit: Int) throws(AIGCError) -> Table<UInt8> {
    let shown = printable(entry.name)
    let packed = try packed(entry)
    switch entry.method {
    case 0:
      guard entry.size == entry.packedSize else { throw damaged("\(shown) has two sizes") }
      return packed
    case 8:
      guard entry.size / Self.largestRatio <= entry.packedSize, entry.size <= limit else {
        throw damaged("\(shown) would unpack to \(entry.size) bytes")
      }
      return try inflateRaw(packed, size: entry.size, name: "\(path): \(shown)")
    default: throw .badInput("\(path): \(shown): compression method \(entry.method) is not read")
    }
  }

  /// The first bytes of an entry, at most `count`; fewer or none when it is damaged.
  package func start(of entry: Entry, count: Int) -> [UInt8] {
    guard let packed = try? packed(entry) else { return [] }
    switch entry.method {
    case 0: return packed.prefix(count).array(of: UInt8.self)
    case 8: return inflateStart(packed, count: min(count, entry.size))
    default: return []
    }
  }

  /// The bytes of an entry as they lie in the file.
  private func packed(_ entry: Entry) throws(AIGCError) -> Table<UInt8> {
    let shown = printable(entry.name)
    guard !entry.isEncrypted else { throw .badInput("\(path): \(shown) is encrypted") }
    guard bytes.load(UInt32.self, at: entry.offset) == Self.localSignature else {
      throw damaged("no entry \(shown) at byte \(entry.offset)")
    }
    // The entry's own header may have other extra fields than the directory says.
    let start =
      entry.offset + 30 + (try short(entry.offset + 26)) + (try short(entry.offset + 28))
    guard start <= bytes.count, entry.packedSize <= bytes.count - start else {
      throw damaged("\(shown) reaches beyond the end")
    }
    return bytes.slice(start..<start + entry.packedSize)
  }
}
