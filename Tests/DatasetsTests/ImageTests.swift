import CPNG
import Datasets
import Files
import TestSupport
import Testing

@Suite struct ImageTests {
  /// The image that libpng reads back.
  private func decoded(_ png: [UInt8], channels: Int) throws -> Image {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    try #require(png_image_begin_read_from_memory(&image, png, png.count) != 0)
    #expect(Int(image.format) == [1: 0, 3: 2, 4: 3][channels], "the format that was written")
    let (width, height) = (Int(image.width), Int(image.height))
    var pixels = [UInt8](repeating: 0, count: width * height * channels)
    try #require(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
    return try Image(width: width, height: height, channels: channels, pixels: pixels)
  }

  @Test(arguments: [1, 3, 4]) func whatIsWrittenIsRead(_ channels: Int) throws {
    var random = TestRandom(state: 7)
    for (width, height) in [(1, 1), (3, 2), (28, 28), (257, 33)] {
      // Noise, which deflate makes longer.
      let pixels = (0..<width * height * channels).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      let image = try Image(width: width, height: height, channels: channels, pixels: pixels)
      let png = try image.png()
      #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
      #expect(Array(png.suffix(8)) == [0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82])
      #expect(try decoded(png, channels: channels) == image)
      #expect(try image.png() == png)
    }
  }

  @Test func plainColorsAreSmall() throws {
    let image = Image(width: 500, height: 400, color: [10, 200, 30])
    #expect(Array(image.pixels[597..<603]) == [10, 200, 30, 10, 200, 30])
    let png = try image.png()
    #expect(png.count < 3000)
    #expect(try decoded(png, channels: 3) == image)
  }

  @Test func filesAppear() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.png")
    let image = Image(width: 5, height: 4, color: [9])
    try image.write(to: path)
    #expect(try bytes(path) == image.png())
    #expect(
      refusal { try image.write(to: "/no/such/folder/a.png") }?.line.hasPrefix("1 ") == true)
  }

  @Test func impossibleSizesAreRefused() {
    for (width, height, channels, count) in [
      (0, 1, 1, 0), (1, 0, 1, 0), (-1, -1, 1, 1), (1, 1, 2, 2), (2, 2, 3, 11), (Int.max, 2, 1, 0),
      (1_000_001, 1, 1, 1_000_001),
    ] {
      let pixels = [UInt8](repeating: 0, count: count)
      #expect(throws: AIGCError.self) {
        try Image(width: width, height: height, channels: channels, pixels: pixels)
      }
    }
  }
}
