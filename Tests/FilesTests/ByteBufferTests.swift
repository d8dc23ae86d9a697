import Testing

@testable import Files

@Suite struct ByteBufferTests {
  @Test(arguments: [
    (Float(0), "0"), (-1.2278343, "-1.2278343"), (-99, "-99"), (0.5, "0.5"), (-0.05, "-0.05"),
    (-10.25, "-10.25"), (0.0000001, "0.0000001"), (-0.00000001, "0"), (1234567, "1234567"),
  ])
  func decimals(value: Float, text: String) {
    var buffer = ByteBuffer(capacity: 0)
    buffer.append(decimal: value)
    let bytes = buffer.bytes
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test func growsAndAppends() throws {
    var buffer = ByteBuffer(capacity: 1)
    let table = try Table<UInt8>(Array(0..<200))
    for _ in 0..<10 { buffer.append(table, 0..<200) }
    var other = ByteBuffer(capacity: 1)
    other.append(7)
    buffer.append(other)
    let bytes = buffer.bytes
    #expect(bytes.count == 2001)
    #expect(Array(bytes.suffix(2)) == [199, 7])
  }
}
