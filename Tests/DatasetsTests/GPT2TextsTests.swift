import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// The ids of `tokenizers` with GPT-2's vocabulary, as counts and hashes; see
/// Scripts/fixtures/gpt2_texts.py. Without optimisation only the heads of files are looked at.
@Suite struct GPT2TextsTests {
  private struct Fixture: Decodable {
    struct File: Decodable {
      var file: String
      var count: Int
      var hash: String
      var head: Int
      var headCount: Int
      var headHash: String
    }
    struct Generated: Decodable {
      var kind: String
      var seed: UInt64
      var length: Int
      var top: Int
      var count: Int
      var hash: String
    }
    struct Text: Decodable {
      var text: String
      var count: Int
      var hash: String
    }
    var files: [File]
    var generated: [Generated]
    var texts: [Text]
  }

  private static let factor: UInt64 = 6_364_136_223_846_793_005

  private static func hash(_ ids: [Int32]) -> String {
    "\(ids.reduce(into: UInt64(0)) { $0 = $0 &* factor &+ UInt64($1) &+ 1 })"
  }

  /// The generators of the script.
  private struct Generator {
    var state: UInt64
    private static let spaces = Array(
      ("\u{20}\u{9}\u{A}\u{D}\u{B}\u{C}\u{1C}\u{1D}\u{1E}\u{1F}"
        + "\u{85}\u{A0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}"
        + "\u{2007}\u{2008}\u{2009}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}")
        .unicodeScalars)

    mutating func below(_ bound: Int) -> Int {
      state = state &* GPT2TextsTests.factor &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }

    mutating func scalar(_ top: Int) -> Unicode.Scalar {
      Unicode.Scalar(UInt32(below(top))) ?? " "
    }

    mutating func text(_ kind: String, _ count: Int, _ top: Int) -> [UInt8] {
      var text = String.UnicodeScalarView()
      for _ in 0..<count {
        switch kind {
        case "word": text.append(Unicode.Scalar(UInt8(97 + below(26))))
        case "scalars": text.append(scalar(top))
        default:
          let kind = below(16)
          if kind == 0, below(8) == 0 {
            text.append(contentsOf: "<|endoftext|>".unicodeScalars)
          } else if kind < 4 {
            text.append(Self.spaces[below(Self.spaces.count)])
          } else {
            text.append(
              scalar(kind < 10 ? 0x80 : kind < 12 ? 0x600 : kind < 15 ? 0x10000 : 0x110000))
          }
        }
      }
      return Array(String(text).utf8)
    }
  }

  private static func read() throws -> Fixture {
    let path = fixture("bpe/gpt2-texts.json")
    return try JSONDecoder().decode(Fixture.self, from: Data(bytes(path)))
  }

  @Test func filesHaveTheReferencesIds() throws {
    guard let data = testData() else { return }
    let tokenizer = try BPETokenizer(folder: "\(data)/gpt2-bpe")
    let files = try Self.read().files
    #expect(files.count > 8)
    for file in files {
      let text = try readText(path: "\(data)/\(file.file)")
      let head = try tokenizer.encode(text.prefix(file.head), name: file.file)
      #expect(head.count == file.headCount && Self.hash(head) == file.headHash, "\(file.file)")
      #if !DEBUG
        let ids = try tokenizer.encode(text, name: file.file)
        #expect(ids.count == file.count && Self.hash(ids) == file.hash, "\(file.file)")
      #endif
    }
  }

  @Test func hardTextsHaveTheReferencesIds() throws {
    guard let data = testData() else { return }
    let tokenizer = try BPETokenizer(folder: "\(data)/gpt2-bpe")
    let fixture = try Self.read()
    #expect(fixture.texts.count > 100 && fixture.generated.count > 5)
    var texts = fixture.texts.map { (Array($0.text.utf8), $0.count, $0.hash) }
    for one in fixture.generated {
      #if DEBUG
        if one.length > 500_000 { continue }
      #endif
      var generator = Generator(state: one.seed)
      texts.append((generator.text(one.kind, one.length, one.top), one.count, one.hash))
    }
    for (text, count, hash) in texts {
      let ids = try tokenizer.encode(Table(text), name: "t")
      #expect(
        ids.count == count && Self.hash(ids) == hash,
        "\(String(decoding: text.prefix(80), as: UTF8.self).debugDescription)")
      #expect(ids.flatMap { tokenizer.bytes(of: $0) } == text)
    }
  }
}
