import Files
import TestSupport
import Testing

@testable import Datasets

/// Images that Pillow and Scripts/fixtures/images.py wrote.
@Suite struct ImageReadingTests {
  /// "width height channels\n" and bytes.
  private func expected(_ name: String) throws -> Image {
    let parts = try bytes(fixture("images/\(name).expected"))
      .split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = String(decoding: parts[0], as: UTF8.self).split(separator: " ").compactMap {
      Int($0)
    }
    return try Image(
      width: numbers[0], height: numbers[1], channels: numbers[2], pixels: Array(parts[1]))
  }

  private func names(_ folder: String, _ ending: String) -> [String] {
    folderContents(fixture("images/\(folder)")).filter { $0.hasSuffix(ending) }.map {
      "\(folder)/\($0)"
    }
  }

  private func difference(_ a: Image, _ b: Image) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return 256 }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 256
  }

  @Test func losslessImagesAreReadExactly() throws {
    let all = [".png", ".pgm", ".ppm"].flatMap { names("kinds", $0) }
    #expect(all.count == 32)
    for name in all {
      #expect(
        try difference(Image.read(fixture("images/\(name)")), expected(name)) == 0, "\(name)")
    }
  }

  @Test func jpegImagesAreRead() throws {
    let all = names("kinds", ".jpg")
    #expect(all.count == 4)
    for name in all {
      #expect(
        try difference(Image.read(fixture("images/\(name)")), expected(name)) <= 2, "\(name)")
    }
  }

  @Test(arguments: [1, 3, 4]) func resizingIsPillows(_ channels: Int) throws {
    let image = try expected("resized/\(channels)-37x29")
    for (width, height) in [(16, 16), (50, 41), (5, 29), (37, 3), (1, 1)] {
      let result = image.resized(to: ImageSize(width: width, height: height))
      let other = try expected("resized/\(channels)-\(width)x\(height)")
      // Pillow's colours of nearly transparent pixels are coarse: it keeps them times alpha in 8 bits.
      let isClear = channels == 4
      let far =
        isClear
        ? difference(result.converted(to: 3), other.converted(to: 3)) : difference(result, other)
      #expect(far <= (isClear ? 3 : 1), "\(width)x\(height)")
    }
  }

  @Test func badImagesAreRefusedInOneLine() throws {
    let reasons = [
      "truncated.png": "damaged or truncated PNG image: it ends early",
      "checksum.png": "damaged or truncated PNG image: ",
      "header.png": "damaged or truncated PNG image: ",
      "huge.png": "30000 x 30000 pixels: more than 100000000 in all or 1000000 a side are not read",
      "endless.png": "damaged or truncated PNG image: ",
      "short.png": "damaged or truncated PNG image: ",
      "text.png": "no PNG or JPEG image", "empty.png": "the file is empty",
      "truncated.jpg": "damaged or truncated JPEG image: ",
      "header.jpg": "damaged JPEG image: ",
      "cmyk.jpg": "a JPEG image in CMYK colours is not read; make it RGB",
      "image.gif": "GIF images are not read; make it PNG or JPEG",
      "values.pgm": "a PPM image of values up to 65535 is not read, only 255",
      "cut.ppm": "truncated PPM image",
    ]
    #expect(names("bad", "").map { lastComponent(of: $0) } == reasons.keys.sorted())
    for (name, reason) in reasons {
      let path = fixture("images/bad/\(name)")
      let error = refusal { _ = try Image.read(path) }?.line ?? ""
      #expect(error.hasPrefix("3 \(path): \(reason)") && !error.contains("\n"), "\(error)")
    }
  }

  @Test func everyTruncationIsFound() throws {
    for name in ["kinds/rgb8.png", "kinds/grey.jpg", "kinds/progressive.jpg", "kinds/rgb.ppm"] {
      let whole = try bytes(fixture("images/\(name)"))
      // JPEG's last two bytes only say that it ends here.
      for size in 0..<whole.count - 2 {
        let error = refusal { _ = try Image.decode(Table(Array(whole[..<size])), name: "x") }?
          .line
        #expect(error?.hasPrefix("3 x: ") == true, "\(name), \(size) bytes")
      }
    }
  }

  @Test func jpegIsWritten() throws {
    let image = try expected("resized/3-37x29")
    #expect(
      try difference(Image.decode(Table(image.jpeg(quality: 100)), name: ""), image) < 8)
    #expect(try image.jpeg(quality: 30).count < image.jpeg(quality: 95).count)
    let gray = image.converted(to: 1)
    #expect(try Image.decode(Table(gray.jpeg()), name: "").channels == 1)
    let clear = Image(width: 8, height: 8, color: [9, 9, 9, 0])
    let white = Image(width: 8, height: 8, color: [255, 255, 255])
    #expect(try difference(Image.decode(Table(clear.jpeg()), name: ""), white) == 0)
    let folder = try TemporaryFolder()
    for (name, start) in [
      ("a.JPG", [0xFF, 0xD8] as [UInt8]), ("b.jpeg", [0xFF, 0xD8]), ("c.png", [0x89]),
    ] {
      try image.write(to: "\(folder.path)/\(name)")
      #expect(try bytes("\(folder.path)/\(name)").starts(with: start))
    }
    #expect(refusal { try image.write(to: "\(folder.path)/d") }?.line.hasPrefix("2 ") == true)
    let long = Image(width: 70000, height: 1, color: [0])
    #expect(refusal { _ = try long.jpeg() }?.line.hasPrefix("1 ") == true)
  }

  @Test func channelsAreConverted() {
    let color = Image(width: 1, height: 1, color: [200, 100, 50])
    #expect(color.converted(to: 1).pixels == [124])
    #expect(color.converted(to: 4).pixels == [200, 100, 50, 255])
    #expect(Image(width: 1, height: 1, color: [7]).converted(to: 3).pixels == [7, 7, 7])
    let clear = Image(width: 1, height: 1, color: [200, 100, 0, 51])
    #expect(clear.converted(to: 3).pixels == [244, 224, 204])
    #expect(
      clear.converted(to: 1).pixels == [
        Image(width: 1, height: 1, color: [244, 224, 204])
          .converted(to: 1).pixels[0]
      ])
  }

  @Test func transparentColorsDoNotBleed() {
    let pixels: [UInt8] = [255, 0, 0, 255, 0, 255, 0, 0]
    let image = Image(width: 2, height: 1, channels: 4) { _ = $0.update(from: pixels) }
    #expect(image.resized(to: ImageSize(width: 1, height: 1)).pixels == [255, 0, 0, 128])
  }

  @Test func imagesFit() {
    let bytes: [UInt8] = (0..<8).map { $0 * 30 }
    let image = Image(width: 4, height: 2, channels: 1) { _ = $0.update(from: bytes) }
    #expect(
      image.fitted(to: ImageSize(width: 2, height: 2), .crop).pixels == [30, 60, 150, 180])
    #expect(
      image.fitted(to: ImageSize(width: 6, height: 3), .pad).pixels
        == [0, 0, 30, 60, 90, 0, 0, 120, 150, 180, 210, 0, 0, 0, 0, 0, 0, 0])
    #expect(image.fitted(to: ImageSize(width: 2, height: 4), .pad).pixels.prefix(2) == [0, 0])
    #expect(image.fitted(to: ImageSize(width: 1, height: 1), .stretch).pixels == [105])
    // A very long image is not resized as a whole.
    let long = Image(width: 1_000_000, height: 2, color: [50])
    #expect(long.fitted(to: ImageSize(width: 3, height: 4), .crop).pixels.allSatisfy { $0 == 50 })
    #expect(
      long.fitted(to: ImageSize(width: 3, height: 4), .stretch).pixels.allSatisfy { $0 == 50 })
    let padded = long.fitted(to: ImageSize(width: 3, height: 3), .pad)
    #expect(padded.pixels == [0, 0, 0, 50, 50, 50, 0, 0, 0])
  }

  @Test func sizesAreParsed() {
    #expect(ImageSize("32") == ImageSize(width: 32, height: 32))
    #expect(ImageSize("48x32") == ImageSize(width: 48, height: 32))
    for text in [
      "", "x", "0", "32x", "x32", "3x3x3", "-3", "+3", "4097", "1e3", "99999999999999999999", "３",
    ] {
      #expect(ImageSize(text) == nil, "\(text)")
    }
  }
}
