import Datasets
import Files

/// The words that one thread has met, numbered, with their stems.
final class TermTable {
  private var ids: [[UInt8]: Int32] = [:]
  private var stemIDs: [[UInt8]: Int32] = [:]
  /// The bytes of each word.
  private(set) var words: [[UInt8]] = []
  /// The stem of each word, by which sentences are compared; -1: a word that says nothing by itself.
  private(set) var stems: [Int32] = []
  private let stemmer = PorterStemmer()

  /// Of so many words a new table is begun, so that memory stays bounded whatever is read.
  static let largest = 1 << 18
  var isFull: Bool { words.count > Self.largest }

  /// The number of a word in small letters.
  func id(_ word: [UInt8]) -> Int32 {
    if let known = ids[word] { return known }
    let id = Int32(words.count)
    ids[word] = id
    words.append(word)
    stems.append(isStopWord(word) ? -1 : stemID(word))
    return id
  }

  /// The number of a pair of Chinese or Japanese characters, which is a term but no word.
  func pairTerm(_ first: Int32, _ second: Int32) -> Int32 {
    stemID(words[Int(first)] + words[Int(second)])
  }

  private func stemID(_ word: [UInt8]) -> Int32 {
    let isEnglish = word.count > 3 && word.allSatisfy { $0 < 0x80 }
    let stem = isEnglish ? stemmer.stem(word) : word
    if let known = stemIDs[stem] { return known }
    let id = Int32(stemIDs.count)
    stemIDs[stem] = id
    return id
  }

  /// English words of grammar, and single Latin letters.
  private func isStopWord(_ word: [UInt8]) -> Bool {
    word.count == 1 && word[0] >= 0x61 || StopWords.english.contains(word)
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
