import Datasets
import Files

/// Chooses the sentences that say what a text is about. Used by one thread at a time.
///
/// The same text gives the same summary whatever was read before, and for any number of threads. Texts of more
/// sentences than ``passageThreshold`` are read in passages, whose best sentences are compared with each other.
public final class Summarizer {
  /// How sentences are scored.
  public let method: SummaryMethod
  /// How long summaries are.
  public let length: SummaryLength
  private let model: LearnedSummarizer?
  private let vectors: SentenceVectors?
  private var table = TermTable()
  private var scorer: FeatureScorer?
  private var cues: CuePhrases?
  private let notices: NoticeHandler

  /// Above so many sentences a text is read in passages.
  public static let passageThreshold = 2000
  /// Words of a sentence that says something in few words.
  private static let longest = 200
  /// Sentences of a passage.
  private static let passage = 200
  /// How much being what was asked for weighs beside the best score: the sentence most like it comes before all that
  /// have nothing of it.
  private static let queryWeight = 1.25

  /// Creates a summariser.
  /// - Parameters:
  ///   - method: how sentences are scored.
  ///   - length: of the summaries.
  ///   - model: of ``SummaryMethod/learned``.
  ///   - vectors: by which ``SummaryMethod/lexrank`` compares sentences, in place of their words.
  ///   - notices: is told of what a user should know.
  /// - Throws: ``/Files/AIGCError`` (usage) where the method needs a model and has none, or has no use for vectors.
  public init(
    _ method: SummaryMethod, length: SummaryLength, model: LearnedSummarizer? = nil,
    vectors: SentenceVectors? = nil,
    notices: @escaping NoticeHandler = { _ in }
  ) throws(AIGCError) {
    guard method != .learned || model != nil else { throw .usage("`method` learned needs a model") }
    guard vectors == nil || method == .lexrank else {
      throw .usage("`embeddings`: of the methods learned and lexrank, not of \(method.rawValue)")
    }
    (self.method, self.length, self.model, self.notices) = (method, length, model, notices)
    self.vectors = vectors
  }

  /// Summarises a text.
  /// - Parameters:
  ///   - text: in UTF-8; what is not becomes the replacement character.
  ///   - query: sentences that have its words are preferred; nil: what is asked for is not known.
  /// - Returns: sentences of the text; none of a text without any.
  /// - Throws: ``/Files/AIGCError``: interrupted, failed without memory.
  public func summarize(
    _ text: Table<UInt8>, query: [UInt8]?
  ) throws(AIGCError) -> Summary {
    var (places, count): ([SentencePlace], Int) = ([], 0)
    var scanner = SentenceScanner(text)
    while let next = try scanner.next() {
      if count < Self.passageThreshold { places.append(next) }
      count += 1
    }
    guard count <= Self.passageThreshold else { return try inPassages(text, count, query) }
    let pool = places.enumerated().map { (index: $0, place: $1) }
    return Summary(sentences: try choose(pool, text, query, length), total: count)
  }

  // MARK: Passages

  private typealias Pool = [(index: Int, place: SentencePlace)]

  private func inPassages(
    _ text: Table<UInt8>, _ count: Int, _ query: [UInt8]?
  ) throws(AIGCError) -> Summary {
    notices(
      .note("\(count) sentences: in passages of \(Self.passage), then the best of these"))
    let wanted = length.estimate(of: count)
    var scanner = SentenceScanner(text)
    // So many are not compared with each other: each passage gives its share.
    guard wanted <= Self.passageThreshold / 2 else {
      var sentences: [Summary.Sentence] = []
      try passages(of: &scanner) { (pool) throws(AIGCError) in
        let first = pool.first?.index ?? 0
        let share = length.share(first..<(first + pool.count), of: count)
        sentences += try choose(pool, text, query, share)
      }
      return Summary(sentences: sentences, total: count)
    }
    let kept = min(max(2 * wanted * Self.passage / count, Self.passage / 10), Self.passage / 2)
    var pool: Pool = []
    try passages(of: &scanner) { (passage) throws(AIGCError) in
      pool += try best(kept, of: passage, text, query)
    }
    while pool.count > Self.passageThreshold {
      var next: Pool = []
      for start in stride(from: 0, to: pool.count, by: Self.passage) {
        let part = Array(pool[start..<min(start + Self.passage, pool.count)])
        next += try best(
          min(max(kept, part.count / 10), (part.count + 1) / 2), of: part, text, query)
      }
      pool = next
    }
    return Summary(sentences: try choose(pool, text, query, length), total: count)
  }

