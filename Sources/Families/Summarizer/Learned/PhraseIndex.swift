import Files

/// The words and pairs of words that a learned summariser has a weight for, by the numbers of a table.
///
/// "we propose" is a pair anywhere in a sentence, "^ we" a first word and "^ we propose" a first pair. The first phrases,
/// which most sentences have, have two more weights: where they stand in the first third of a text, and in its last
/// quarter.
struct PhraseIndex {
  private var words: [Int32: Int32] = [:]
  private var pairs: [UInt64: Int32] = [:]
  private var firstWords: [Int32: Int32] = [:]
  private var firstPairs: [UInt64: Int32] = [:]
  private let (count, placed): (Int, Int)

  /// - Parameters:
  ///   - phrases: as they stand in a model's vocab.txt; what is no phrase is passed over.
  ///   - placed: how many of them have weights of places.
  ///   - table: which numbers their words.
  init(_ phrases: [[UInt8]], placed: Int, _ table: inout TermTable) {
    (count, self.placed) = (phrases.count, placed)
    for (index, phrase) in phrases.enumerated() {
      var parts = phrase.split(separator: 32)[...]
      let isFirst = parts.first.map { Array($0) == [UInt8(ascii: "^")] } ?? false
      if isFirst { parts = parts.dropFirst() }
      let ids = parts.map { table.id(Array($0)) }
      let id = Int32(index)
      switch (ids.count, isFirst) {
      case (1, false): words[ids[0]] = id
      case (1, true): firstWords[ids[0]] = id
      case (2, false): pairs[Self.pair(ids[0], ids[1])] = id
      case (2, true): firstPairs[Self.pair(ids[0], ids[1])] = id
      default: break
      }
    }
  }

  private static func pair(_ first: Int32, _ second: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
  }

  /// The number of weights.
  static func weights(_ phrases: Int, placed: Int) -> Int { phrases + 2 * placed }

  /// The phrases of a sentence, each once, ascending, and behind them those of its place.
  /// - Parameters:
  ///   - index: of the sentence in its document.
  ///   - document: whose words are numbered by the same table.
  func phrases(_ index: Int, of document: SummaryDocument) -> [Int32] {
    let plain = phrases(of: document.sentences[index])
    let place = Double(index) / Double(max(document.sentences.count - 1, 1))
    let offset = place < 0.34 ? count : place > 0.75 ? count + placed : -1
    guard offset >= 0 else { return plain }
    return plain + plain.prefix { Int($0) < placed }.map { $0 + Int32(offset) }
  }

  private func phrases(of sentence: SummarySentence) -> [Int32] {
    var found: Set<Int32> = []
    let ids = sentence.words
    for (place, id) in ids.enumerated() {
      if let known = words[id] { found.insert(known) }
      if place == 0, let known = firstWords[id] { found.insert(known) }
      guard place + 1 < ids.count else { break }
      let pair = Self.pair(id, ids[place + 1])
      if let known = pairs[pair] { found.insert(known) }
      if place == 0, let known = firstPairs[pair] { found.insert(known) }
    }
    return found.sorted()
  }

  /// The phrases of a sentence as text, each once: what a vocabulary is counted from.
  static func texts(of sentence: SummarySentence, _ table: TermTable) -> Set<[UInt8]> {
    var found: Set<[UInt8]> = []
    let start = [UInt8(ascii: "^"), 32]
    for (place, id) in sentence.words.enumerated() {
      let word = table.words[Int(id)]
      found.insert(word)
      if place == 0 { found.insert(start + word) }
      guard place + 1 < sentence.words.count else { break }
      let pair = word + [32] + table.words[Int(sentence.words[place + 1])]
      found.insert(pair)
      if place == 0 { found.insert(start + pair) }
    }
    return found
  }
}
