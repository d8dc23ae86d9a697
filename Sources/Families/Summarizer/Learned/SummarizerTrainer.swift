import Datasets
import Files
import Kernels
import Training

/// Learns a ``LearnedSummarizer`` from articles with summaries: ridge regression of features on what each sentence by
/// itself shares with the summaries. Penalties are chosen by cross-validation on these articles.
public struct SummarizerTrainer {
  /// JSONL files with `article` and `references` or `summary`.
  public var data: [String] = []
  /// Whether words are compared with the summaries' by their stems.
  public var isStemmed = true
  /// Vectors of sentences whose values get weights too; nil: none.
  public var vectors: SentenceVectors?
  /// Is told the stage and the share that is done of it.
  public var progress: (_ stage: String, _ done: Double) -> Void = { _, _ in }
  /// Is told of what a user should know.
  public var notices: NoticeHandler = { _ in }

  /// More sentences are not learned from: some thousand weights need no more.
  private static let mostSentences = 200_000
  private static let mostPhrases = 1500
  private static let mostPlaced = 500
  private static let folds = 6
  private static let densePenalties = [10.0, 100, 1000]
  private static let phrasePenalties = [100.0, 300, 1000, 3000]

  /// Creates a trainer without data.
  public init() {}

  /// What came of a training.
  public struct Outcome: Report {
    /// The folder of the model.
    public let folder: String
    /// The model's configuration.
    public let configuration: SummarizerConfiguration
    /// The mean share that the chosen sentence has of the best one's score, in cross-validation.
    public let share: Double
    /// How long it took.
    public let seconds: Double

    /// The model and what it learned from, as JSON.
    public var members: [JSONValue.Member] {
      [
        .init("model", .string(folder)), .init("articles", .int(configuration.trainingArticles)),
        .init("sentences", .int(configuration.trainingSentences)),
        .init("phrases", .int(configuration.phrases)),
        .init("penalties", .array(configuration.penalties.map { .double($0) })),
        .init("share_of_best", .double(share)), .init("seconds", .double(seconds)),
      ]
    }
  }

  /// Learns, and writes the model folder.
  /// - Throws: ``/Files/AIGCError``: badInput for files that are missing, no JSONL or without summaries, usage for a folder
  ///   that may not be replaced, interrupted, failed when the disk refuses.
  public func train(to folder: String) throws(AIGCError) -> Outcome {
    let start = ContinuousClock.now
    var table = TermTable()
    let articles = try read(&table)
    guard articles.count >= Self.folds else {
      throw .badInput(
        "\(data.joined(separator: ", ")): \(counted(articles.count, "article")) with two sentences and a "
          + "summary that shares words with them; at least \(Self.folds) are needed")
    }
    let phrases = Self.vocabulary(articles, table)
    let documents = try examples(articles, phrases, &table)
    let scales = Self.scales(documents)
    let scaled = documents.map { $0.map { row in Self.scale(row, scales) } }
    let count = PhraseIndex.weights(phrases.count, placed: Self.placed(phrases))
    let (penalties, share) = try choosePenalties(scaled, count)
    var all = RidgeRegression(dense: scales.count, ones: count)
    for rows in scaled { all.add(rows) }
    let weights = try all.weights(densePenalty: penalties[0], onesPenalty: penalties[1])
    var configuration = SummarizerConfiguration()
    (configuration.embeddings, configuration.embeddingWidth) = (vectors?.name, vectors?.width)
    configuration.phrases = phrases.count
    configuration.placedPhrases = Self.placed(phrases)
    configuration.penalties = penalties
    configuration.trainingArticles = documents.count
    configuration.trainingSentences = documents.reduce(0) { $0 + $1.count }
    let model = LearnedSummarizer(
      configuration,
      features: zip(weights, scales).map { Float($0 / $1) }, phrases: phrases,
      weights: weights[scales.count...].map { Float($0) }, vectors: vectors)
    try model.write(to: folder)
    return Outcome(
      folder: folder, configuration: configuration, share: share,
      seconds: (ContinuousClock.now - start).seconds)
  }

  // MARK: Reading

  private struct Example {
    var document: SummaryDocument
    var targets: [Double]
  }

