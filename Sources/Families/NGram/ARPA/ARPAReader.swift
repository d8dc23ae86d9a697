import Datasets
import Files
import Kernels

/// Reads ARPA files of KenLM, SRILM and others into a model.
///
/// N-grams that others need but the file leaves out (contexts and suffixes, as SRILM's entropy
/// pruning does) are added with the probability that backing off gives them.
struct ARPAReader {
  private let text: Table<UInt8>
  private let name: String
  /// What the file says of the text that the model was made of; nil: nothing.
  private(set) var settings: ARPASettings?
  /// What the words are, whatever the file says.
  private let tokens: TokenMode?
  private var mode = TokenMode.whitespace
  private var offset = 0
  private var line = 0
  private var hasUnknown: Bool?
  /// What was taken where the file says nothing, in words for the user.
  private(set) var notes: [String] = []

  /// - Parameter tokens: what the words are; nil: what the file says.
  init(text: Table<UInt8>, name: String, tokens: TokenMode?) {
    self.text = text
    self.name = name
    self.tokens = tokens
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) naming the line that is wrong.
  mutating func read() throws(AIGCError) -> NGramTable {
    let sizes = try readHeader()
    mode = tokens ?? settings?.tokens ?? .whitespace
    var words = VocabularyBuilder()
    var entries: [ARPAEntries] = []
    for (index, size) in sizes.enumerated() {
      try expect("\\\(index + 1)-grams:")
      var level = ARPAEntries(order: index + 1)
      let isLast = index + 1 == sizes.count
      while let range = nextLine(), !range.isEmpty {
        if text[range.lowerBound] == UInt8(ascii: "\\") {
          offset = range.lowerBound
          line -= 1
          break
        }
        try parseEntry(range, isLast: isLast, into: &level, &words)
        if level.count % 65536 == 0 { try Interruption.check() }
      }
      guard level.count == size else {
        throw problem("\(level.count) \(index + 1)-grams where the header says \(size)")
      }
      entries.append(level)
    }
    try expect("\\end\\")
    return try ARPAAssembly(entries: entries, name: name).table(vocabulary: words, &notes)
  }

  // MARK: Lines

  /// The next line without its end, nil at the end of the text.
  private mutating func nextLine() -> Range<Int>? {
    guard offset < text.count else { return nil }
    let start = offset
    while offset < text.count, text[offset] != 10 { offset += 1 }
    var end = offset
    offset += 1
    line += 1
    while end > start, text[end - 1] == 13 || text[end - 1] == 32 || text[end - 1] == 9 { end -= 1 }
    return start..<end
  }

  private mutating func nextFilledLine() -> Range<Int>? {
    while let range = nextLine() {
      if !range.isEmpty { return range }
    }
    return nil
  }

  private func string(_ range: Range<Int>) -> String {
    String(decoding: range.prefix(200).map { text[$0] }, as: UTF8.self)
  }

  private func problem(_ what: String) -> AIGCError {
    .badInput("\(name): line \(line): \(what); not a whole ARPA file")
  }

  private mutating func expect(_ title: String) throws(AIGCError) {
    guard let range = nextFilledLine() else { throw problem("the file ends before \(title)") }
    guard string(range) == title else {
      throw problem("\(title) expected, found \"\(string(range).prefix(40))\"")
    }
  }

  /// `\data\` and the numbers of n-grams; anything may stand before.
  private mutating func readHeader() throws(AIGCError) -> [Int] {
    while true {
      guard let range = nextFilledLine() else { throw problem("no \\data\\ line") }
      let content = string(range)
      if content == "\\data\\" { break }
      if settings == nil { settings = ARPASettings(line: content) }
    }
    var sizes: [Int] = []
    while let range = nextFilledLine() {
      let content = string(range)
      guard content.hasPrefix("ngram ") else {
        offset = range.lowerBound
        line -= 1
        break
      }
      let parts = content.dropFirst(6).split(separator: "=", maxSplits: 1)
      let numbers = parts.compactMap { Int($0.filter { $0 != " " }) }
      guard numbers.count == 2, numbers[0] == sizes.count + 1, numbers[1] >= 0 else {
        throw problem("\"ngram \(sizes.count + 1)=…\" expected")
      }
      sizes.append(numbers[1])
    }
    guard !sizes.isEmpty, sizes.count <= NGramFile.largestOrder else {
      throw problem("orders 1 to \(NGramFile.largestOrder) are possible, this has \(sizes.count)")
    }
    return sizes
  }

