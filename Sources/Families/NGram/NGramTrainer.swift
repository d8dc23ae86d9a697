import Datasets
import Files
import Kernels
import Training

/// What to train an n-gram model on, and how.
public struct NGramTrainer: Sendable {
  /// The order, tokens, estimator and pruning of a new model; an update takes those of the model.
  public var configuration = NGramConfiguration()
  /// Paths of texts; .gz is unpacked, "-" is standard input.
  public var texts: [String] = []
  /// The tokenizer whose ids are counted, in place of words; nil: ``configuration`` says how text is cut.
  public var tokenizer: (any Tokenizer)? {
    didSet {
      configuration.tokenizer = tokenizer?.kind
      if tokenizer != nil { configuration.tokens = .whitespace }
    }
  }
  /// Words that n-grams may hold, all when nil.
  public var vocabulary: Set<[UInt8]>?
  /// Only so many of the most frequent words.
  public var vocabularyLimit: Int?
  /// Bytes that counting may use before it goes to sorted runs on disk.
  public var memory = Int.max
  /// Where the runs go; beside the model when nil.
  public var temporaryFolder: String?
  /// Keeps the counts, so that the model can be updated.
  public var keepsCounts = true
  /// Refuses `<s>`, `</s>`, `<unk>` in the text and counts that give no discounts.
  public var isStrict = false
  /// Held-out text that the loss by quantising is measured on; else the start of the first text.
  public var heldOut: String?
  /// Gets what quantising changed.
  public var quantized: @Sendable (QuantizationReport) -> Void = { _ in }
  /// Gets warnings in plain words.
  public var warn: @Sendable (String) -> Void = { _ in }
  /// Gets the name of each stage, and how much of it is done (0 to 1).
  public var progress: @Sendable (_ stage: String, _ done: Double) -> Void = { _, _ in }

  /// Creates a trainer of a 5-gram model, still without texts.
  public init() {}

  /// Trains on the texts and writes a model folder, in the place of an older model.
  /// - Throws: ``/Files/AIGCError``: usage for a folder there that is no model's, or holds one of the texts;
  ///   failed while another process writes there and when the disk refuses; badInput for the texts.
  public func train(to path: String) throws(AIGCError) {
    for text in texts + [heldOut].compactMap({ $0 }) where text != "-" {
      try OutputFolder.checkKeeps(text, replacing: path)
    }
    let folder = try OutputFolder(path: path)
    let corpus = try CorpusCounter(trainer: self).count(
      temporary: temporaryFolder ?? folder.file("."))
    try write(corpus, to: folder)
    try folder.commit()
  }

  /// Adds the texts to the counts of the model at `model`, and writes the model that training on
  /// all texts together would have given.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for a model without counts.
  public func update(model: String, to path: String) throws(AIGCError) {
    // Before the counts are read: another update may be under way.
    let folder = try OutputFolder(path: path)
    let counts = "\(model)/\(NGramFolder.counts)"
    guard fileExists(counts) else {
      throw .mismatch("\(model): keeps no counts, so it cannot be updated; train it again")
    }
    var trainer = self
    trainer.configuration = try NGramConfiguration.read(folder: model)
    trainer.tokenizer = try trainer.configuration.tokenIds(folder: model)?.tokenizer
    let old = try NGramTable(path: "\(model)/\(NGramFolder.model)")
    let temporary = temporaryFolder ?? folder.file(".")
    let corpus = try CorpusCounter(trainer: trainer).count(
      temporary: temporary, after: counts, vocabulary: old.vocabulary,
      tokens: trainer.configuration.trainingTokens)
    try trainer.write(corpus, to: folder)
    try folder.commit()
  }

  private func write(_ corpus: CountedCorpus, to folder: OutputFolder) throws(AIGCError) {
    var configuration = configuration
    configuration.trainingTokens = corpus.tokens
    configuration.isInterpolated = configuration.estimator.isInterpolated
    let allowed = try allowedWords(corpus)
    if keepsCounts, allowed == nil {
      progress("keeping counts", 0)
      try CountRun.write(corpus.counts, to: folder.file(NGramFolder.counts))
    }
    progress("estimating", 0)
    let pruning = Pruning(
      thresholds: configuration.prune, order: configuration.order, allowedWords: allowed)
    let (packing, discounts) = try NGramEstimation.pack(
      corpus.counts, estimator: configuration.estimator, pruning: pruning)
    try report(discounts)
    progress("writing", 0)
    let words =
      try allowed == nil ? corpus.vocabulary : packing.keptVocabulary(of: corpus.vocabulary)
    let isBackoff = configuration.estimator == .stupidBackoff
    let path = folder.file(NGramFolder.model)
    try NGramFile.write(
      to: path, vocabulary: words, order: configuration.order,
      unseenContextBackoff: isBackoff ? Estimator.stupidBackoffLog10 : 0, isQuantized: false
    ) { (level) throws(AIGCError) in
      progress("writing", Double(level) / Double(configuration.order))
      return try packing.level(level)
    }
    if configuration.quantized { try quantize(path, configuration) }
    try tokenizer?.write { folder.file($0) }
    try configuration.write(to: folder.file(ModelConfiguration.fileName))
  }

