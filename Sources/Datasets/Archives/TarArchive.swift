import Files

/// The regular files of a tar file: the old format, ustar with POSIX's long names and sizes (IEEE Std 1003.1,
/// pax), and GNU's.
struct TarArchive: Sendable {
  struct Entry: Sendable {
    let name: String
    let bytes: Table<UInt8>
  }

  /// In the order of the file.
  private(set) var entries: [Entry] = []

  private let path: String
  private let bytes: Table<UInt8>
  private static let block = 512
  /// Names are not longer, in no sane file.
  private static let largestName = 1 << 16

  /// Whether the first block is the header of a tar file.
  static func recognizes(_ bytes: Table<UInt8>) -> Bool {
    bytes.count >= block && hasChecksum(bytes, 0)
  }

  /// - Parameter bytes: the file, which is called `path` in messages.
  /// - Throws: ``AIGCError`` (badInput) when it is damaged or truncated.
  init(path: String, bytes: Table<UInt8>) throws(AIGCError) {
    self.path = path
    self.bytes = bytes
    var offset = 0
    // What a header before says about the next file.
    var (longName, longSize): (String?, Int?) = (nil, nil)
    while offset < bytes.count, let size = try fileSize(offset) {
      let start = offset + Self.block
      let kind = bytes[offset + 156]
      // Links, devices and folders have no data, whatever their size says.
      let length = (0x31...0x36).contains(kind) ? 0 : longSize ?? size
      guard length <= bytes.count - start else {
        throw .badInput("\(path): truncated tar file: the file at byte \(offset) is cut")
      }
      let data = start..<start + length
      switch kind {
      case UInt8(ascii: "x"): try readPax(data, &longName, &longSize)
      case UInt8(ascii: "L"): longName = try text(data)
      // Global defaults, and GNU's long names of links.
      case UInt8(ascii: "g"), UInt8(ascii: "K"): break
      default:
        // "0", or zero in old files; "7" is a file too.
        if [0, 0x30, 0x37].contains(kind) {
          entries.append(Entry(name: longName ?? name(offset), bytes: bytes.slice(data)))
        }
        (longName, longSize) = (nil, nil)
      }
      // The last block may be cut short.
      offset = start + (length + Self.block - 1) / Self.block * Self.block
    }
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

  private func name(_ offset: Int) -> String {
    let name = field(offset..<offset + 100)
    // ustar has a prefix; GNU's own format ("ustar  ") other things there.
    guard field(offset + 257..<offset + 263) == "ustar" else { return name }
    let prefix = field(offset + 345..<offset + 500)
    return prefix.isEmpty ? name : "\(prefix)/\(name)"
  }

  /// Up to the first zero.
  private func field(_ range: Range<Int>) -> String {
    bytes.text(range.lowerBound..<(range.first { bytes[$0] == 0 } ?? range.upperBound))
  }

  private func text(_ data: Range<Int>) throws(AIGCError) -> String {
    guard data.count <= Self.largestName else {
      throw .badInput("\(path): damaged tar file: a name of \(data.count) bytes")
    }
    return field(data)
  }

  /// Records "length key=value\n"; the length counts all of it.
  private func readPax(
    _ data: Range<Int>, _ name: inout String?, _ size: inout Int?
  ) throws(AIGCError) {
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
      if let equals = record.prefix(16).first(where: { bytes[$0] == UInt8(ascii: "=") }) {
        let value = equals + 1..<record.upperBound
        switch bytes.text(record.lowerBound..<equals) {
        case "path": name = try text(value)
        case "size":
          guard let number = Int(bytes.text(value)), number >= 0 else { throw damaged }
          size = number
        default: break
        }
      }
      offset += length
    }
  }
}
