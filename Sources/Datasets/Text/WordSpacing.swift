import Files

/// Where spaces belong between the tokens of a sentence, as books are printed.
struct WordSpacing: Sendable {
  private enum Previous { case start, word, punctuation, opening }
  private var previous = Previous.start
  private var isDoubleQuoteOpen = false
  private var isSingleQuoteOpen = false
  private var isUnderscoreOpen = false
  private var isBacktickOpen = false
  private var previousIsCJK = false
  private var previousEndsInDigit = false
  /// The token before is a colon or an en dash after a number: "12:30", "1914–18".
  private var joinsNumbers = false
  /// A `'` may belong to the word before: "the horses' heads", "goin' home", "o' the".
  private var mayElideEnd = false
  /// The token before is one small letter, or the full stop after one: "i.e.", "p.m.".
  private var isSmallLetter = false
  private var isAbbreviation = false
  /// The token before is a `'` that opened a quotation, or an elision at a word's start: "'tis".
  private var isAfterOpeningApostrophe = false

  /// Moves on by `token`; whether a space belongs before it.
  mutating func needsSpace(before token: [UInt8]) -> Bool {
    guard let byte = token.first, let first = firstScalar(token) else {
      return previous != .start && previous != .opening
    }
    let isCJKToken = byte >= 0xE2 && isCJK(first.value)
    let wasOpening = previous == .opening || previous == .start
    let attachment = attachment(of: token, first)
    let space =
      !wasOpening && !attachment.left && !isCJKToken && !previousIsCJK
      && !(joinsNumbers && byte.isDigit) && !(isAbbreviation && token.isSmallLetter)
    remember(token, attachment, isCJK: isCJKToken)
    return space
  }

  private struct Attachment {
    var left = false
    var right = false
    var isWord = false
    static let word = Attachment(isWord: true)
    static let apart = Attachment()
    static let leftSide = Attachment(left: true)
    static let rightSide = Attachment(right: true)
    static let bothSides = Attachment(left: true, right: true)
  }

  private mutating func remember(_ token: [UInt8], _ attachment: Attachment, isCJK: Bool) {
    let byte = token[0]
    let isSingle = token.count == 1
    joinsNumbers =
      previousEndsInDigit && (isSingle && byte == UInt8(ascii: ":") || token == enDash)
    isAbbreviation = isSmallLetter && isSingle && byte == UInt8(ascii: ".")
    isSmallLetter = token.isSmallLetter
    if isAfterOpeningApostrophe, isElidedStart(token) { isSingleQuoteOpen = false }
    isAfterOpeningApostrophe =
      isSingle && byte == UInt8(ascii: "'") && attachment.right
    previousEndsInDigit = attachment.isWord && token[token.count - 1].isDigit
    mayElideEnd = attachment.isWord && Datasets.mayElideEnd(token)
    previousIsCJK = isCJK || attachment.isWord && endsInCJK(token)
    previous = attachment.right ? .opening : attachment.isWord ? .word : .punctuation
  }