  /// Puts the quantised model in the place of the plain one, and says what that changes.
  private func quantize(_ path: String, _ configuration: NGramConfiguration) throws(AIGCError) {
    progress("quantising", 0)
    let plain = try NGramTable(path: path)
    let size = try MappedFile(path: path).count
    try plain.write(to: path, isQuantized: true)
    let (name, text) = try comparisonText()
    let perplexities = try [plain, NGramTable(path: path)].map { (table) throws(AIGCError) in
      let model = NGramLanguageModel(
        table: table, configuration: configuration,
        tokenIds: tokenizer.map { TokenIds(tokenizer: $0) })
      return try model.evaluate(text, name: name).perplexity
    }
    quantized(
      QuantizationReport(
        bytesBefore: size, bytesAfter: try MappedFile(path: path).count,
        perplexityBefore: perplexities[0], perplexityAfter: perplexities[1], text: name))
  }

  /// The held-out text, or the start of the training text.
  private func comparisonText() throws(AIGCError) -> (name: String, text: Table<UInt8>) {
    if let heldOut { return (heldOut, try readText(path: heldOut)) }
    let first = texts.first { $0 != "-" }
    guard let first else { return ("no text", try Table([32])) }
    let text = try readText(path: first)
    var end = min(text.count, 1 << 20)
    while end < text.count, text[end - 1] != 10 { end += 1 }
    return ("the start of \(first)", text.prefix(end))
  }

  /// One warning for all orders without discounts of their own.
  private func report(_ discounts: [Discounts]) throws(AIGCError) {
    let orders = discounts.indices.filter { discounts[$0].problem != nil }
    guard let first = orders.first, let problem = discounts[first].problem else { return }
    let list = orders.map { String($0 + 1) }.joined(separator: ", ")
    let text =
      "the text is too small or too regular for Kneser-Ney discounts of order \(list) (\(problem))"
    if isStrict { throw .badInput("\(text); leave out `isStrict` to use 0.5, 1, 1.5") }
    warn("\(text); using 0.5, 1, 1.5")
  }

  /// For each id whether n-grams may hold it; nil when there is no limit.
  private func allowedWords(_ corpus: CountedCorpus) throws(AIGCError) -> [Bool]? {
    guard vocabulary != nil || vocabularyLimit != nil else { return nil }
    let size = corpus.vocabulary.count
    var allowed = [Bool](repeating: true, count: size)
    if let vocabulary {
      for id in 3..<max(size, 3) {
        allowed[id] = vocabulary.contains(corpus.vocabulary.bytes(of: UInt32(id)))
      }
    }
    if let vocabularyLimit,
      let isKept = mostFrequentWords(corpus.counts.levels[0].counts, limit: vocabularyLimit)
    {
      for id in isKept.indices where !isKept[id] { allowed[id] = false }
    }
    return allowed
  }
}

/// What 8-bit probabilities save and cost.
public struct QuantizationReport: Equatable, Sendable {
  /// The size of the model's file with exact probabilities, in bytes.
  public let bytesBefore: Int
  /// The size of the file with 8-bit probabilities, in bytes.
  public let bytesAfter: Int
  /// The perplexity with exact probabilities.
  public let perplexityBefore: Double
  /// The perplexity with 8-bit probabilities.
  public let perplexityAfter: Double
  /// What the perplexities were measured on.
  public let text: String

  /// Creates a report from sizes in bytes and perplexities on the same text.
  public init(
    bytesBefore: Int, bytesAfter: Int, perplexityBefore: Double, perplexityAfter: Double,
    text: String
  ) {
    (self.bytesBefore, self.bytesAfter) = (bytesBefore, bytesAfter)
    (self.perplexityBefore, self.perplexityAfter) = (perplexityBefore, perplexityAfter)
    self.text = text
  }
}

extension Estimator {
  /// log10 of the weight of stupid backoff.
  static let stupidBackoffLog10: Float = -0.39794
}

extension Packing {
  /// The vocabulary without pruned words; ids are renumbered in order.
  func keptVocabulary(of vocabulary: Vocabulary) throws(AIGCError) -> Vocabulary {
    var builder = VocabularyBuilder()
    for id in keptWords { _ = builder.id(for: vocabulary.bytes(of: id)) }
    return try builder.freeze()
  }
}
