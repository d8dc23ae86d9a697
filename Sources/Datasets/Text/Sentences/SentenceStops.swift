import Files

/// What tells a full stop that ends a sentence from one that does not.
enum SentenceStops {
  /// Stops that end a sentence with no space behind them: Chinese and Japanese ones; and those of Hindi, Urdu,
  /// Arabic and Amharic.
  static func isWideStop(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3002, 0xFF01, 0xFF1F, 0xFF61, 0x0964, 0x0965, 0x06D4, 0x061F, 0x1362: true
    default: false
    }
  }

  /// Those of ASCII.
  static func isStop(_ byte: UInt8) -> Bool { ".!?".utf8.contains(byte) }

  /// Quotes and brackets that close.
  static func closes(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x22, 0x27, 0x29, 0x5D, 0x7D, 0xBB, 0x2019, 0x201D, 0x203A, 0x3009, 0x300B, 0x300D, 0x300F,
      0x3011, 0xFF09, 0xFF3D, 0xFF02:
      true
    default: false
    }
  }

  /// What stands behind a stop and white space.
  struct Following {
    /// A small letter, behind quotes and brackets that open.
    var isSmall = false
    /// A digit.
    var isDigit = false
    /// The word in small letters, of ASCII letters only.
    var word: [UInt8] = []

    init(_ text: Table<UInt8>, _ index: Int) {
      var index = index
      var opened = 0
      while index < text.count, opened < 4 {
        let byte = text[index]
        let (scalar, length) =
          byte < 0x80 ? (UInt32(byte), 1) : (text.start + index).scalar(before: text.end)
        guard length > 0 else { return }
        switch scalar {
        case 0x22, 0x27, 0x28, 0x5B, 0x7B, 0xAB, 0x2018, 0x201C, 0x2039:
          index += length
          opened += 1
          continue
        case 0x30...0x39: isDigit = true
        case 0x61...0x7A: isSmall = true
        case 0..<0x80: break
        default: isSmall = Unicode.Scalar(scalar)?.properties.isLowercase ?? false
        }
        break
      }
      while index < text.count, word.count < 16, case let letter = text[index] | 0x20,
        (0x61...0x7A).contains(letter)
      {
        word.append(letter)
        index += 1
      }
    }
  }

  /// The bytes before a stop, back to white space, a bracket or a quote; at most 32.
  static func word(_ text: Table<UInt8>, _ range: Range<Int>) -> [UInt8] {
    var start = range.upperBound
    while start > max(range.lowerBound, range.upperBound - 32) {
      let byte = text[start - 1]
      guard byte > 32, byte < 0x80, !"([{\"'/-".utf8.contains(byte) else { break }
      start -= 1
    }
    return (start..<range.upperBound).map { text[$0] }
  }

  /// Whether a full stop ends its sentence, where no small letter follows.
  /// - Parameters:
  ///   - word: what stands before it.
  ///   - isFirst: whether that is all of the sentence so far.
  ///   - isEllipsis: whether it is several.
  ///   - follows: what comes behind.
  static func ends(
    _ word: [UInt8], isFirst: Bool, isEllipsis: Bool, _ follows: Following
  ) -> Bool {
    if isEllipsis { return !follows.isDigit }
    guard let last = word.last else { return !isFirst }
    if word.allSatisfy({ (48...57).contains($0) }) {
      // A number of a list.
      return !(isFirst && word.count < 4)
    }
    let small = word.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
    let text = String(decoding: small, as: UTF8.self)
    if never.contains(text) { return false }
    if beforeNumbers.contains(text) { return !follows.isDigit }
    // An initial, which "I" is not; letters with stops between them: U.S., e.g., Ph.D.
    let isInitial = word.count == 1 && (65...90).contains(last) && last != UInt8(ascii: "I")
    let isSpelled = word.contains(UInt8(ascii: ".")) && spelled(small)
    guard isInitial || isSpelled || often.contains(text) else { return true }
    return starters.contains(String(decoding: follows.word, as: UTF8.self))
  }

  /// Single letters with stops between them, or such with one more letter.
  private static func spelled(_ word: [UInt8]) -> Bool {
    word.split(separator: UInt8(ascii: ".")).allSatisfy { part in
      part.count <= 2 && part.allSatisfy { (0x61...0x7A).contains($0) }
    }
  }

  /// Always followed by more of the sentence.
  private static let never: Set<String> = [
    "mr", "mrs", "ms", "dr", "prof", "rev", "hon", "gov", "sen", "rep", "gen", "col", "capt", "lt",
    "sgt", "maj", "cmdr", "adm", "mme", "mlle", "messrs", "st", "mt", "ft", "vs", "cf", "viz",
    "e.g",
    "i.e", "eg", "ie", "approx", "ca", "resp", "esp", "incl", "al", "dept", "univ", "assoc", "bros",
    "pres", "supt", "insp", "pvt", "jr.", "ed", "eds", "trans", "w.r.t", "a.k.a",
  ]
  /// Followed by a number, else by a new sentence.
  private static let beforeNumbers: Set<String> = [
    "no", "nos", "nr", "vol", "vols", "fig", "figs", "eq", "eqs", "sec", "secs", "ch", "chap", "p",
    "pp", "art", "app", "tab", "thm", "ref", "refs", "jan", "feb", "mar", "apr", "jun", "jul",
    "aug",
    "sep", "sept", "oct", "nov", "dec",
  ]
  /// Which may end a sentence: they do where a word follows that begins many.
  private static let often: Set<String> = [
    "etc", "inc", "ltd", "co", "corp", "llc", "plc", "jr", "sr", "bldg", "ave", "blvd", "rd", "esq",
    "dist", "est", "ph.d", "m.d", "b.a", "m.a",
  ]
  private static let starters: Set<String> = [
    "a", "after", "all", "also", "although", "an", "and", "another", "as", "at", "because",
    "before",
    "both", "but", "by", "each", "finally", "first", "for", "from", "furthermore", "he", "her",
    "here", "his", "how", "however", "i", "if", "in", "instead", "it", "its", "many", "moreover",
    "most", "my", "next", "no", "nevertheless", "now", "on", "one", "or", "our", "second", "she",
    "since", "so", "some", "such", "that", "the", "their", "then", "there", "therefore", "these",
    "they", "this", "those", "though", "thus", "to", "we", "what", "when", "where", "which",
    "while",
    "who", "why", "with", "yes", "yet", "you", "your",
  ]
}
