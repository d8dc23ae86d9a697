import Files

/// Which words a vocabulary keeps that is cut to its most frequent words, as `--vocab-size` asks for
/// in every family.
/// - Parameters:
///   - counts: for each id how often the word occurs; the first three ids are the marks.
///   - limit: so many words are kept besides the marks; of equally frequent ones the first.
/// - Returns: for each id whether it stays; nil when all do.
public func mostFrequentWords(_ counts: Table<UInt32>, limit: Int) -> [Bool]? {
  let marks = Vocabulary.reservedWords.count
  guard counts.count - marks > max(limit, 0) else { return nil }
  var isKept = [Bool](repeating: true, count: counts.count)
  let ranked = (marks..<counts.count).sorted {
    counts[$0] != counts[$1] ? counts[$0] > counts[$1] : $0 < $1
  }
  for id in ranked.dropFirst(max(limit, 0)) { isKept[id] = false }
  return isKept
}
