import CZlib
import Files

/// The chunks of a PNG file (W3C, Portable Network Graphics, section 5): length, name, data, checksum.
enum PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  struct Chunk {
    /// "IHDR", "IDAT", …
    let name: String
    /// Where its data stands in the file.
    let data: Range<Int>
  }

  /// The chunks of a sound file, up to IEND.
  static func read(_ bytes: Table<UInt8>) -> [Chunk] {
    var chunks: [Chunk] = []
    var offset = signature.count
    while let length = bytes.load(UInt32.self, at: offset).map({ Int($0.bigEndian) }),
      length <= bytes.count - offset - 12
    {
      let name = bytes.text(offset + 4..<offset + 8)
      chunks.append(Chunk(name: name, data: offset + 8..<offset + 8 + length))
      if name == "IEND" { break }
      offset += length + 12
    }
    return chunks
  }

  /// A chunk as it stands in a file.
  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    let sum = body.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) }
    return number(data.count) + body + number(Int(sum))
  }

  /// 32 bits, the highest first.
  static func number(_ value: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}
