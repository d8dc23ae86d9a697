import Datasets
import Files

/// The words of a network, each with a number. `vocab.txt` has one a line.
struct TextVocabulary: Sendable {
  static let file = "vocab.txt"

  /// In the order of their numbers.
  let words: [String]
  private let numbers: [UInt64: Int32]

  init(words: [String]) {
    self.words = words
    var numbers: [UInt64: Int32] = [:]
    for (number, word) in words.enumerated() {
      numbers[TextWords.hash(of: word), default: Int32(number)] = Int32(number)
    }
    self.numbers = numbers
  }

  /// The words of texts, the most frequent first.
  /// - Parameters:
  ///   - minCount: rarer ones are left out.
  ///   - most: the most words that are taken.
  init(of texts: TextList, minCount: Int, most: Int) {
    var counts: [String: Int] = [:]
    for index in 0..<texts.count {
      for word in TextWords.strings(texts[index]) { counts[word, default: 0] += 1 }
    }
    let kept = counts.filter { $0.value >= minCount }.sorted {
      $0.value != $1.value
        ? $0.value > $1.value : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }
    self.init(words: kept.prefix(most).map { $0.key })
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing or too large.
  init(folder: String, count: Int) throws(AIGCError) {
    let path = "\(folder)/\(Self.file)"
    let found = lines(of: try readText(path: path)).map { String(decoding: $0, as: UTF8.self) }
    guard found.count == count else {
      throw .mismatch("\(path): \(counted(found.count, "word")), where config.json says \(count)")
    }
    self.init(words: found)
  }

  var count: Int { words.count }

  /// The numbers of a text's words; -1 for unknown ones.
  /// - Parameter limit: words behind so many are not read.
  func numbers(_ text: ArraySlice<UInt8>, limit: Int = .max) -> [Int32] {
    TextWords(text).words.prefix(limit).map { numbers[$0.hash] ?? -1 }
  }

  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  func write(to path: String) throws(AIGCError) {
    let file = try OutputFile(path: path)
    try file.write(Array((words.joined(separator: "\n") + "\n").utf8))
    try file.commit(sync: true)
  }
}
