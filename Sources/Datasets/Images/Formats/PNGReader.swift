import CPNG
import Files

/// Reads PNG files of any kind (palettes, 1 to 16 bits, interlaced) by libpng, as 8-bit values. Gammas and
/// colour profiles are not followed, as in Pillow and torchvision.
enum PNGReader {
  static func header(_ bytes: Table<UInt8>, name: String) throws(AIGCError) -> ImageHeader {
    let file = try read(bytes, into: nil, name)
    return ImageHeader(
      format: .png, width: Int(file.width), height: Int(file.height), channels: Int(file.channels))
  }

  /// - Parameter header: what ``header(_:name:)`` said, checked for its size.
  static func decode(
    _ bytes: Table<UInt8>, _ header: ImageHeader, name: String
  ) throws(AIGCError) -> Image {
    var outcome: Result<aigc_png, AIGCError>?
    let image = Image(
      width: header.width, height: header.height, channels: header.channels
    ) { pixels in
      outcome = Result { () throws(AIGCError) in try read(bytes, into: pixels.baseAddress, name) }
    }
    _ = try outcome?.get()
    return image
  }

  private static func read(
    _ bytes: Table<UInt8>, into pixels: UnsafeMutablePointer<UInt8>?, _ name: String
  ) throws(AIGCError) -> aigc_png {
    var file = aigc_png()
    let isRead = bytes.withUnsafeBuffer { buffer in
      file.bytes = buffer.baseAddress
      file.count = buffer.count
      return aigc_png_read(&file, pixels) != 0
    }
    guard isRead else {
      let text = withUnsafeBytes(of: file.message) { message in
        String(decoding: message.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw .badInput("\(name): damaged or truncated PNG image: \(printable(text))")
    }
    return file
  }
}