  /// On which sides `token` stands close to its neighbours.
  private mutating func attachment(of token: [UInt8], _ first: Unicode.Scalar) -> Attachment {
    guard first.isASCII else { return attachmentBeyondASCII(first, token) }
    let byte = token[0]
    if byte.isLetterOrDigit { return .word }
    if token.count > 1 { return attachmentOfRun(token) }
    switch byte {
    case UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ")"), UInt8(ascii: "]"),
      UInt8(ascii: "}"), UInt8(ascii: "%"):
      return .leftSide
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "$"),
      UInt8(ascii: "#"), UInt8(ascii: "~"):
      return .rightSide
    case UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "^"):
      return .bothSides
    case UInt8(ascii: "\""): return alternate(&isDoubleQuoteOpen)
    case UInt8(ascii: "_"): return alternate(&isUnderscoreOpen)
    case UInt8(ascii: "`"): return alternate(&isBacktickOpen)
    case UInt8(ascii: "'"):
      if !isSingleQuoteOpen, mayElideEnd { return .leftSide }
      return alternate(&isSingleQuoteOpen)
    default: return .apart
    }
  }

  private func alternate(_ isOpen: inout Bool) -> Attachment {
    isOpen.toggle()
    return isOpen ? .rightSide : .leftSide
  }

  /// Runs of one sign, and words that start with one.
  private func attachmentOfRun(_ token: [UInt8]) -> Attachment {
    switch token[0] {
    case UInt8(ascii: "-"): return token.count < 4 ? .bothSides : .apart
    case UInt8(ascii: "."): return attachmentOfEllipsis
    case UInt8(ascii: "'"): return Attachment(left: true, isWord: true)
    default: return .word
    }
  }

  /// Three dots end what is before them; at the start of a speech they begin it.
  private var attachmentOfEllipsis: Attachment {
    previous == .start || previous == .opening ? .rightSide : .leftSide
  }

  private func attachmentBeyondASCII(_ first: Unicode.Scalar, _ token: [UInt8])
    -> Attachment
  {
    switch first.value {
    case 0x2019:
      if token.count > 3 { return Attachment(left: true, isWord: true) }
      // At the start it stands for missing letters: "’Tis".
      return previous == .start || previous == .opening ? .rightSide : .leftSide
    case 0x2014, 0x2015: return .bothSides
    case 0x2013: return previousEndsInDigit ? .bothSides : .apart
    case 0x2026: return attachmentOfEllipsis
    case 0xB0, 0x2032, 0x2033, 0x2030: return .leftSide
    case 0xBF, 0xA1, 0x201A, 0x201E: return .rightSide
    case 0xA7, 0xB6, 0xB7, 0x2022: return .apart
    case 0x200D: return .bothSides
    default: break
    }
    switch first.properties.generalCategory {
    case .openPunctuation, .initialPunctuation, .currencySymbol: return .rightSide
    case .closePunctuation, .finalPunctuation, .otherPunctuation: return .leftSide
    case .nonspacingMark, .spacingMark, .enclosingMark, .format, .modifierSymbol:
      return Attachment(left: true, isWord: true)
    case .dashPunctuation: return .apart
    default: return .word
    }
  }
}

private let enDash: [UInt8] = [0xE2, 0x80, 0x93]

private func firstScalar(_ token: [UInt8]) -> Unicode.Scalar? {
  if token[0] < 0x80 { return Unicode.Scalar(token[0]) }
  let (scalar, length) = token.withCursors { start, end in start.scalar(before: end) }
  return length > 0 ? Unicode.Scalar(scalar) : nil
}

private func endsInCJK(_ token: [UInt8]) -> Bool {
  guard token[token.count - 1] >= 0x80 else { return false }
  var start = token.count - 1
  while start > 0, token[start] & 0xC0 == 0x80 { start -= 1 }
  return firstScalar(Array(token[start...])).map { isCJK($0.value) } ?? false
}

/// Words that begin with a missing letter.
private let elidedStarts: Set<[UInt8]> = Set(
  "tis twas twill twould twere em til till tell cause bout round neath gainst un im er ere ave n"
    .split(separator: " ").map { Array($0.utf8) })

private func isElidedStart(_ token: [UInt8]) -> Bool {
  guard token.count <= 6 else { return false }
  return elidedStarts.contains(token.map { $0 | 0x20 })
}

/// Words in -s that are no plural and no name, and so take no apostrophe after them.
private let plainWordsInS: Set<[UInt8]> = Set(
  "as his is its it's that's this thus us was has does goes says yes always perhaps less unless"
    .split(separator: " ").map { Array($0.utf8) })

/// Whether an apostrophe after `word` more likely belongs to it than opens a quotation.
private func mayElideEnd(_ word: [UInt8]) -> Bool {
  let last = word[word.count - 1] | 0x20
  if last == UInt8(ascii: "s") {
    guard word.count > 2 else { return false }
    return word.count > 7 || !plainWordsInS.contains(word.map { $0 | 0x20 })
  }
  if word.count == 1 { return last == UInt8(ascii: "o") }
  let beforeLast = word[word.count - 2] | 0x20
  if last == UInt8(ascii: "n"), beforeLast == UInt8(ascii: "i") { return word.count > 4 }
  return word.count == 2
    && (last == UInt8(ascii: "h") && beforeLast == UInt8(ascii: "t")
      || last == UInt8(ascii: "l") && beforeLast == UInt8(ascii: "o"))
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= 48 && self <= 57 }
  fileprivate var isLetterOrDigit: Bool {
    isDigit || (self | 0x20 >= 97 && self | 0x20 <= 122)
  }
}

extension [UInt8] {
  fileprivate var isSmallLetter: Bool { count == 1 && self[0] >= 97 && self[0] <= 122 }
}
