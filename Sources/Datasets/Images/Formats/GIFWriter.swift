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
    let (width, height) = (frames[0].width, frames[0].height)
    guard max(width, height) <= Self.longestGIFSide else {
      throw .failed("an image of \(width) x \(height) pixels cannot be written as GIF")
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(frames.count * width * height * 3)
    for frame in frames { pixels += frame.converted(to: 3).pixels }
    // Viewers show what is shorter than two hundredths of a second ten times as long.
    func delay(_ milliseconds: Int) -> Int32 { Int32(max(2, (milliseconds + 5) / 10)) }
    var output = aigc_gif()
    defer { free(output.bytes) }
    let isWritten = aigc_gif_write(
      pixels, Int32(width), Int32(height), frames.count, delay(self.milliseconds),
      delay(lastMilliseconds), &output)
    guard isWritten != 0, let bytes = output.bytes else {
      throw .failed(
        "an animation of \(width) x \(height) pixels cannot be written as GIF: out of memory")
    }
    return Array(UnsafeBufferPointer(start: bytes, count: output.count))
  }
}
