/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), which record files such as TensorBoard's use. zlib's
/// CRC-32 has another polynomial.
public enum CRC32C {
  /// The sums of the 256 bytes, for the reflected polynomial 0x82F63B78.
  private static let table: [UInt32] = (0..<256).map { byte in
    var sum = UInt32(byte)
    for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
    return sum
  }

  /// The checksum of `bytes`: 0xE3069283 for the text "123456789".
  public static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var sum: UInt32 = .max
    for byte in bytes { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 }
    return ~sum
  }

  /// The sum as TFRecord files store it, rotated and shifted by a constant, because a sum over data
  /// that holds its own sum is weak (tensorflow/core/lib/hash/crc32c.h).
  public static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = of(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
