import Files
import Kernels
import Datasets

/// A file of images that an autoencoder compressed (.aigl).
///
/// Bytes, numbers little-endian: "AIGL"; the version; the kind, 0 for rounded latents and 1 for codes; 8 bytes
/// that tell the model; the step of rounding as float32 (0 for codes); width, height, channels and number
/// of the images as ``/Datasets/VariableIntegers``; the coded numbers; CRC-32C of all before it.
public struct LatentFile {
  /// What stands for an image: rounded latents, or codes of a VQ-VAE.
  public enum Kind: UInt8 {
    case latents, codes
  }

  /// What the payload holds.
  public var kind: Kind
  /// See ``ImageCodec/fingerprint``.
  public var fingerprint: UInt64
  /// The step to whose multiples latents are rounded, in units of the prior's standard deviation; 0
  /// for codes.
  public var step: Float
  /// Columns of an image in pixels.
  public var width: Int
  /// Rows of an image in pixels.
  public var height: Int
  /// The channels of an image.
  public var channels: Int
  /// The number of images, at most ``largestCount``.
  public var count: Int
  /// The entropy-coded numbers of all images.
  public var payload: Table<UInt8>

  /// The ending of such files' names, ".aigl".
  public static let ending = ".aigl"
  private static let magic = Array("AIGL".utf8)
  private static let version: UInt8 = 1
  /// Bytes before the sizes, and behind the payload.
  private static let (headSize, sumSize) = (18, 4)
  /// The most images, and numbers of all of them.
  public static let (largestCount, largestNumbers) = (1 << 24, 1 << 28)

  /// Creates a file in memory.
  /// - Parameters:
  ///   - kind: what the payload holds.
  ///   - fingerprint: of the model; see ``ImageCodec/fingerprint``.
  ///   - step: of rounding; 0 for codes.
  ///   - width: of the images in pixels.
  ///   - height: of the images in pixels.
  ///   - channels: of the images.
  ///   - count: of images.
  ///   - payload: their entropy-coded numbers.
  public init(
    kind: Kind, fingerprint: UInt64, step: Float, width: Int, height: Int, channels: Int,
    count: Int, payload: Table<UInt8>
  ) {
    (self.kind, self.fingerprint, self.step) = (kind, fingerprint, step)
    (self.width, self.height, self.channels) = (width, height, channels)
    (self.count, self.payload) = (count, payload)
  }

  /// Whether a file of this kind stands at the path.
  public static func recognizes(_ path: String) -> Bool {
    guard !isFolder(path), let bytes = try? MappedFile(path: path).bytes() else { return false }
    return isOne(bytes)
  }

  private static func isOne(_ bytes: Table<UInt8>) -> Bool {
    bytes.count >= magic.count && magic.indices.allSatisfy { bytes[$0] == magic[$0] }
  }

  /// The whole file, with its CRC-32C at the end.
  public var bytes: [UInt8] {
    var bytes = Self.magic + [Self.version, kind.rawValue]
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: fingerprint >> UInt64(8 * shift))) }
    bytes += Self.littleEndian(step.bitPattern)
    var sizes = VariableIntegers.Writer()
    for size in [width, height, channels, count] { sizes.append(UInt64(size)) }
    bytes += sizes.bytes + payload.array(of: UInt8.self)
    return bytes + Self.littleEndian(CRC32C.of(bytes))
  }

  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, damaged or something else.
  public init(path: String) throws(AIGCError) {
    let bytes = try MappedFile(path: path).bytes()
    guard Self.isOne(bytes) else {
      throw .badInput("\(path): not a file that 'aigc encode' wrote")
    }
    let end = bytes.count - Self.sumSize
    var input = VariableIntegers.Reader(bytes.prefix(end), at: Self.headSize, name: path)
    guard end > Self.headSize, let sum = bytes.load(UInt32.self, at: end),
      sum == CRC32C.of((0..<end).lazy.map { bytes[$0] })
    else { throw input.damaged }
    guard bytes[4] == Self.version else {
      throw .badInput("\(path): version \(bytes[4]) instead of 1; a newer aigc is needed")
    }
    guard let kind = Kind(rawValue: bytes[5]), let fingerprint = bytes.load(UInt64.self, at: 6),
      let step = bytes.load(UInt32.self, at: 14).map({ Float(bitPattern: $0) }),
      step.isFinite, kind == .codes || step > 0
    else { throw input.damaged }
    width = Int(try input.next(below: 4097))
    height = Int(try input.next(below: 4097))
    channels = Int(try input.next(below: 5))
    count = Int(try input.next(below: UInt64(Self.largestCount) + 1))
    (self.kind, self.fingerprint, self.step) = (kind, fingerprint, step)
    payload = bytes.slice(input.offset..<end)
  }
}
