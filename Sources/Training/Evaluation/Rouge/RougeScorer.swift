import Files

/// How much of a reference a text holds, and how much of the text the reference holds.
public struct RougeScore: Equatable, Sendable {
  /// Share of the text's words that the reference holds.
  public var precision = 0.0
  /// Share of the reference's words that the text holds.
  public var recall = 0.0
  /// Their harmonic mean; 0 where both are.
  public var f1 = 0.0

  /// Creates a score of 0.
  public init() {}

  init(_ hits: Int, of candidate: Int, and reference: Int) {
    precision = Double(hits) / Double(max(candidate, 1))
    recall = Double(hits) / Double(max(reference, 1))
    if precision + recall > 0 { f1 = 2 * precision * recall / (precision + recall) }
  }

  static func += (sum: inout RougeScore, other: RougeScore) {
    sum.precision += other.precision
    sum.recall += other.recall
    sum.f1 += other.f1
  }

  func divided(by count: Int) -> RougeScore {
    var mean = self
    mean.precision /= Double(max(count, 1))
    mean.recall /= Double(max(count, 1))
    mean.f1 /= Double(max(count, 1))
    return mean
  }
}

/// The four measures of one text, or their means over many.
public struct RougeScores: Equatable, Sendable {
  /// By words.
  public var rouge1 = RougeScore()
  /// By pairs of words.
  public var rouge2 = RougeScore()
  /// By the longest common subsequence.
  public var rougeL = RougeScore()
  /// By the union of longest common subsequences of lines.
  public var rougeLsum = RougeScore()

  /// Creates scores of 0.
  public init() {}

  /// The names of the measures, and where they stand.
  public static let measures:
    [(name: String, path: WritableKeyPath<RougeScores, RougeScore> & Sendable)] =
      [
        ("rouge1", \.rouge1), ("rouge2", \.rouge2), ("rougeL", \.rougeL),
        ("rougeLsum", \.rougeLsum),
      ]
}

/// Compares texts with references.
public struct RougeScorer: Sendable {
  /// How texts are compared.
  public let options: RougeOptions

  /// Creates a scorer.
  public init(_ options: RougeOptions = .init()) { self.options = options }

  /// Compares a text with its references; the best by F1 counts, for each measure apart.
  /// - Parameters:
  ///   - candidate: the text; its line ends part sentences.
  ///   - references: none score 0.
  /// - Throws: ``/Files/AIGCError``: badInput for lines whose product of words is beyond 2^31, interrupted.
  public func score(
    _ candidate: [UInt8], _ references: [[UInt8]]
  ) throws(AIGCError) -> RougeScores {
    var vocabulary = RougeVocabulary(options)
    let text = vocabulary.read(candidate)
    var others: [RougeText] = []
    for reference in references { others.append(vocabulary.read(reference)) }
    return try score(text, others)
  }

  /// The same of texts of one vocabulary.
  /// - Throws: ``/Files/AIGCError``: as the same of bytes.
  public func score(
    _ candidate: RougeText, _ references: [RougeText]
  ) throws(AIGCError) -> RougeScores {
    var best = RougeScores()
    for (index, reference) in references.enumerated() {
      let scores = try score(candidate, reference)
      for (_, path) in RougeScores.measures
      where index == 0 || scores[keyPath: path].f1 > best[keyPath: path].f1 {
        best[keyPath: path] = scores[keyPath: path]
      }
    }
    return best
  }

  private func score(
    _ candidate: RougeText, _ reference: RougeText
  ) throws(AIGCError) -> RougeScores {
    var scores = RougeScores()
    let (m, n) = (reference.words.count, candidate.words.count)
    scores.rouge1 = RougeScore(Self.hits(candidate.counts, reference.counts), of: n, and: m)
    scores.rouge2 = RougeScore(
      Self.hits(candidate.pairs, reference.pairs), of: max(n - 1, 0), and: max(m - 1, 0))
    let isPlain = candidate.lines.count == 1 && reference.lines.count == 1
    if options.mode == .google || isPlain {
      let length = try LongestCommonSubsequence.length(reference.words, candidate.words)
      scores.rougeL = RougeScore(length, of: n, and: m)
    }
    // Of one line each the union is the one subsequence, whose words cannot count twice.
    scores.rougeLsum =
      isPlain && options.mode == .google
      ? scores.rougeL : RougeScore(try unionHits(candidate, reference), of: n, and: m)
    if options.mode == .rouge155 { scores.rougeL = scores.rougeLsum }
    return scores
  }

  private static func hits<Key>(_ first: [Key: Int], _ second: [Key: Int]) -> Int {
    let (few, many) = first.count < second.count ? (first, second) : (second, first)
    return few.reduce(0) { $0 + min($1.value, many[$1.key] ?? 0) }
  }

  /// The words of the reference's lines that stand in a common subsequence with any line of the candidate, none
  /// more often than each side has it (section 3.2 of the paper, and both programs).
  private func unionHits(
    _ candidate: RougeText, _ reference: RougeText
  ) throws(AIGCError) -> Int {
    var left = candidate.counts
    var hits = 0
    for line in reference.lines {
      var isHit = [Bool](repeating: false, count: line.count)
      for other in candidate.lines {
        try LongestCommonSubsequence.mark(line, other, &isHit)
      }
      for (index, word) in line.enumerated() where isHit[index] {
        guard let count = left[word], count > 0 else { continue }
        left[word] = count - 1
        hits += 1
      }
    }
    return hits
  }
}
