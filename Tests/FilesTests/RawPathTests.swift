import Files
import Testing

@Suite struct RawPathTests {
  /// Names that are not UTF-8, or would end a line, are escaped, and no two names become the same.
  @Test func namesAreLegible() {
    let cases: [([UInt8], String)] = [
      (Array("größe 数字 👩‍🎨.png".utf8), "größe 数字 👩‍🎨.png"), ([0x61, 0xE9], "a\\xE9"),
      (Array("a\\xE9".utf8), "a\\\\xE9"), (Array("a\\b".utf8), "a\\b"),
      (Array("a\nb".utf8), "a\\x0Ab"), ([0xC3], "\\xC3"), ([0xED, 0xA0, 0x80], "\\xED\\xA0\\x80"),
      ([0x5C, 0xFF], "\\\\\\xFF"), (Array("\u{202E}x".utf8), "\\xE2\\x80\\xAEx"), ([], ""),
    ]
    for (name, text) in cases { #expect(legible(name) == text) }
    #expect(Set(cases.map { legible($0.0) }).count == cases.count)
  }
}