  private func read(_ table: inout TermTable) throws(AIGCError) -> [Example] {
    var (examples, sentences): ([Example], Int) = ([], 0)
    for (index, path) in data.enumerated() {
      var reader = try ArticleReader(path: path)
      while let article = try reader.next() {
        progress("reading", (Double(index) + 0.5) / Double(data.count))
        guard let text = article.article, !article.goals.isEmpty else {
          throw .badInput(
            "\(reader.place): 'article' and 'references' or 'summary' are needed")
        }
        guard let example = try example(text, article.goals, &table) else { continue }
        sentences += example.targets.count
        guard sentences <= Self.mostSentences else {
          notices(.note("\(reader.place): enough; what follows is not learned from"))
          return examples
        }
        examples.append(example)
      }
    }
    return examples
  }

  /// What each sentence shares with a summary, as a share of the best one's.
  ///
  /// A summary of three sentences cannot be one of them: ROUGE takes a sentence as often as it goes into the summary,
  /// as if the others were as good. Its F1 alone would favour the longest sentences.
  private func example(
    _ text: [UInt8], _ goals: [[UInt8]], _ table: inout TermTable
  ) throws(AIGCError) -> Example? {
    let document = try SummaryDocument(text, &table)
    guard (2...Summarizer.passageThreshold).contains(document.sentences.count) else { return nil }
    let scorer = RougeScorer(RougeOptions(isStemmed: isStemmed))
    var vocabulary = RougeVocabulary(scorer.options)
    var references: [RougeText] = []
    for goal in goals { references.append(vocabulary.read(goal)) }
    var texts: [RougeText] = []
    for sentence in document.sentences { texts.append(vocabulary.read(sentence.text)) }
    let targets = try Self.targets(texts, references, scorer)
    return targets.isEmpty ? nil : Example(document: document, targets: targets)
  }

  /// Half of the share of the best sentence by the sum of three measures, half of the mean share by each.
  private static func targets(
    _ texts: [RougeText], _ references: [RougeText], _ scorer: RougeScorer
  ) throws(AIGCError) -> [Double] {
    let mean = Double(texts.reduce(0) { $0 + $1.words.count }) / Double(texts.count)
    // By measure, the last one the sum; of several references the best.
    var scores = [[Double]](repeating: [], count: 4)
    for text in texts {
      var best = [0.0, 0, 0, 0]
      for reference in references where !text.words.isEmpty && !reference.words.isEmpty {
        let found = try scorer.score(text, [reference])
        let repeats = max(Double(reference.words.count) / max(mean, 1), 1)
        var values = [found.rouge1, found.rouge2, found.rougeL].map { score -> Double in
          let recall = score.recall * repeats
          return recall > 0 ? 2 * score.precision * recall / (score.precision + recall) : 0
        }
        values.append(values.reduce(0, +))
        for index in best.indices { best[index] = max(best[index], values[index]) }
      }
      for index in best.indices { scores[index].append(best[index]) }
    }
    let largest = scores.map { $0.max() ?? 0 }
    guard largest[3] > 0 else { return [] }
    return texts.indices.map { place in
      let shares = scores.indices.map { largest[$0] > 0 ? scores[$0][place] / largest[$0] : 0 }
      return shares[3] / 2 + (shares[0] + shares[1] + shares[2]) / 6
    }
  }