  private mutating func word(_ field: Range<Int>) -> [UInt8] {
    let word = field.map { text[$0] }
    // SRILM has it in capitals, and KenLM takes both; beside the small one it is a word as others.
    if word == Self.capitalUnknown, !statesUnknown() { return Self.unknown }
    return tokenBytes(ofARPASpelling: word, mode: mode)
  }
  private static let capitalUnknown = Array("<UNK>".utf8)
  private static let unknown = Array("<unk>".utf8)

  /// Whether "<unk>" is one of the words; looked for once, in files that have "<UNK>".
  private mutating func statesUnknown() -> Bool {
    if let hasUnknown { return hasUnknown }
    let count = Self.unknown.count
    func isSpace(_ place: Int) -> Bool { place >= text.count || text[place] <= 32 }
    var found = false
    var start = 1
    while !found, start + count <= text.count {
      found =
        text[start] == Self.unknown[0] && isSpace(start - 1) && isSpace(start + count)
        && Self.unknown.indices.allSatisfy { text[start + $0] == Self.unknown[$0] }
      start += 1
    }
    hasUnknown = found
    return found
  }

  private mutating func parseEntry(
    _ range: Range<Int>, isLast: Bool, into level: inout ARPAEntries,
    _ words: inout VocabularyBuilder
  ) throws(AIGCError) {
    var fields = FieldScanner(text: text, range: range)
    guard let first = fields.next(), let probability = parseDecimal(text, first), probability <= 0
    else { throw problem("a log10 probability (0 or less) expected") }
    for _ in 0..<level.order {
      guard let field = fields.next() else {
        throw problem("\(counted(level.order, "word")) expected")
      }
      let word = word(field)
      let known = words.count
      let id = words.id(for: word)
      guard level.order == 1 || Int(id) < known else {
        throw problem("\"\(string(field))\" is not among the 1-grams")
      }
      level.words.append(id)
    }
    var backoff: Float = 0
    if let field = fields.next() {
      guard !isLast, let value = parseDecimal(text, field), value <= largestLogarithm else {
        throw problem(
          "more than \(counted(level.order, "word")), or a back-off weight that is no number")
      }
      backoff = value
    }
    guard fields.next() == nil else { throw problem("more than \(counted(level.order, "word"))") }
    level.probabilities.append(max(probability, logZero))
    level.backoffs.append(max(backoff, logZero))
  }
}

/// The n-grams of one order, as they stand in the file.
struct ARPAEntries {
  let order: Int
  /// `order` ids an n-gram.
  var words: [UInt32] = []
  var probabilities: [Float] = []
  var backoffs: [Float] = []

  init(order: Int) { self.order = order }

  var count: Int { probabilities.count }
}

/// Fields between spaces and tabs.
private struct FieldScanner {
  let text: Table<UInt8>
  var range: Range<Int>

  mutating func next() -> Range<Int>? {
    var start = range.lowerBound
    while start < range.upperBound, text[start] == 32 || text[start] == 9 { start += 1 }
    guard start < range.upperBound else { return nil }
    var end = start
    while end < range.upperBound, text[end] != 32, text[end] != 9 { end += 1 }
    range = end..<range.upperBound
    return start..<end
  }
}

/// A decimal number with an optional exponent; nil for anything else, "inf" and "nan" included.
private func parseDecimal(_ text: Table<UInt8>, _ range: Range<Int>) -> Float? {
  var index = range.lowerBound
  var isNegative = false
  if index < range.upperBound, text[index] == 45 || text[index] == 43 {
    isNegative = text[index] == 45
    index += 1
  }
  var (digits, scale, count): (Double, Double, Int) = (0, 1, 0)
  var isFraction = false
  while index < range.upperBound {
    let byte = text[index]
    if byte == 46, !isFraction {
      isFraction = true
    } else if byte >= 48, byte <= 57 {
      if digits < 1e15 {
        digits = digits * 10 + Double(byte - 48)
        if isFraction { scale *= 10 }
      } else if !isFraction {
        return nil
      }
      count += 1
    } else {
      break
    }
    index += 1
  }
  guard count > 0 else { return nil }
  var value = digits / scale
  if index < range.upperBound {
    let rest = String(
      decoding: (range.lowerBound..<range.upperBound).map { text[$0] }, as: UTF8.self)
    guard text[index] | 32 == 101, let parsed = Double(rest), parsed.isFinite else { return nil }
    value = parsed.magnitude
  }
  return Float(isNegative ? -value : value)
}
