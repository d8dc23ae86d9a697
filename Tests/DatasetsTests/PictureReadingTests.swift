import Files
import TestSupport
import Testing

@testable import Datasets

/// Pictures that Pillow and Scripts/fixtures/pictures.py wrote.
@Suite struct PictureReadingTests {
  /// "width height channels\n" and bytes.
  private func expected(_ name: String) throws -> Picture {
    let parts = try bytes(fixture("pictures/\(name).expected"))
      .split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = String(decoding: parts[0], as: UTF8.self).split(separator: " ").compactMap {
      Int($0)
    }
    return try Picture(
      width: numbers[0], height: numbers[1], channels: numbers[2], pixels: Array(parts[1]))
  }

  private func names(_ folder: String, _ ending: String) -> [String] {
    folderContents(fixture("pictures/\(folder)")).filter { $0.hasSuffix(ending) }.map {
      "\(folder)/\($0)"
    }
  }

  private func difference(_ a: Picture, _ b: Picture) -> Int {
    guard a.width == b.width, a.height == b.height, a.channels == b.channels else { return 256 }
    return zip(a.pixels, b.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 256
  }

  @Test func losslessPicturesAreReadExactly() throws {
    let all = [".png", ".pgm", ".ppm"].flatMap { names("kinds", $0) }
    #expect(all.count == 32)
    for name in all {
      #expect(
        try difference(Picture.read(fixture("pictures/\(name)")), expected(name)) == 0, "\(name)")
    }
  }