  /// The words and pairs that are in the most sentences, and in three at least.
  private static func vocabulary(_ examples: [Example], _ table: TermTable) -> [[UInt8]] {
    var counts: [[UInt8]: Int] = [:]
    for example in examples {
      for sentence in example.document.sentences {
        for phrase in PhraseIndex.texts(of: sentence, table) { counts[phrase, default: 0] += 1 }
      }
    }
    let frequent = counts.filter { $0.value >= 3 }.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
    }
    return frequent.prefix(mostPhrases).map { $0.key }
  }

  private static func placed(_ phrases: [[UInt8]]) -> Int { min(phrases.count, mostPlaced) }

  private func examples(
    _ examples: [Example], _ phrases: [[UInt8]], _ table: inout TermTable
  ) throws(AIGCError) -> [[RidgeRegression.Row]] {
    let index = PhraseIndex(phrases, placed: Self.placed(phrases), &table)
    let cues = CuePhrases(&table)
    var documents: [[RidgeRegression.Row]] = []
    for (number, example) in examples.enumerated() {
      progress("features", Double(number) / Double(examples.count))
      let features = try SentenceFeatures.rows(
        example.document, cues, vectors?.vectors(of: example.document))
      documents.append(
        example.document.sentences.indices.map { place in
          RidgeRegression.Row(
            dense: features[place].map { Float($0) },
            ones: index.phrases(place, of: example.document),
            target: example.targets[place])
        })
    }
    return documents
  }

  /// The deviation of each feature, by which it is divided: penalties then mean the same for all.
  private static func scales(_ documents: [[RidgeRegression.Row]]) -> [Double] {
    let width = documents.first?.first?.dense.count ?? 0
    var (sums, squares) = (
      [Double](repeating: 0, count: width), [Double](repeating: 0, count: width)
    )
    var count = 0.0
    for rows in documents {
      for row in rows {
        count += 1
        for (place, value) in row.dense.enumerated() {
          sums[place] += Double(value)
          squares[place] += Double(value) * Double(value)
        }
      }
    }
    return (0..<width).map { place in
      let mean = sums[place] / count
      return max((squares[place] / count - mean * mean), 1e-12).squareRoot()
    }
  }

  private static func scale(_ row: RidgeRegression.Row, _ scales: [Double]) -> RidgeRegression.Row {
    var row = row
    for place in row.dense.indices {
      row.dense[place] = Float(Double(row.dense[place]) / scales[place])
    }
    return row
  }

  // MARK: Cross-validation

  /// Neighbours stand in one fold: passages of one text often follow each other in a file.
  private static func fold(_ index: Int, of count: Int) -> Int {
    index / min(max(count / (4 * folds), 1), 25) % folds
  }

  private func choosePenalties(
    _ documents: [[RidgeRegression.Row]], _ phrases: Int
  ) throws(AIGCError) -> (penalties: [Double], share: Double) {
    let dense = SentenceFeatures.count(vectorWidth: vectors?.width ?? 0)
    var parts: [RidgeRegression] = []
    for fold in 0..<Self.folds {
      var part = RidgeRegression(dense: dense, ones: phrases)
      for (index, rows) in documents.enumerated()
      where Self.fold(index, of: documents.count) == fold {
        try Interruption.check()
        part.add(rows)
      }
      parts.append(part)
    }
    var best: (penalties: [Double], share: Double) = ([300, 1000], -1)
    let all = Self.densePenalties.flatMap { first in Self.phrasePenalties.map { [first, $0] } }
    var sums = [Double](repeating: 0, count: all.count)
    for fold in 0..<Self.folds {
      var rest = RidgeRegression(dense: dense, ones: phrases)
      for other in 0..<Self.folds where other != fold { rest = rest + parts[other] }
      for (number, penalties) in all.enumerated() {
        try Interruption.check()
        progress(
          "cross-validation", Double(fold * all.count + number) / Double(Self.folds * all.count))
        let weights = try rest.weights(densePenalty: penalties[0], onesPenalty: penalties[1])
        for (index, rows) in documents.enumerated()
        where Self.fold(index, of: documents.count) == fold {
          sums[number] += Self.share(rows, weights, dense)
        }
      }
    }
    for (penalties, sum) in zip(all, sums) where sum / Double(documents.count) > best.share {
      best = (penalties, sum / Double(documents.count))
    }
    return best
  }

  /// The target of the sentences that the weights choose, as many as a tenth, one at least.
  private static func share(
    _ rows: [RidgeRegression.Row], _ weights: [Double], _ dense: Int
  ) -> Double {
    let scores = rows.map { row in
      let plain = zip(row.dense, weights).reduce(0) { $0 + Double($1.0) * $1.1 }
      return row.ones.reduce(plain) { $0 + weights[dense + Int($1)] }
    }
    let order = scores.indices.sorted {
      scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1
    }
    let chosen = order.prefix(max(rows.count / 10, 1))
    return chosen.reduce(0) { $0 + rows[$1].target } / Double(chosen.count)
  }
}
