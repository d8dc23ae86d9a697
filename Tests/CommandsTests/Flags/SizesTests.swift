import Files
import TestSupport
import Testing

@testable import Families

/// Every whole number in the config.json of every family, made as large as it gets: an answer, or one line
/// that refuses it, and no memory of that size.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct SizesTests {
  /// Numbers that size nothing.
  private static let counts: Set = [
    "training_tokens", "training_pictures", "training_images", "pool_size", "load_width",
    "load_height", "training_steps", "training_texts", "training_articles", "training_sentences",
    "bos_token_id", "eos_token_id", "timesteps", "mean_return",
  ]
  private static let sizes = [12_000, 65_536, 1 << 20, 1_000_000_000, 1 << 24, 1 << 31, Int.max]

  /// A model of the shared folder, and a command that uses it.
  static let uses = [
    ("gan", "sample gan --model $M --num 1 --out $OUT.png"),
    ("gancond", "sample gan --model $M --num 1 --out $OUT.png"),
    ("dcgan", "sample dcgan --model $M --num 1 --out $OUT.png"),
    ("vae", "sample vae --model $M --num 1 --out $OUT.png"),
    ("vaegan", "sample vaegan --model $M --num 1 --out $OUT.png"),
    ("vq", "sample vae --model $M --num 1 --out $OUT.png"),
    ("vqvae", "sample vqvae --model $M --num 1 --out $OUT.png"), ("tab", "score $M r.csv"),
    ("cycle", "translate $M imgs/cats/seed0001.png --out $OUT.png"),
    ("stylegan", "sample stylegan --model $M --num 1 --out $OUT.png"),
    ("cls", "classify imgs --model $M"), ("lstm", "generate text --model $M -n 3 --seed 1"),
    ("gpt2", "generate text --model $M -n 3 --seed 1"),
    ("llama", "generate text --model $M -n 3 --seed 1"),
    ("gemma3", "generate text --model $M -n 3 --seed 1"),
    ("series", "generate series --model $M -n 3"),
    ("ngram", "generate text --model $M -n 3 --seed 1"),
    ("sent", "sentiment good --model $M"), ("senn", "sentiment good --model $M"),
    ("sumr", "summarize a.txt --model $M"), ("agent", "play $M --episodes 1 --seed 1"),
  ]

  /// A whole number in a JSON text, and the key that it belongs to.
  private struct Number {
    var range: Range<String.Index>
    var key: String
  }

  private static func numbers(_ text: String) -> [Number] {
    var (found, key, place) = ([Number](), "", text.startIndex)
    while place < text.endIndex {
      if text[place] == "\"" {
        let start = text.index(after: place)
        let end = text[start...].firstIndex(of: "\"") ?? text.endIndex
        let next = text[end...].dropFirst().first { !$0.isWhitespace }
        if next == ":" { key = String(text[start..<end]) }
        place = end < text.endIndex ? text.index(after: end) : end
      } else if text[place].isNumber || text[place] == "-" {
        let word = text[place...].prefix { $0.isNumber || "+-.eE".contains($0) }
        if Int(word) != nil { found.append(Number(range: place..<word.endIndex, key: key)) }
        place = word.endIndex
      } else {
        place = text.index(after: place)
      }
    }
    return found
  }

  private func replaced(_ text: String, _ range: Range<String.Index>, _ size: Int) -> String {
    var text = text
    text.replaceSubrange(range, with: "\(size)")
    return text
  }

  @Test(arguments: uses) func absurdSizesAreRefused(model: String, command: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let copy = "sizes-\(model)"
    #expect(shell("cp -r '\(folder.path)/\(model)' '\(folder.path)/\(copy)'") == 0)
    let path = "\(folder.path)/\(copy)/config.json"
    let whole = try text(path)
    let command = command.replacing("$M", with: copy)
    func run(_ text: String) throws -> ProgramRun {
      try write(text, to: path)
      return folder.run(command, addressSpace: 2_000_000)
    }
    let plain = try run(whole)
    #expect(plain.code == 0, "\(plain)")
    let numbers = Self.numbers(whole)
    #expect(numbers.count > 2)
    for number in numbers {
      for size in Self.sizes {
        let found = try run(replaced(whole, number.range, size))
        let place = "\(model) \(number.key) \(size): \(found.code) \(found.errors)"
        if Self.counts.contains(number.key) {
          #expect(found.code == 0, "\(place)")
        } else {
          #expect([0, 1, 3, 4].contains(found.code), "\(place)")
          #expect(found.code == 0 || found.errors.split(separator: "\n").count == 1, "\(place)")
        }
      }
    }
    for size in Self.sizes {
      var text = whole
      for number in numbers.reversed()
      where !Self.counts.contains(number.key) && number.key != "format_version" {
        text.replaceSubrange(number.range, with: "\(size)")
      }
      let found = try run(text)
      #expect([1, 3, 4].contains(found.code), "\(model), all: \(size): \(found)")
      #expect(found.errors.split(separator: "\n").count == 1, "\(model): \(found.errors)")
    }
  }
}
