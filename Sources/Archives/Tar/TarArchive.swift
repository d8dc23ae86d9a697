import Files

/// The entries of a tar file: the old format, ustar with POSIX's long names and sizes (IEEE Std 1003.1, pax),
/// and GNU's.
package struct TarArchive: Sendable {
  /// In the order of the file.
  package private(set) var entries: [ArchiveEntry] = []

  private let path: String
  private let bytes: Table<UInt8>
  private static let block = 512
  /// Names are not longer, in no sane file.
  private static let largestName = 1 << 16
  /// Bytes that tell what a file is.
  private static let start = 64

  /// What headers before a file say about it.
  private struct Extension {
    var name: [UInt8]?
    var link: [UInt8]?
    var size: Int?
    /// Whether only the parts that are no zeros are stored, behind a list of them.
    var isSparse = false
  }

  /// Whether the first block is the header of a tar file.
  package static func recognizes(_ bytes: Table<UInt8>) -> Bool {
    bytes.count >= block && hasChecksum(bytes, 0)
  }

  /// - Parameter bytes: the file, which is called `path` in messages.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged or truncated.
  package init(path: String, bytes: Table<UInt8>) throws(AIGCError) {
    self.path = path
    self.bytes = bytes
    var offset = 0
    var said = Extension()
    while offset < bytes.count, let size = try fileSize(offset) {
      let kind = bytes[offset + 156]
      let start = kind == UInt8(ascii: "S") ? try sparseData(offset) : offset + Self.block
      // Links, devices and folders have no data, whatever their size says.
      let length = (0x31...0x36).contains(kind) ? 0 : said.size ?? size
      guard start <= bytes.count, length <= bytes.count - start else {
        throw .badInput("\(path): truncated tar file: the file at byte \(offset) is cut")
      }
      let data = start..<start + length
      switch kind {
      // "X" was Solaris's name of pax headers.
      case UInt8(ascii: "x"), UInt8(ascii: "X"): try readPax(data, &said)
      case UInt8(ascii: "L"): said.name = try text(data)
      case UInt8(ascii: "K"): said.link = try text(data)
      // Global defaults, and a name of the archive itself.
      case UInt8(ascii: "g"), UInt8(ascii: "V"): break
      default:
        let entryName = said.name ?? name(offset)
        entries.append(
          ArchiveEntry(
            name: entryName, content: content(kind, entryName, data, said, at: offset)))
        said = Extension()
      }
      // The last block may be cut short.
      offset = start + (length + Self.block - 1) / Self.block * Self.block
    }
  }

  private func content(
    _ kind: UInt8, _ name: [UInt8], _ data: Range<Int>, _ said: Extension, at offset: Int
  ) -> ArchiveEntry.Content {
    let link = said.link ?? field(offset + 157..<offset + 257)
    switch kind {
    // "0", or zero in old files, which mark folders by their names; "7" is a file too.
    case 0 where name.last == UInt8(ascii: "/"): return .folder
    case 0, 0x30, 0x37:
      if said.isSparse {
        return .unreadable("a sparse file of a tar file; pack it with plain 'tar -cf'")
      }
      let contents = bytes.slice(data)
      return .file(
        ArchivedFile(
          unpackedSize: 0, start: { contents.prefix(Self.start).array(of: UInt8.self) },
          read: { contents }))
    case 0x31: return .hardLink(link)
    case 0x32: return .symbolicLink(link)
    case 0x33, 0x34, 0x36: return .unreadable("not a regular file")
    // "D" lists a folder's files.
    case 0x35, UInt8(ascii: "D"): return .folder
    case UInt8(ascii: "S"):
      return .unreadable("a sparse file of a tar file; pack it with plain 'tar -cf'")
    case UInt8(ascii: "M"): return .unreadable("it began in another file of the archive")
    default:
      return .unreadable("an entry of the kind '\(legible([kind]))', which is not read")
    }
  }

  /// Where the data of GNU's sparse file begins: behind blocks that go on with the list of its parts.
  private func sparseData(_ offset: Int) throws(AIGCError) -> Int {
    var start = offset + Self.block
    var isContinued = bytes[offset + 482] != 0
    while isContinued {
      guard start + Self.block <= bytes.count else {
        throw .badInput("\(path): truncated tar file: the header at byte \(offset) is cut")
      }
      isContinued = bytes[start + 504] != 0
      start += Self.block
    }
    return start
  }

  /// The size in the header at `offset`; nil for a block of zeros, the end.
  private func fileSize(_ offset: Int) throws(AIGCError) -> Int? {
    guard offset + Self.block <= bytes.count else {
      throw .badInput("\(path): truncated tar file: the header at byte \(offset) is cut")
    }
    guard Self.hasChecksum(bytes, offset) else {
      if (offset..<offset + Self.block).allSatisfy({ bytes[$0] == 0 }) { return nil }
      throw .badInput("\(path): damaged tar file: no header at byte \(offset)")
    }
    guard let size = Self.number(bytes, offset + 124..<offset + 136) else {
      throw .badInput("\(path): damaged tar file: no size at byte \(offset + 124)")
    }
    return size
  }

  /// The sum of all bytes of a header, its own field taken as spaces.
  private static func hasChecksum(_ bytes: Table<UInt8>, _ offset: Int) -> Bool {
    guard let stored = number(bytes, offset + 148..<offset + 156), stored > 0 else { return false }
    var (sum, signed) = (0, 0)
    for index in 0..<block {
      let byte = (148..<156).contains(index) ? 0x20 : bytes[offset + index]
      sum += Int(byte)
      // Some old programs took bytes as signed.
      signed += Int(Int8(bitPattern: byte))
    }
    return stored == sum || stored == signed
  }

  /// Octal digits between spaces and zeros, or GNU's binary number with the highest bit set.
  private static func number(_ bytes: Table<UInt8>, _ range: Range<Int>) -> Int? {
    var number = 0
    if bytes[range.lowerBound] == 0x80 {
      for index in range.dropFirst() {
        if number >> 54 != 0 { return nil }
        number = number << 8 | Int(bytes[index])
      }
      return number
    }
    let digits = range.map { bytes[$0] }.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    // At most 12 digits.
    for digit in digits { number = number << 3 | Int(digit - 0x30) }
    return number
  }

  private func name(_ offset: Int) -> [UInt8] {
    let name = field(offset..<offset + 100)
    // ustar has a prefix; GNU's own format ("ustar  ") other things there.
    guard field(offset + 257..<offset + 263) == Array("ustar".utf8) else { return name }
    let prefix = field(offset + 345..<offset + 500)
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  /// Up to the first zero.
  private func field(_ range: Range<Int>) -> [UInt8] {
    let end = range.first { bytes[$0] == 0 } ?? range.upperBound
    return bytes.slice(range.lowerBound..<end).array(of: UInt8.self)
  }

  private func text(_ data: Range<Int>) throws(AIGCError) -> [UInt8] {
    guard data.count <= Self.largestName else {
      throw .badInput("\(path): damaged tar file: a name of \(data.count) bytes")
    }
    return field(data)
  }

  /// Records "length key=value\n"; the length counts all of it.
  private func readPax(_ data: Range<Int>, _ said: inout Extension) throws(AIGCError) {
    var offset = data.lowerBound
    while offset < data.upperBound, bytes[offset] != 0 {
      let damaged = AIGCError.badInput("\(path): damaged tar file: pax header at byte \(offset)")
      guard
        let space = (offset..<min(offset + 10, data.upperBound)).first(where: { bytes[$0] == 0x20 }
        ),
        let length = Int(bytes.text(offset..<space)), length > space - offset + 1,
        length <= data.upperBound - offset
      else { throw damaged }
      let record = space + 1..<offset + length - 1
      if let equals = record.prefix(32).first(where: { bytes[$0] == UInt8(ascii: "=") }) {
        let value = equals + 1..<record.upperBound
        switch bytes.text(record.lowerBound..<equals) {
        case "path": said.name = try text(value)
        case "linkpath": said.link = try text(value)
        case "size":
          guard let number = Int(bytes.text(value)), number >= 0 else { throw damaged }
          said.size = number
        // The entry itself is called otherwise.
        case "GNU.sparse.name": (said.name, said.isSparse) = (try text(value), true)
        case let key where key.hasPrefix("GNU.sparse."): said.isSparse = true
        default: break
        }
      }
      offset += length
    }
  }
}
