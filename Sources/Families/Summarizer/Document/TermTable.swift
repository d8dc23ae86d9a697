import Datasets
import Files

/// The words that one thread has met, numbered, with their stems.
struct TermTable {
  private var ids = WordNumbers()
  private var stemIDs = WordNumbers()
  /// The bytes of each word.
  private(set) var words: [[UInt8]] = []
  /// The stem of each word, by which sentences are compared; -1: a word that says nothing by itself.
  private var stems: [Int32] = []
  private let stemmer = PorterStemmer()

  /// Of so many words a new table is begun, so that memory stays bounded whatever is read.
  static let largest = 1 << 18
  var isFull: Bool { words.count > Self.largest }

  /// The number of a word in small letters.
  mutating func id(_ word: [UInt8]) -> Int32 { number(of: word).id }

  /// The number of a word in small letters, and that of its stem; -1 for a word that says nothing by itself.
  mutating func number(of word: [UInt8]) -> (id: Int32, stem: Int32) {
    let (id, isNew) = ids.number(of: word)
    guard isNew else { return (id, stems[Int(id)]) }
    words.append(word)
    let stem = isStopWord(word) ? -1 : stemID(word)
    stems.append(stem)
    return (id, stem)
  }

  /// The number of a pair of Chinese or Japanese characters, which is a term but no word.
  mutating func pairTerm(_ first: Int32, _ second: Int32) -> Int32 {
    stemID(words[Int(first)] + words[Int(second)])
  }

  private mutating func stemID(_ word: [UInt8]) -> Int32 {
    let isEnglish = word.count > 3 && word.allSatisfy { $0 < 0x80 }
    return stemIDs.number(of: isEnglish ? stemmer.stem(word) : word).id
  }

  /// English words of grammar, and single Latin letters.
  private func isStopWord(_ word: [UInt8]) -> Bool {
    word.count == 1 && word[0] >= 0x61 || StopWords.english.contains(word)
  }
}

/// Numbers of words in the order they were met. Nearly all are short: two machine words hash in a third of the time of
/// an array of bytes.
private struct WordNumbers {
  private struct Short: Hashable {
    var low: UInt64 = 0
    var high: UInt64 = 0
  }

  private var short: [Short: Int32] = [:]
  private var long: [[UInt8]: Int32] = [:]

  mutating func number(of word: [UInt8]) -> (id: Int32, isNew: Bool) {
    let next = Int32(short.count + long.count)
    guard word.count < 16 else {
      if let known = long[word] { return (known, false) }
      long[word] = next
      return (next, true)
    }
    // Its length stands in the last byte.
    var key = Short(low: 0, high: UInt64(word.count) << 56)
    for (place, byte) in word.enumerated() {
      if place < 8 {
        key.low |= UInt64(byte) << UInt64(8 * place)
      } else {
        key.high |= UInt64(byte) << UInt64(8 * (place - 8))
      }
    }
    if let known = short[key] { return (known, false) }
    short[key] = next
    return (next, true)
  }
}

/// Words that are in all texts.
enum StopWords {
  static let english: Set<[UInt8]> = Set(
    """
    a about above after again against all also am an and any are aren as at be because been before being below between \
    both but by can cannot could couldn d did didn do does doesn doing don down during each else ever few for from further \
    had hadn has hasn have haven having he her here hers herself him himself his how however i if in into is isn it its \
    itself just let ll m may me might more most mustn my myself no nor not now of off on once only or other ought our ours \
    ourselves out over own re s same shall shan she should shouldn so some such t than that the their theirs them themselves \
    then there these they this those though through thus to too under until up upon us ve very was wasn we were weren what \
    when where which while who whom whose why will with within without won would wouldn yet you your yours yourself yourselves
    """.split { $0 == " " || $0 == "\n" }.map { Array($0.utf8) })
}
