/// How GPT-2 writes bytes as characters in its files (`bytes_to_unicode` of its encoder.py): those
/// that show in Latin-1 stand for themselves, the others are U+0100 and on in their order.
enum ByteAlphabet {
  /// For each byte its character.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 0x100
    for byte in UInt32(0)..<256 {
      let shows = (0x21...0x7E).contains(byte) || byte >= 0xA1 && byte != 0xAD
      scalars[Int(byte)] = shows ? byte : next
      if !shows { next += 1 }
    }
    return scalars
  }()

  /// All bytes in the order of their characters: the order of the first tokens of a vocabulary.
  static let order: [UInt8] = (UInt8.min...UInt8.max).sorted {
    scalars[Int($0)] < scalars[Int($1)]
  }

  /// For each character of the alphabet its byte, -1 for others.
  static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for byte in 0..<256 { bytes[Int(scalars[byte])] = Int16(byte) }
    return bytes
  }()

  /// The characters of `token` in UTF-8.
  static func encode(_ token: some Sequence<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    for byte in token {
      let scalar = scalars[Int(byte)]
      if scalar < 0x80 {
        text.append(UInt8(scalar))
      } else {
        text.append(UInt8(0xC0 | scalar >> 6))
        text.append(UInt8(0x80 | scalar & 0x3F))
      }
    }
    return text
  }

  /// Appends the bytes that valid UTF-8 `text` stands for.
  /// - Parameter bytes: ``bytes``, which a caller with many texts looks up once.
  /// - Returns: false, with nothing appended, when a character of it stands for none.
  static func decode(
    _ text: ArraySlice<UInt8>, into token: inout [UInt8], _ bytes: [Int16] = Self.bytes
  ) -> Bool {
    let count = token.count
    var index = text.startIndex
    while index < text.endIndex {
      var scalar = Int(text[index])
      if scalar >= 0x80 {
        // Only two-byte characters can be in the alphabet.
        guard scalar < 0xE0, index + 1 < text.endIndex else { break }
        index += 1
        scalar = (scalar & 0x1F) << 6 | Int(text[index] & 0x3F)
      }
      guard scalar < bytes.count, bytes[scalar] >= 0 else { break }
      token.append(UInt8(truncatingIfNeeded: bytes[scalar]))
      index += 1
    }
    if index < text.endIndex { token.removeLast(token.count - count) }
    return index >= text.endIndex
  }
}
