import Files
import TestSupport
import Testing

@testable import Datasets

/// Images that are stored turned: `Scripts/fixtures/images.py` has them from Pillow.
@Suite struct OrientationTests {
  /// The image that Pillow's `ImageOps.exif_transpose` gives.
  private func expected(_ name: String) throws -> Image {
    let parts = try bytes(fixture("images/\(name).expected"))
      .split(separator: 10, maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = String(decoding: parts[0], as: UTF8.self).split(separator: " ").compactMap {
      Int($0)
    }
    return try Image(
      width: numbers[0], height: numbers[1], channels: numbers[2], pixels: Array(parts[1]))
  }

  @Test(arguments: 1...8) func imagesAreTurnedAsPillowDoes(_ value: Int) throws {
    let png = fixture("images/turned/\(value).png")
    #expect(try Image.read(png) == expected("turned/\(value).png"))
    #expect(
      try Image.read(png, ignoresOrientation: true) == expected("turned/1.png"))
    let jpeg = fixture("images/turned/\(value).jpg")
    let (found, other) = (try Image.read(jpeg), try expected("turned/\(value).jpg"))
    #expect(found.width == other.width && found.height == other.height)
    let far = zip(found.pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max()
    #expect(try #require(far) <= 2)
    // The image of a set, and the size that it takes from its files.
    let set = try ImageSet.open(png)
    let (upright, sideways) = (ImageSize(width: 5, height: 3), ImageSize(width: 3, height: 5))
    #expect(set.size == (value > 4 ? sideways : upright))
    let bytes = try set.values([0]).map { UInt8((($0 + 1) * 127.5).rounded()) }
    #expect(try bytes == expected("turned/\(value).png").pixels)
    var options = ImageOptions()
    options.ignoresOrientation = true
    #expect(try ImageSet.open(png, options).size == upright)
  }

  /// Whatever an EXIF block holds, the image is read: stored or turned.
  @Test(arguments: ["turned/6.png", "turned/6.jpg"]) func damagedBlocksTurnNothing(
    _ name: String
  ) throws {
    let whole = try bytes(fixture("images/\(name)"))
    let start = try #require(
      whole.indices.first { whole[$0...].starts(with: Array("MM\0*".utf8) + [0, 0, 0, 8]) }
        ?? whole.indices.first { whole[$0...].starts(with: Array("II*\0".utf8) + [8, 0, 0, 0]) })
    for place in start..<start + 24 {
      for value: UInt8 in [0, 1, 0x7F, 0xFF] {
        var bytes = whole
        bytes[place] = value
        _ = Orientation(of: try Table(bytes))
      }
    }
    for size in stride(from: 0, to: whole.count, by: 3) {
      _ = Orientation(of: try Table(Array(whole[..<size])))
    }
    // Values that mean nothing.
    let tag = try #require(
      (start..<start + 80).first {
        whole[$0...].starts(with: [1, 0x12]) || whole[$0...].starts(with: [0x12, 1])
      })
    for value: UInt8 in [0, 9, 255] {
      var bytes = whole
      for place in tag + 8..<tag + 10 { bytes[place] = bytes[place] == 6 ? value : 0 }
      #expect(Orientation(of: try Table(bytes)) == .none)
    }
    // Two values are none.
    var bytes = whole
    for place in tag + 4..<tag + 8 { bytes[place] = bytes[place] == 1 ? 2 : 0 }
    #expect(Orientation(of: try Table(bytes)) == .none)
  }

  /// Sides change places after the limits were looked at; a long image stays one.
  @Test func longImagesAreTurned() throws {
    let long = Image(width: 1_000_000, height: 1, color: [7])
    let turned = long.turned(.left)
    #expect(turned.width == 1 && turned.height == 1_000_000)
    #expect(turned.turned(.right) == long)
  }
}
