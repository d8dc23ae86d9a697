import CGIF
import Files
import Glibc

extension AnimatedImage {
  /// The longest side that the format's 16 bits have room for.
  private static let longestGIFSide = 65535

  /// The images as a GIF file, each with 256 colours of its own; transparent pixels on white. It is shown again
  /// and again. The same images give the same bytes with the same giflib.
  /// - Throws: ``/Files/AIGCError`` (failed) when a side is longer than 65,535 pixels, or giflib has no memory.
  public func gif() throws(AIGCError) -> [UInt8] {
    let (width, height) = (self.width, self.height)
    guard max(width, height) <= Self.longestGIFSide else {
      throw .failed("an image of \(width) x \(height) pixels cannot be written as GIF")
    }
    // Viewers show what is shorter than two hundredths of a second ten times as long.
    func delay(_ milliseconds: Int) -> Int32 { Int32(max(2, (milliseconds + 5) / 10)) }
    let output = UnsafeMutablePointer<aigc_gif>.allocate(capacity: 1)
    output.initialize(to: aigc_gif())
    var writer = aigc_gif_writer()
    defer {
      free(output.pointee.bytes)
      output.deallocate()
    }
    var isWritten = aigc_gif_begin(&writer, Int32(width), Int32(height), output) != 0
    for index in 0..<count where isWritten {
      if Interruption.isRequested { break }
      let time = index == count - 1 ? lastMilliseconds : milliseconds
      isWritten = aigc_gif_add(&writer, frame(index).converted(to: 3).pixels, delay(time)) != 0
    }
    let isEnded = aigc_gif_end(&writer) != 0
    try Interruption.check()
    guard isWritten, isEnded, let bytes = output.pointee.bytes else {
      throw .failed(
        "an animation of \(width) x \(height) pixels cannot be written as GIF: out of memory")
    }
    return Array(UnsafeBufferPointer(start: bytes, count: output.pointee.count))
  }
}
