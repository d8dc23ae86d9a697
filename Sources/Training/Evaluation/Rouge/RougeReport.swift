import Datasets
import Files

/// Means of ROUGE over the texts of two files: `aigc rouge`.
public struct RougeReport: Report {
  /// How texts were compared.
  public let options: RougeOptions
  /// The mean scores.
  public let scores: RougeScores
  /// How many texts.
  public let count: Int

  /// Compares two files, text by text.
  /// - Parameters:
  ///   - candidates: one text a line, or JSONL with `summary`; "-" is standard input.
  ///   - references: one text a line, or JSONL with `references` or `summary`.
  ///   - options: how texts are compared.
  /// - Throws: ``/Files/AIGCError``: mismatch where the files do not have as many texts, badInput for a file that is
  ///   missing or empty, a line that is no JSON object and one without the text.
  public init(
    candidates: String, references: String, _ options: RougeOptions
  ) throws(AIGCError) {
    var (first, second) = (try TextColumn(candidates), try TextColumn(references))
    let scorer = RougeScorer(options)
    var (sum, count) = (RougeScores(), 0)
    while true {
      try Interruption.check()
      let (text, goals) = (try first.nextSummary(), try second.nextReferences())
      guard let text, let goals else {
        guard text == nil, goals == nil else {
          let (longer, shorter) = text != nil ? (candidates, references) : (references, candidates)
          throw .mismatch(
            "\(shorter) has \(counted(count, "text")), \(longer) more: each needs its own")
        }
        break
      }
      let scores = try scorer.score(text, goals)
      for (_, path) in RougeScores.measures { sum[keyPath: path] += scores[keyPath: path] }
      count += 1
    }
    guard count > 0 else { throw .badInput("\(candidates): the file is empty") }
    for (_, path) in RougeScores.measures {
      sum[keyPath: path] = sum[keyPath: path].divided(by: count)
    }
    (self.options, scores, self.count) = (options, sum, count)
  }

  /// The four measures, how they were taken, and of how many texts, as JSON.
  public var members: [JSONValue.Member] {
    RougeScores.measures.map { name, path in
      let score = scores[keyPath: path]
      return .init(
        name,
        .object([
          .init("precision", .double(score.precision)), .init("recall", .double(score.recall)),
          .init("f1", .double(score.f1)),
        ]))
    } + [
      .init("mode", .string(options.mode.rawValue)), .init("stemmed", .bool(options.isStemmed)),
      .init("count", .int(count)),
    ]
  }

  /// A small table, in percent.
  public var text: String {
    func percent(_ share: Double) -> String { Format.fixed(share * 100, 2) }
    let rows = RougeScores.measures.map { name, path in
      let score = scores[keyPath: path]
      return [name, percent(score.precision), percent(score.recall), percent(score.f1)]
    }
    return table([["", "precision", "recall", "f1"]] + rows)
      + "\(counted(count, "text")), mode \(options.mode.rawValue), "
      + "\(options.isStemmed ? "stemmed" : "not stemmed")\n"
  }
}

/// The texts of a file.
private struct TextColumn {
  private var lines: TextLines
  private var articles: ArticleReader?

  init(_ path: String) throws(AIGCError) {
    lines = try TextLines(path: path)
    if try ArticleReader.isJSONL(path, &lines) { articles = ArticleReader(lines) }
  }

  mutating func nextSummary() throws(AIGCError) -> [UInt8]? {
    guard articles != nil else { return try lines.next() }
    guard let article = try articles?.next() else { return nil }
    guard let summary = article.summary else { throw missing("'summary'") }
    return summary
  }

  mutating func nextReferences() throws(AIGCError) -> [[UInt8]]? {
    guard articles != nil else { return try lines.next().map { [$0] } }
    guard let article = try articles?.next() else { return nil }
    guard !article.goals.isEmpty else { throw missing("'references' or 'summary'") }
    return article.goals
  }

  private func missing(_ key: String) -> AIGCError {
    .badInput("\(articles?.place ?? lines.name): \(key) is missing")
  }
}
