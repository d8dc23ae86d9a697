/// English words without their endings, by the algorithm of Porter ("An algorithm for suffix stripping", Program 14, 1980).
///
/// A word is a run of bytes, a to z and digits; what else there is counts as a consonant, as in NLTK.
public struct PorterStemmer: Sendable {
  /// Which departures from the paper are taken.
  public enum Rules: Sendable {
    /// Those of NLTK's `PorterStemmer`, whose mode NLTK_EXTENSIONS is its default: irregular forms, `ies` and `ied`
    /// of short words, `y` after a consonant only.
    case nltk
    /// Those of Porter's own programs (`bli`, `logi`), which ROUGE-1.5.5 holds: NLTK's mode MARTIN_EXTENSIONS.
    case martin
  }

  private let rules: Rules

  /// Creates a stemmer of one set of rules.
  public init(_ rules: Rules = .nltk) { self.rules = rules }

  /// The stem of a word in small letters.
  public func stem(_ word: [UInt8]) -> [UInt8] {
    if rules == .nltk, word.count <= 8, let known = Self.irregular[word] { return known }
    // So many letters are no English word, and each rule looks through all of them.
    guard (3...4096).contains(word.count) else { return word }
    var word = word
    plural(&word)
    pastOrParticiple(&word)
    finalY(&word)
    doubleSuffixes(&word)
    apply(Self.third, to: &word)
    fourth(&word)
    fifth(&word)
    return word
  }

  // MARK: The steps of the paper

  /// Step 1a.
  private func plural(_ word: inout [UInt8]) {
    guard word.last == Self.s else { return }
    if word.hasSuffix("sses") {
      word.removeLast(2)
    } else if word.hasSuffix("ies") {
      word.removeLast(rules == .nltk && word.count == 4 ? 1 : 2)
    } else if !word.hasSuffix("ss") {
      word.removeLast()
    }
  }

  /// Step 1b.
  private func pastOrParticiple(_ word: inout [UInt8]) {
    if rules == .nltk, word.hasSuffix("ied") {
      word.removeLast(word.count == 4 ? 1 : 2)
      return
    }
    if word.hasSuffix("eed") {
      if Self.measure(word, word.count - 3) > 0 { word.removeLast() }
      return
    }
    let length = word.hasSuffix("ed") ? 2 : word.hasSuffix("ing") ? 3 : 0
    guard length > 0, Self.hasVowel(word, word.count - length) else { return }
    word.removeLast(length)
    if word.hasSuffix("at") || word.hasSuffix("bl") || word.hasSuffix("iz") {
      word.append(Self.e)
    } else if Self.endsWithDoubleConsonant(word) {
      if let last = word.last, ![Self.l, Self.s, Self.z].contains(last) { word.removeLast() }
    } else if Self.measure(word, word.count) == 1, endsWithCVC(word, word.count) {
      word.append(Self.e)
    }
  }

  /// Step 1c.
  private func finalY(_ word: inout [UInt8]) {
    guard word.last == Self.y else { return }
    let stem = word.count - 1
    let changes =
      rules == .nltk
      ? stem > 1 && Self.isConsonant(word, stem - 1) : Self.hasVowel(word, stem)
    if changes { word[stem] = Self.i }
  }

  /// Step 2.
  private func doubleSuffixes(_ word: inout [UInt8]) {
    if rules == .nltk {
      while word.hasSuffix("alli"), Self.measure(word, word.count - 4) > 0 { word.removeLast(2) }
    }
    for (suffix, replacement) in Self.second where word.hasSuffix(suffix) {
      replace(suffix, by: replacement, in: &word)
      return
    }
    if rules == .nltk, word.hasSuffix("fulli") {
      replace("fulli", by: "ful", in: &word)
    } else if word.hasSuffix("logi") {
      // NLTK's rule counts the l with the stem, so that "geologi" is one of them.
      let stem = word.count - (rules == .nltk ? 3 : 4)
      if Self.measure(word, stem) > 0 { word.removeLast() }
    }
  }

  /// Step 4.
  private func fourth(_ word: inout [UInt8]) {
    for suffix in Self.fourth where word.hasSuffix(suffix) {
      let stem = word.count - suffix.count
      guard Self.measure(word, stem) > 1 else { return }
      if suffix.count == 3, word.hasSuffix("ion"),
        ![Self.s, Self.t].contains(word[stem - 1])
      {
        return
      }
      word.removeLast(word.count - stem)
      return
    }
  }

  /// Steps 5a and 5b.
  private func fifth(_ word: inout [UInt8]) {
    if word.last == Self.e {
      let stem = word.count - 1
      let measure = Self.measure(word, stem)
      if measure > 1 || (measure == 1 && !endsWithCVC(word, stem)) { word.removeLast() }
    }
    if word.hasSuffix("ll"), Self.measure(word, word.count - 1) > 1 { word.removeLast() }
  }