  private func passages(
    of scanner: inout SentenceScanner, _ body: (Pool) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    var (pool, index): (Pool, Int) = ([], 0)
    while let next = try scanner.next() {
      pool.append((index, next))
      index += 1
      if pool.count == Self.passage {
        try body(pool)
        pool.removeAll(keepingCapacity: true)
      }
    }
    if !pool.isEmpty { try body(pool) }
  }

  private func best(
    _ count: Int, of pool: Pool, _ text: Table<UInt8>, _ query: [UInt8]?
  ) throws(AIGCError) -> Pool {
    try choose(pool, text, query, .sentences(count)).map { sentence in
      (sentence.index, pool.first { $0.index == sentence.index }?.place ?? pool[0].place)
    }
  }

  // MARK: One document

  private func choose(
    _ pool: Pool, _ text: Table<UInt8>, _ query: [UInt8]?, _ length: SummaryLength
  ) throws(AIGCError) -> [Summary.Sentence] {
    if cues == nil || table.isFull {
      table = TermTable()
      if let model { scorer = FeatureScorer(model, &table) }
      cues = CuePhrases(&table)
    }
    let sentences = pool.map {
      SummarySentence(text.bytes($0.place.range), paragraph: $0.place.paragraph)
    }
    let document = try SummaryDocument(sentences, &table)
    var scores = try scores(document)
    if let query { Self.prefer(document.likeness(to: query, &table), &scores) }
    return selection(document, scores, length).map { index in
      Summary.Sentence(
        index: pool[index].index, text: document.sentences[index].text, score: scores[index])
    }
  }

  private func scores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
    switch method {
    case .cue: return cues?.scores(document) ?? []
    case .learned: return try scorer?.scores(document) ?? []
    default:
      guard let vectors else { return try method.scores(document) }
      return try SentenceGraph(vectors: vectors.vectors(of: document)).rank()
    }
  }

  /// Scores from 0 to 1, and the likeness to what was asked for.
  private static func prefer(_ likeness: [Double], _ scores: inout [Double]) {
    guard let least = scores.min(), let largest = scores.max() else { return }
    let top = max(likeness.max() ?? 0, 1e-12)
    for index in scores.indices {
      let score = largest > least ? (scores[index] - least) / (largest - least) : 0
      scores[index] = score + queryWeight * likeness[index] / top
    }
  }

  /// The best sentences that fit, in the order of the text. A sentence that was said before comes last, and so does,
  /// but in the order of the text itself, one that is as long as a page: where a writer used no stops, three of
  /// these would be no summary.
  private func selection(
    _ document: SummaryDocument, _ scores: [Double], _ length: SummaryLength
  ) -> [Int] {
    let order = scores.indices.sorted {
      scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
    }
    var said: Set<[Int32]> = []
    var (fresh, repeated): ([Int], [Int]) = ([], [])
    for index in order {
      let words = document.sentences[index].words
      let isNew =
        words.isEmpty
        || (words.count <= Self.longest || method == .lead) && said.insert(words).inserted
      if isNew { fresh.append(index) } else { repeated.append(index) }
    }
    let ranked = fresh + repeated
    if let count = length.sentences(of: ranked.count) { return ranked.prefix(count).sorted() }
    guard case .words(var left) = length, left > 0, let first = ranked.first else { return [] }
    var chosen: [Int] = []
    for index in ranked {
      let count = document.sentences[index].words.count
      guard count <= left else { continue }
      chosen.append(index)
      left -= count
    }
    return chosen.isEmpty ? [first] : chosen.sorted()
  }
}
