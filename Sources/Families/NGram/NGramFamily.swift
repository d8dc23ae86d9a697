import Datasets
import Files
import Synchronization
import Training

/// N-gram language models.
public struct NGramFamily: TextFamily, UpdatableFamily {
  /// The name in `config.json` and after `aigc train`, "ngram".
  public let name = "ngram"

  /// The name of the binary model in a folder.
  public static let modelFile = NGramFolder.model

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// Adds the texts to the model's counts, and writes the model that training on all texts together
  /// would have given.
  /// - Throws: ``/Files/AIGCError``: usage for steps, epochs, a learning rate or a seed; mismatch for a
  ///   model that keeps no counts; badInput for the texts; failed when the disk refuses.
  public func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws -> UpdateResult {
    guard options.steps == nil, options.epochs == nil, options.rate == nil, options.seed == nil
    else {
      throw AIGCError.usage(
        "\(path): an n-gram model has no `steps`, `epochs`, `schedule.peak` or `seed`")
    }
    var trainer = NGramTrainer()
    trainer.texts = data
    let warnings = Mutex<[String]>([])
    trainer.warn = { text in warnings.withLock { $0.append(text) } }
    try trainer.update(model: path, to: output)
    warnings.withLock { $0 }.forEach { report(.warning($0)) }
    let updated = try ModelConfiguration.decode(NGramConfiguration.self, folder: output)
    return .counted(trainingTokens: updated.trainingTokens)
  }

  /// Whether the name is that of an ARPA file, packed or not, or of a bare binary model: `.arpa`,
  /// `.arpa.gz`, `.ngram`.
  public func claims(_ path: String) -> Bool {
    let name = path.lowercased()
    return [".arpa", ".arpa.gz", ".ngram"].contains { name.hasSuffix($0) }
  }

  /// Opens a model folder, an ARPA file or a bare binary model.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the files
  ///   of a folder do not fit together.
  public func load(_ path: String) throws(AIGCError) -> any LanguageModel { try open(path) }

  /// The model's way of cutting text into words, with its vocabulary; the whole model is opened for
  /// it.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func tokenizer(_ path: String) throws(AIGCError) -> any Tokenizer {
    let model = try open(path)
    if let tokenizer = model.tokenIds?.tokenizer { return tokenizer }
    return WordTokenizer(mode: model.configuration.tokens, vocabulary: model.table.vocabulary)
  }

  /// Opens the model that the user wrote as a name or a path.
  /// - Throws: ``/Files/AIGCError``: mismatch for a model of another family, and as ``open(_:)``.
  public func openNamed(_ nameOrPath: String) throws(AIGCError) -> (
    path: String, NGramLanguageModel
  ) {
    let path = try ModelStore.standard().resolve(nameOrPath)
    if isFolder(path), case let family = try family(of: path).name, family != name {
      throw .mismatch("\(path): a model of the family \(family); an n-gram model is needed here")
    }
    return (path, try open(path))
  }

  /// A model folder, an ARPA file or a bare binary model, whose settings stand beside it where it was
  /// made.
  public func open(_ path: String) throws(AIGCError) -> NGramLanguageModel {
    if isFolder(path) { return try NGramLanguageModel(folder: path) }
    guard path.lowercased().hasSuffix(".ngram") else { return try readARPA(path) }
    let folder = parentFolder(of: path)
    if lastComponent(of: path) == NGramFolder.model,
      fileExists("\(folder)/\(ModelConfiguration.fileName)")
    {
      return try NGramLanguageModel(folder: folder)
    }
    let table = try NGramTable(path: path)
    var configuration = NGramConfiguration()
    configuration.tokens = .whitespace
    configuration.order = table.order
    let note =
      "\(path): read with `tokens` whitespace: its \(ModelConfiguration.fileName) is not beside it"
    return NGramLanguageModel(table: table, configuration: configuration, notes: [note])
  }

  /// The order, tokens, estimator, pruning and size of the model, how many tokens were learned
  /// from, and whether it keeps the counts that updates need.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try open(path)
    let configuration = model.configuration
    return [
      .init("order", .int(model.table.order)),
      .init("tokens", .string(configuration.tokens.rawValue)),
      .init("tokenizer", JSONValue(configuration.tokenizer?.rawValue)),
      .init("estimator", .string(configuration.estimator.rawValue)),
      .init("prune", .string(configuration.prune.map { String($0) }.joined(separator: ","))),
      .init("quantized", .bool(configuration.quantized)),
      .init("training_tokens", .int(configuration.trainingTokens)),
      .init("words", .int(model.vocabularySize)),
      .init("ngrams", .array(model.table.levels.map { .int($0.count) })),
      .init("updatable", .bool(fileExists("\(path)/\(NGramFolder.counts)"))),
    ]
  }
}
