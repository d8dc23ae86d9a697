import Datasets
import Files
import Testing

@Suite struct ImageGridTests {
  @Test func valuesBecomeBytes() {
    let values: [Float] = [
      -1, 1, 0, -7, 7, .nan, .infinity, -.infinity, 0.5, 51 / 127.5 - 1, -1, -1,
    ]
    let images = Image.images(
      values: values, size: ImageSize(width: 2, height: 1), channels: 3)
    #expect(images.map { $0.pixels } == [[0, 255, 128, 0, 255, 0], [255, 0, 191, 51, 0, 0]])
    for byte in UInt8.min...UInt8.max {
      let value = Float(byte) / 127.5 - 1
      let size = ImageSize(width: 1, height: 1)
      #expect(Image(values: [value], size: size, channels: 1).pixels == [byte])
    }
  }

  @Test func gridsAreMade() {
    let images = (1...3).map { Image(width: 1, height: 1, color: [UInt8($0)]) }
    let tight = Image.grid(images, columns: 2, padding: 0)
    #expect(tight.width == 2 && tight.height == 2 && tight.pixels == [1, 2, 3, 0])
    let grid = Image.grid(images, columns: 2, padding: 1)
    #expect(
      grid.pixels == [
        0, 0, 0, 0, 0,
        0, 1, 0, 2, 0,
        0, 0, 0, 0, 0,
        0, 3, 0, 0, 0,
        0, 0, 0, 0, 0,
      ])
    let row = Image.grid(images, columns: 8)
    #expect(row.width == 3 * 3 + 2 && row.height == 5)
  }

  /// Every frame that the file holds, as an image of its own.
  private func frames(_ bytes: [UInt8]) throws -> (frames: [Image], delays: [Int]) {
    func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    var (offset, header, streams, delays): (Int, [UInt8], [[UInt8]], [Int]) = (8, [], [], [])
    var (sequence, announced) = (0, 0)
    while offset < bytes.count {
      let length = number(offset)
      let data = Array(bytes[offset + 8..<offset + 8 + length])
      switch String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self) {
      case "IHDR": header = data
      case "acTL": announced = number(offset + 8)
      case "fcTL":
        #expect(number(offset + 8) == sequence)
        sequence += 1
        #expect(Array(data[4..<12]) == Array(header[0..<8]) && data[12..<20].allSatisfy { $0 == 0 })
        delays.append(Int(data[20]) << 8 | Int(data[21]))
        streams.append([])
      case "IDAT": streams[0] += data
      case "fdAT":
        #expect(number(offset + 8) == sequence)
        sequence += 1
        streams[streams.count - 1] += data.dropFirst(4)
      default: break
      }
      offset += length + 12
    }
    #expect(announced == streams.count)
    // A still image with the frame's data, read by libpng; checksums are computed by the writer of a
    // one-frame animation.
    let images = try streams.map { stream in
      try Image.decode(Table(still(header, stream)), name: "frame")
    }
    return (images, delays)
  }

  private func still(_ header: [UInt8], _ stream: [UInt8]) -> [UInt8] {
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", stream)
      + chunk("IEND", [])
  }

  /// CRC-32 bit by bit (ISO 3309), apart from zlib's.
  private func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    var sum: UInt32 = .max
    for byte in body {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    func big(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
    return big(UInt32(data.count)) + body + big(~sum)
  }

  @Test(arguments: [1, 3, 4]) func animationsHoldTheirFrames(_ channels: Int) throws {
    var random = TestRandom(state: 3)
    let images = try (0..<5).map { _ in
      try Image(
        width: 31, height: 17, channels: channels,
        pixels: (0..<31 * 17 * channels).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
    let animation = AnimatedImage(images, milliseconds: 80, lastMilliseconds: 2000)
    let bytes = try animation.png()
    let (read, delays) = try frames(bytes)
    #expect(read == images && delays == [80, 80, 80, 80, 2000])
    // What knows no animations shows the first; the reader compares checksums.
    #expect(try Image.decode(Table(bytes), name: "") == images[0])
    #expect(try animation.png() == bytes)
    let gif = try animation.gif()
    #expect(String(decoding: gif.prefix(6), as: UTF8.self) == "GIF89a" && gif.last == 0x3B)
    #expect(Int(gif[6]) == images[0].width && Int(gif[8]) == images[0].height)
    // Each frame's control block, with its delay in hundredths of a second.
    let gifDelays = gif.indices.dropLast(7).filter { Array(gif[$0...$0 + 2]) == [0x21, 0xF9, 4] }
      .map { Int(gif[$0 + 4]) + Int(gif[$0 + 5]) << 8 }
    #expect(gifDelays == [Int](repeating: 8, count: images.count - 1) + [200])
    let single = try AnimatedImage([images[0]], milliseconds: 1).png()
    #expect(try frames(single).frames == [images[0]])
  }
}