  @Test func jpegPicturesAreRead() throws {
    let all = names("kinds", ".jpg")
    #expect(all.count == 4)
    for name in all {
      #expect(
        try difference(Picture.read(fixture("pictures/\(name)")), expected(name)) <= 2, "\(name)")
    }
  }

  @Test(arguments: [1, 3, 4]) func resizingIsPillows(_ channels: Int) throws {
    let picture = try expected("resized/\(channels)-37x29")
    for (width, height) in [(16, 16), (50, 41), (5, 29), (37, 3), (1, 1)] {
      let result = picture.resized(to: PictureSize(width: width, height: height))
      let other = try expected("resized/\(channels)-\(width)x\(height)")
      // Pillow's colours of nearly transparent pixels are coarse: it keeps them times alpha in 8 bits.
      let isClear = channels == 4
      let far =
        isClear
        ? difference(result.converted(to: 3), other.converted(to: 3)) : difference(result, other)
      #expect(far <= (isClear ? 3 : 1), "\(width)x\(height)")
    }
  }

  @Test func badPicturesAreRefusedInOneLine() throws {
    let reasons = [
      "truncated.png": "damaged or truncated PNG picture: it ends early",
      "checksum.png": "damaged or truncated PNG picture: ",
      "header.png": "damaged or truncated PNG picture: ",
      "huge.png": "30000 x 30000 pixels: more than 100000000 in all or 1000000 a side are not read",
      "endless.png": "damaged or truncated PNG picture: ",
      "short.png": "damaged or truncated PNG picture: ",
      "text.png": "no PNG or JPEG picture", "empty.png": "the file is empty",
      "truncated.jpg": "damaged or truncated JPEG picture: ",
      "header.jpg": "damaged JPEG picture: ",
      "cmyk.jpg": "a JPEG picture in CMYK colours is not read; make it RGB",
      "picture.gif": "GIF pictures are not read; make it PNG or JPEG",
      "values.pgm": "a PPM picture of values up to 65535 is not read, only 255",
      "cut.ppm": "truncated PPM picture",
    ]
    #expect(names("bad", "").map { lastComponent(of: $0) } == reasons.keys.sorted())
    for (name, reason) in reasons {
      let path = fixture("pictures/bad/\(name)")
      let error = refusal { _ = try Picture.read(path) }?.line ?? ""
      #expect(error.hasPrefix("3 \(path): \(reason)") && !error.contains("\n"), "\(error)")
    }
  }

  @Test func everyTruncationIsFound() throws {
    for name in ["kinds/rgb8.png", "kinds/grey.jpg", "kinds/progressive.jpg", "kinds/rgb.ppm"] {
      let whole = try bytes(fixture("pictures/\(name)"))
      // JPEG's last two bytes only say that it ends here.
      for size in 0..<whole.count - 2 {
        let error = refusal { _ = try Picture.decode(Table(Array(whole[..<size])), name: "x") }?
          .line
        #expect(error?.hasPrefix("3 x: ") == true, "\(name), \(size) bytes")
      }
    }
  }

  @Test func jpegIsWritten() throws {
    let picture = try expected("resized/3-37x29")
    #expect(
      try difference(Picture.decode(Table(picture.jpeg(quality: 100)), name: ""), picture) < 8)
    #expect(try picture.jpeg(quality: 30).count < picture.jpeg(quality: 95).count)
    let gray = picture.converted(to: 1)
    #expect(try Picture.decode(Table(gray.jpeg()), name: "").channels == 1)
    let clear = Picture(width: 8, height: 8, color: [9, 9, 9, 0])
    let white = Picture(width: 8, height: 8, color: [255, 255, 255])
    #expect(try difference(Picture.decode(Table(clear.jpeg()), name: ""), white) == 0)
    let folder = try TemporaryFolder()
    for (name, start) in [
      ("a.JPG", [0xFF, 0xD8] as [UInt8]), ("b.jpeg", [0xFF, 0xD8]), ("c.png", [0x89]),
    ] {
      try picture.write(to: "\(folder.path)/\(name)")
      #expect(try bytes("\(folder.path)/\(name)").starts(with: start))
    }
    #expect(refusal { try picture.write(to: "\(folder.path)/d") }?.line.hasPrefix("2 ") == true)
    let long = Picture(width: 70000, height: 1, color: [0])
    #expect(refusal { _ = try long.jpeg() }?.line.hasPrefix("1 ") == true)
  }

  @Test func channelsAreConverted() {
    let color = Picture(width: 1, height: 1, color: [200, 100, 50])
    #expect(color.converted(to: 1).pixels == [124])
    #expect(color.converted(to: 4).pixels == [200, 100, 50, 255])
    #expect(Picture(width: 1, height: 1, color: [7]).converted(to: 3).pixels == [7, 7, 7])
    let clear = Picture(width: 1, height: 1, color: [200, 100, 0, 51])
    #expect(clear.converted(to: 3).pixels == [244, 224, 204])
    #expect(
      clear.converted(to: 1).pixels == [
        Picture(width: 1, height: 1, color: [244, 224, 204])
          .converted(to: 1).pixels[0]
      ])
  }

  @Test func transparentColorsDoNotBleed() {
    let pixels: [UInt8] = [255, 0, 0, 255, 0, 255, 0, 0]
    let picture = Picture(width: 2, height: 1, channels: 4) { _ = $0.update(from: pixels) }
    #expect(picture.resized(to: PictureSize(width: 1, height: 1)).pixels == [255, 0, 0, 128])
  }

  @Test func picturesFit() {
    let bytes: [UInt8] = (0..<8).map { $0 * 30 }
    let picture = Picture(width: 4, height: 2, channels: 1) { _ = $0.update(from: bytes) }
    #expect(
      picture.fitted(to: PictureSize(width: 2, height: 2), .crop).pixels == [30, 60, 150, 180])
    #expect(
      picture.fitted(to: PictureSize(width: 6, height: 3), .pad).pixels
        == [0, 0, 30, 60, 90, 0, 0, 120, 150, 180, 210, 0, 0, 0, 0, 0, 0, 0])
    #expect(picture.fitted(to: PictureSize(width: 2, height: 4), .pad).pixels.prefix(2) == [0, 0])
    #expect(picture.fitted(to: PictureSize(width: 1, height: 1), .stretch).pixels == [105])
    // A very long picture is not resized as a whole.
    let long = Picture(width: 1_000_000, height: 2, color: [50])
    #expect(long.fitted(to: PictureSize(width: 3, height: 4), .crop).pixels.allSatisfy { $0 == 50 })
    #expect(
      long.fitted(to: PictureSize(width: 3, height: 4), .stretch).pixels.allSatisfy { $0 == 50 })
    let padded = long.fitted(to: PictureSize(width: 3, height: 3), .pad)
    #expect(padded.pixels == [0, 0, 0, 50, 50, 50, 0, 0, 0])
  }

  @Test func sizesAreParsed() {
    #expect(PictureSize("32") == PictureSize(width: 32, height: 32))
    #expect(PictureSize("48x32") == PictureSize(width: 48, height: 32))
    for text in [
      "", "x", "0", "32x", "x32", "3x3x3", "-3", "+3", "4097", "1e3", "99999999999999999999", "３",
    ] {
      #expect(PictureSize(text) == nil, "\(text)")
    }
  }
}
