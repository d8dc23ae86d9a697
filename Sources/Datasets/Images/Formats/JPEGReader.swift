import CTurboJPEG
import Files

/// Reads JPEG files, grey or in colours, by libjpeg-turbo, as they are stored: ``Orientation`` says how they are
/// to be turned.
enum JPEGReader {
  static func header(_ bytes: Table<UInt8>, name: String) throws(AIGCError) -> ImageHeader {
    guard let decoder = tjInitDecompress() else { throw .failed("out of memory: no JPEG decoder") }
    defer { tjDestroy(decoder) }
    return try header(bytes, name, decoder)
  }

  private static func header(
    _ bytes: Table<UInt8>, _ name: String, _ decoder: tjhandle
  ) throws(AIGCError) -> ImageHeader {
    var (width, height, subsampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let status = bytes.withUnsafeBuffer { buffer in
      tjDecompressHeader3(
        decoder, buffer.baseAddress, UInt(buffer.count), &width, &height, &subsampling, &colors)
    }
    guard status == 0, width > 0, height > 0 else {
      throw .badInput("\(name): damaged JPEG image: \(message(decoder))")
    }
    guard colors != TJCS_CMYK.rawValue, colors != TJCS_YCCK.rawValue else {
      throw .badInput("\(name): a JPEG image in CMYK colours is not read; make it RGB")
    }
    return ImageHeader(
      format: .jpeg, width: Int(width), height: Int(height),
      channels: colors == TJCS_GRAY.rawValue ? 1 : 3)
  }

  /// - Parameter header: what ``header(_:name:)`` said, checked for its size.
  static func decode(
    _ bytes: Table<UInt8>, _ header: ImageHeader, name: String
  ) throws(AIGCError) -> Image {
    guard let decoder = tjInitDecompress() else { throw .failed("out of memory: no JPEG decoder") }
    defer { tjDestroy(decoder) }
    let format = header.channels == 1 ? TJPF_GRAY : TJPF_RGB
    var status: Int32 = -1
    let image = Image(
      width: header.width, height: header.height, channels: header.channels
    ) { pixels in
      bytes.withUnsafeBuffer { buffer in
        // A small file of very many scans would take minutes.
        status = tjDecompress2(
          decoder, buffer.baseAddress, UInt(buffer.count), pixels.baseAddress, Int32(header.width),
          0, Int32(header.height), Int32(format.rawValue), TJFLAG_LIMITSCANS)
      }
    }
    guard status == 0 else {
      let text = message(decoder)
      // Some cameras fill up with bytes that mean nothing. All else that libjpeg only warns of, such as
      // a missing end, leaves parts of the image grey.
      let isHarmless = tjGetErrorCode(decoder) == TJERR_WARNING.rawValue
      if isHarmless, text.contains("extraneous bytes") { return image }
      throw .badInput("\(name): damaged or truncated JPEG image: \(text)")
    }
    return image
  }

  private static func message(_ decoder: tjhandle) -> String {
    tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "no reason given"
  }
}
