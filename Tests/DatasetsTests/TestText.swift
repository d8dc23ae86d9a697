import Datasets
import Files

/// Text as the encoders take it.
func table(_ text: String) throws -> Table<UInt8> { try Table(Array(text.utf8)) }

/// The tokens of `text`, one array a sentence.
func sentences(_ text: [UInt8], _ mode: TokenMode) throws -> [[String]] {
  try tokenRanges(text: Table(text), mode: mode, name: "test").map { ranges in
    ranges.map { String(decoding: text[$0], as: UTF8.self) }
  }
}

func sentences(_ text: String, _ mode: TokenMode) throws -> [[String]] {
  try sentences(Array(text.utf8), mode)
}

/// The tokens of a text of one line, joined by `|`.
func tokens(_ text: String, _ mode: TokenMode = .word) throws -> String {
  try sentences(text, mode).map { $0.joined(separator: "|") }.joined(separator: "¶")
}

/// Repeatable numbers for tests (splitmix64).
struct TestRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
