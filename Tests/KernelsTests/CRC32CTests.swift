import Kernels
import Testing

@Suite struct CRC32CTests {
  /// RFC 3720, appendix B.4, and the check value of the catalogues.
  @Test func knownSums() {
    #expect(CRC32C.of(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.of([]) == 0)
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.of([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.of((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CRC32C.of((0..<32).reversed().map { UInt8($0) }) == 0x113F_DB5C)
  }

  /// LevelDB's masking, which TFRecord files share: rotated right by 15, plus a constant.
  @Test func masked() {
    let sum: UInt32 = 0xE306_9283
    let expected = (sum >> 15 | sum << 17) &+ 0xA282_EAD8
    #expect(CRC32C.masked(Array("123456789".utf8)) == expected)
    // The head of a record of 24 bytes, the first that TensorBoard's own writer puts into a file.
    #expect(CRC32C.masked([24, 0, 0, 0, 0, 0, 0, 0]) == 0x224B_7FA3)
  }
}
