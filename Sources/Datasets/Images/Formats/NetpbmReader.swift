import Files

/// Reads binary PGM and PPM files of 8-bit values ("P5" and "P6", netpbm's pgm(5) and ppm(5)).
struct NetpbmReader {
  let header: ImageHeader
  private let largest: Int
  private let start: Int

  /// - Throws: ``/Files/AIGCError`` (badInput).
  init(_ bytes: Table<UInt8>, name: String) throws(AIGCError) {
    var offset = 2
    var numbers: [Int] = []
    while numbers.count < 3 {
      guard let number = Self.number(bytes, &offset) else {
        throw .badInput("\(name): damaged PPM image: the header ends early")
      }
      numbers.append(number)
    }
    guard (1...255).contains(numbers[2]) else {
      throw .badInput("\(name): a PPM image of values up to \(numbers[2]) is not read, only 255")
    }
    header = ImageHeader(
      format: .netpbm, width: numbers[0], height: numbers[1], channels: bytes[1] == 0x35 ? 1 : 3)
    largest = numbers[2]
    // One space stands before the values.
    start = offset + 1
  }

  /// The next decimal number behind spaces and comments; nil when there is none of at most 9 digits.
  private static func number(_ bytes: Table<UInt8>, _ offset: inout Int) -> Int? {
    while offset < bytes.count, bytes[offset] <= 0x20 || bytes[offset] == UInt8(ascii: "#") {
      if bytes[offset] == UInt8(ascii: "#") {
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
      } else {
        offset += 1
      }
    }
    let first = offset
    var number = 0
    while offset < min(bytes.count, first + 9), (0x30...0x39).contains(bytes[offset]) {
      number = number * 10 + Int(bytes[offset] - 0x30)
      offset += 1
    }
    return offset > first ? number : nil
  }

  /// The header's size was checked.
  func decode(_ bytes: Table<UInt8>, name: String) throws(AIGCError) -> Image {
    let count = header.width * header.height * header.channels
    guard count <= bytes.count - start else { throw .badInput("\(name): truncated PPM image") }
    return Image(width: header.width, height: header.height, channels: header.channels) {
      pixels in
      for index in 0..<count {
        let value = Int(bytes[start + index])
        pixels[index] = UInt8(min((value * 255 + largest / 2) / largest, 255))
      }
    }
  }
}
