import Datasets
import Files

/// Articles with summaries as texts of a language model.
public enum ArticleTexts {
  /// What stands between an article and its summary (Radford et al. 2019, section 3.6).
  public static let mark = "\nTL;DR:"

  /// Reads a JSONL file with `article` and `summary`, or `references`, whose first one is taken.
  /// - Parameters:
  ///   - path: "-" is standard input.
  ///   - articleLength: bytes of an article that are kept, in whole sentences, one at least.
  /// - Returns: all texts, an empty line behind each, and where each lies.
  /// - Throws: ``/Files/AIGCError`` (badInput) for what is no such file.
  static func read(
    _ path: String, articleLength: Int
  ) throws(AIGCError) -> (bytes: Table<UInt8>, parts: [Range<Int>]) {
    var reader = try ArticleReader(path: path)
    var (bytes, parts): ([UInt8], [Range<Int>]) = ([], [])
    while let article = try reader.next() {
      guard let text = article.article, let summary = article.summary ?? article.goals.first else {
        throw .badInput("\(reader.place): 'article' and 'summary' are needed")
      }
      let start = bytes.count
      bytes += try beginning(text, articleLength) + Array("\(mark) ".utf8)
      bytes += summary.split { $0 <= 32 }.joined(separator: [32])
      parts.append(start..<bytes.count)
      bytes += [10, 10]
    }
    guard !parts.isEmpty else { throw .badInput("\(path): the file is empty") }
    return (try Table(bytes), parts)
  }

  /// The first sentences of a text.
  private static func beginning(
    _ text: [UInt8], _ length: Int
  ) throws(AIGCError) -> ArraySlice<UInt8> {
    guard !text.isEmpty else { return [] }
    var scanner = SentenceScanner(try Table(text))
    var kept = 0..<0
    while let next = try scanner.next() {
      let start = kept.isEmpty ? next.range.lowerBound : kept.lowerBound
      guard kept.isEmpty || next.range.upperBound - start <= length else { break }
      kept = start..<next.range.upperBound
    }
    return text[kept]
  }
}
