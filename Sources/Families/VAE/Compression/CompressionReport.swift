import Datasets
import Files
import Glibc

/// What a compression costs and what it keeps.
public struct CompressionReport {
  /// The number of images in the file.
  public let images: Int
  /// Of the whole file, and of the coded numbers in it.
  public let bytes: Int
  /// Bytes of the entropy-coded numbers in the file, without head and checksum.
  public let payload: Int
  /// Peak signal-to-noise ratio in decibel, of bytes 0–255; the squared error is the mean over all pixels of
  /// all images. Infinite where nothing is lost.
  public let psnr: Double
  private let pixels: Int

  /// Compares images with what comes back of a file.
  /// - Parameters:
  ///   - codec: of the model that the file was written with.
  ///   - file: what the images were compressed to.
  ///   - size: bytes of the whole file.
  ///   - name: of the file, for errors.
  ///   - sets: what was compressed.
  /// - Throws: ``/Files/AIGCError``: as ``ImageCodec/decode(_:limit:_:)`` and
  ///   ``ImageCodec/symbols(of:name:)``, badInput when an image cannot be read any more.
  public init(
    _ codec: ImageCodec, _ file: LatentFile, size: Int, name: String, _ sets: [ImageSet]
  ) throws(AIGCError) {
    (images, bytes, payload) = (file.count, size, file.payload.count)
    pixels = codec.size.width * codec.size.height
    var again: [Float] = []
    try codec.decode(codec.symbols(of: file, name: name)) { again += $0 }
    var (sum, place): (UInt64, Int) = (0, 0)
    try ImageCodec.forBlocks(of: sets) { values, _ in
      for value in values {
        let difference = Int64(Self.level(value)) - Int64(Self.level(again[place]))
        sum += UInt64(difference * difference)
        place += 1
      }
    }
    let error = Double(sum) / Double(max(place, 1))
    psnr = 10 * log10(255 * 255 / error)
  }

  /// The byte that an image's file would have.
  private static func level(_ value: Float) -> Int {
    let level = ((value + 1) * 127.5).rounded()
    // The comparisons are false for NaN.
    return level >= 255 ? 255 : level > 0 ? Int(level) : 0
  }

  private var bitsPerImage: Double { Double(8 * bytes) / Double(max(images, 1)) }

  /// The counts, bits per image and per pixel, and the PSNR in decibel as JSON; an infinite PSNR is
  /// null.
  public var members: [JSONValue.Member] {
    [
      .init("pictures", .int(images)), .init("bytes", .int(bytes)),
      .init("payload_bytes", .int(payload)), .init("bits_per_picture", .double(bitsPerImage)),
      .init("bits_per_pixel", .double(bitsPerImage / Double(pixels))),
      .init("psnr", psnr.isFinite ? .double(psnr) : .null),
    ]
  }

  /// One line for people.
  public var text: String {
    "\(counted(images, "image")), \(counted(bytes, "byte")), "
      + "\(Format.fixed(bitsPerImage, 1)) bits an image, "
      + "\(Format.fixed(bitsPerImage / Double(pixels), 4)) bits a pixel, "
      + "PSNR \(psnr.isFinite ? Format.fixed(psnr, 2) : "∞") dB"
  }
}
