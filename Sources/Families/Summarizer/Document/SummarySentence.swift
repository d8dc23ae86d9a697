import Datasets
import Files

/// A sentence as methods of summaries see it.
struct SummarySentence {
  /// Its text on one line: white space is one space, what is not UTF-8 the replacement character.
  let text: [UInt8]
  /// The number of its paragraph.
  let paragraph: Int
  /// Its words by ``TermTable``, Chinese and Japanese characters one by one.
  private(set) var words: [Int32] = []
  /// The document's number of each word's stem; -1: a stop word.
  var sequence: [Int32] = []
  /// Its terms and how often each is there, by the document's numbers, ascending.
  var terms: [(id: Int32, count: Int)] = []
  /// What it is made of beside words.
  var marks: Marks { Self.marks(text) }

  struct Marks {
    var hasDigit = false
    var hasBracket = false
    var hasQuestion = false
    var hasQuote = false
    var hasColon = false
    /// Shares of the parts between white space: with a capital (the first part left out), with two or more.
    var capitalized = 0.0
    var acronyms = 0.0
  }

  init(_ bytes: [UInt8], paragraph: Int) {
    self.paragraph = paragraph
    text = Self.oneLine(bytes)
  }

  /// Reads the words.
  /// - Returns: the stem of each word, -1 where it says nothing; and the terms that are pairs of characters.
  mutating func read(_ table: inout TermTable) -> (stems: [Int32], pairs: [Int32]) {
    var (found, pairs): ([Int32], [Int32]) = ([], [])
    var (before, words): (Int32?, [Int32]) = (nil, [])
    ScriptWords(.all).scan(text) { word, isCharacter in
      let (id, stem) = table.number(of: word)
      words.append(id)
      found.append(stem)
      if isCharacter, let before { pairs.append(table.pairTerm(before, id)) }
      before = isCharacter ? id : nil
    }
    self.words = words
    return (found, pairs)
  }

  private static func oneLine(_ bytes: [UInt8]) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(bytes.count)
    var (isAfterSpace, isPlain) = (true, true)
    for byte in bytes {
      if byte <= 32 || byte == 0x7F {
        if !isAfterSpace { line.append(32) }
        isAfterSpace = true
      } else {
        line.append(byte)
        isAfterSpace = false
        isPlain = isPlain && byte < 0x80
      }
    }
    if line.last == 32 { line.removeLast() }
    return isPlain ? line : Array(String(decoding: line, as: UTF8.self).utf8)
  }

  private static func marks(_ text: [UInt8]) -> Marks {
    var marks = Marks()
    var (parts, capitalized, acronyms, capitals, isStart) = (0, 0, 0, 0, true)
    func end() {
      if capitals > 1 { acronyms += 1 }
      capitals = 0
      isStart = true
    }
    for byte in text {
      switch byte {
      case 32:
        end()
        continue
      case UInt8(ascii: "0")...UInt8(ascii: "9"): marks.hasDigit = true
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if isStart, parts > 0 { capitalized += 1 }
        capitals += 1
      case UInt8(ascii: "("): marks.hasBracket = true
      case UInt8(ascii: "?"): marks.hasQuestion = true
      case UInt8(ascii: "\""): marks.hasQuote = true
      case UInt8(ascii: ":"): marks.hasColon = true
      default: break
      }
      if isStart { parts += 1 }
      isStart = false
    }
    end()
    marks.capitalized = Double(capitalized) / Double(max(parts, 1))
    marks.acronyms = Double(acronyms) / Double(max(parts, 1))
    return marks
  }
}
