import CTurboJPEG
import Files

extension Image {
  /// The image as a JPEG file; transparent pixels on white. The same image gives the same bytes with the
  /// same libjpeg-turbo.
  /// - Parameter quality: 1 to 100. From 90 on colours have the resolution of the image, below that
  ///   half of it each way, as is usual.
  /// - Throws: ``/Files/AIGCError`` (failed) when a side is longer than 65,500 pixels, JPEG's limit.
  public func jpeg(quality: Int = 90) throws(AIGCError) -> [UInt8] {
    if channels == 4 { return try converted(to: 3).jpeg(quality: quality) }
    guard let encoder = tjInitCompress() else { throw .failed("out of memory: no JPEG encoder") }
    defer { tjDestroy(encoder) }
    let format = channels == 1 ? TJPF_GRAY : TJPF_RGB
    let sampling = channels == 1 ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420
    var (output, size): (UnsafeMutablePointer<UInt8>?, UInt) = (nil, 0)
    defer { tjFree(output) }
    let status = pixels.withUnsafeBufferPointer { pixels in
      tjCompress2(
        encoder, pixels.baseAddress, Int32(width), 0, Int32(height), Int32(format.rawValue),
        &output,
        &size, Int32(sampling.rawValue), Int32(min(max(quality, 1), 100)), 0)
    }
    guard status == 0, let output else {
      let text = tjGetErrorStr2(encoder).map { String(cString: $0) } ?? "no reason given"
      throw .failed("an image of \(width) x \(height) pixels cannot be written as JPEG: \(text)")
    }
    return Array(UnsafeBufferPointer(start: output, count: Int(size)))
  }
}
