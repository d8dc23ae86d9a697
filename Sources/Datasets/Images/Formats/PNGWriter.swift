import CPNG
import Files

extension Image {
  /// The image as a PNG file, by libpng's simplified interface. The same image gives the same
  /// bytes with the same libpng and zlib: no time and no name are stored.
  /// - Throws: ``/Files/AIGCError`` (failed) when libpng has no memory.
  public func png() throws(AIGCError) -> [UInt8] {
    // Room for what deflate cannot make smaller; rarely too little, and then libpng says how much.
    let raw = pixels.count + height
    var room = raw + raw / 512 + 1024
    for _ in 0..<2 {
      let (output, needed) = try png(room: room)
      if let output { return output }
      room = needed
    }
    throw .failed("an image of \(width) x \(height) pixels cannot be written as PNG")
  }

  /// The file when it fits into `room` bytes, and its size.
  private func png(room: Int) throws(AIGCError) -> ([UInt8]?, Int) {
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    image.width = UInt32(width)
    image.height = UInt32(height)
    let color = UInt32(PNG_FORMAT_FLAG_COLOR)
    image.format = channels == 1 ? 0 : channels == 3 ? color : color | UInt32(PNG_FORMAT_FLAG_ALPHA)
    var size = room
    var output = [UInt8](repeating: 0, count: room)
    let isWritten = png_image_write_to_memory(&image, &output, &size, 0, pixels, 0, nil) != 0
    // PNG_IMAGE_ERROR; without it the room was too small.
    if image.warning_or_error & 2 != 0 {
      let text = withUnsafeBytes(of: image.message) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      png_image_free(&image)
      throw .failed("an image of \(width) x \(height) pixels cannot be written as PNG: \(text)")
    }
    guard isWritten else { return (nil, size) }
    output.removeLast(room - size)
    return (output, size)
  }
}
