import Datasets
import Testing

@testable import Families

@Suite struct ARPASpellingTests {
  private func spelling(_ token: String, _ mode: TokenMode) -> String {
    String(decoding: arpaSpelling(of: Array(token.utf8), mode: mode), as: UTF8.self)
  }

  @Test func whiteSpaceAndControlsAreNamed() {
    #expect(spelling(" ", .char) == "<U+0020>")
    #expect(spelling("\u{3000}", .char) == "<U+3000>")
    #expect(spelling("\u{85}", .char) == "<U+0085>")
    #expect(spelling("é", .char) == "é")
    #expect(spelling("👍", .char) == "👍")
    #expect(spelling(" ", .byte) == "<0x20>")
    #expect(spelling("a", .byte) == "a")
    #expect(arpaSpelling(of: [0xE4], mode: .byte) == Array("<0xE4>".utf8))
    for mode in TokenMode.allCases {
      for mark in ["<unk>", "<s>", "</s>"] { #expect(spelling(mark, mode) == mark) }
    }
    for mode in [TokenMode.auto, .word, .whitespace] {
      #expect(spelling("<0x20>", mode) == "<0x20>")
      #expect(tokenBytes(ofARPASpelling: Array("<0x20>".utf8), mode: mode) == Array("<0x20>".utf8))
    }
  }

  @Test func everyTokenComesBack() {
    for byte in UInt8(0)...255 {
      let spelled = arpaSpelling(of: [byte], mode: .byte)
      #expect(!spelled.contains { $0 <= 32 })
      #expect(String(validating: spelled, as: UTF8.self) != nil)
      #expect(tokenBytes(ofARPASpelling: spelled, mode: .byte) == [byte])
    }
    for value in Array(0x01...0x3100) + [0xFEFF, 0xFFFD, 0x1F44D, 0x10FFFF] {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      let token = Array(String(Character(scalar)).utf8)
      let spelled = arpaSpelling(of: token, mode: .char)
      #expect(!spelled.contains { $0 <= 32 })
      #expect(tokenBytes(ofARPASpelling: spelled, mode: .char) == token)
    }
  }

  @Test func oddSpellingsStandAsTheyAre() {
    for text in [
      "<0x>", "<0xZZ>", "<0x1FF>", "<U+>", "<U+D800>", "<U+110000>", "<U+1234567>", "<", "",
    ] {
      for mode in [TokenMode.char, .byte] {
        #expect(tokenBytes(ofARPASpelling: Array(text.utf8), mode: mode) == Array(text.utf8))
      }
    }
  }
}