  /// The first rule whose suffix is there decides, whether or not it may be replaced.
  private func apply(_ rules: [(Suffix, Suffix)], to word: inout [UInt8]) {
    for (suffix, replacement) in rules where word.hasSuffix(suffix) {
      return replace(suffix, by: replacement, in: &word)
    }
  }

  private func replace(
    _ suffix: Suffix, by replacement: Suffix, in word: inout [UInt8]
  ) {
    let stem = word.count - suffix.count
    guard Self.measure(word, stem) > 0 else { return }
    word.removeLast(word.count - stem)
    for index in (0..<replacement.count).reversed() {
      word.append(UInt8(truncatingIfNeeded: replacement.code >> UInt64(8 * index)))
    }
  }

  // MARK: Letters

  private static func isVowel(_ letter: UInt8) -> Bool {
    switch letter {
    case UInt8(ascii: "a"), e, i, UInt8(ascii: "o"), UInt8(ascii: "u"): true
    default: false
    }
  }

  /// Whether each of the first letters is a consonant, told one by one: y is one where the letter before is none.
  private static func consonants(_ word: [UInt8], _ count: Int, _ body: (Bool) -> Void) {
    var before = false
    for index in 0..<max(count, 0) {
      before = word[index] == y ? index == 0 || !before : !isVowel(word[index])
      body(before)
    }
  }

  private static func isConsonant(_ word: [UInt8], _ index: Int) -> Bool {
    var result = false
    consonants(word, index + 1) { result = $0 }
    return result
  }

  private static func hasVowel(_ word: [UInt8], _ count: Int) -> Bool {
    var found = false
    consonants(word, count) { found = found || !$0 }
    return found
  }

  /// The m of the paper: how often a run of vowels is followed by one of consonants.
  private static func measure(_ word: [UInt8], _ count: Int) -> Int {
    var (found, isAfterVowel) = (0, false)
    consonants(word, count) { isConsonant in
      if isConsonant, isAfterVowel { found += 1 }
      isAfterVowel = !isConsonant
    }
    return found
  }

  private static func endsWithDoubleConsonant(_ word: [UInt8]) -> Bool {
    word.count >= 2 && word[word.count - 1] == word[word.count - 2]
      && isConsonant(word, word.count - 1)
  }

  private func endsWithCVC(_ word: [UInt8], _ count: Int) -> Bool {
    guard count >= 2, Self.isConsonant(word, count - 1), !Self.isConsonant(word, count - 2) else {
      return false
    }
    if count == 2 { return rules == .nltk }
    return Self.isConsonant(word, count - 3)
      && ![UInt8(ascii: "w"), UInt8(ascii: "x"), Self.y].contains(word[count - 1])
  }

  // MARK: Tables

  private static let (e, i, l, s, t) = (
    UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "l"), UInt8(ascii: "s"), UInt8(ascii: "t")
  )
  private static let (y, z) = (UInt8(ascii: "y"), UInt8(ascii: "z"))

  private static let irregular: [[UInt8]: [UInt8]] = {
    let forms = [
      "sky": "sky", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie", "news": "news",
      "innings": "inning", "inning": "inning", "outings": "outing", "outing": "outing",
      "cannings": "canning", "canning": "canning", "howe": "howe", "proceed": "proceed",
      "exceed": "exceed", "succeed": "succeed",
    ]
    return Dictionary(uniqueKeysWithValues: forms.map { (Array($0.utf8), Array($1.utf8)) })
  }()

  private static let second: [(Suffix, Suffix)] = [
    ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"),
    ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"), ("ousli", "ous"),
    ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"),
    ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
  ]
  private static let third: [(Suffix, Suffix)] = [
    ("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""),
    ("ness", ""),
  ]
  private static let fourth: [Suffix] = [
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
  ]
}

/// At most eight letters at the end of a word, as one number.
private struct Suffix: ExpressibleByStringLiteral {
  let code: UInt64
  let count: Int

  init(stringLiteral letters: StaticString) {
    (code, count) = letters.description.utf8.reduce((0, 0)) { ($0.0 << 8 | UInt64($1), $0.1 + 1) }
  }
}

extension [UInt8] {
  /// Whether the last letters are these.
  fileprivate func hasSuffix(_ suffix: Suffix) -> Bool {
    guard count >= suffix.count else { return false }
    for index in 0..<suffix.count
    where self[count - 1 - index] != UInt8(truncatingIfNeeded: suffix.code >> UInt64(8 * index)) {
      return false
    }
    return true
  }
}
