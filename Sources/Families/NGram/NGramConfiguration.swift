import Datasets
import Files
import Training

/// `config.json` of an n-gram model: everything needed to read text in its tokens and to go on
/// training it.
public struct NGramConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "ngram".
  public var family = "ngram"
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "text".
  public var kind = "text"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the text model to take when none is named.
  public var isDefault: Bool?
  /// Words of an n-gram: the context's length plus one.
  public var order = 5
  /// How text is cut into tokens.
  public var tokens = TokenMode.auto
  /// Of a model whose words are the ids of a tokenizer, which stands in its folder: which kind of tokenizer. ``tokens``
  /// is then whitespace.
  public var tokenizer: TokenizerKind?
  /// How probabilities were estimated from the counts.
  public var estimator = Estimator.kneserNey
  /// For each order, n-grams that occur so often or less are left out.
  public var prune: [UInt32] = [0]
  /// Whether each line is a sentence between `<s>` and `</s>`; else the text is one stream.
  public var sentences = true
  /// Whether log-probabilities and back-off weights of all orders above 1 are stored in 8 bits.
  public var quantized = false
  /// Whether the n-grams are as an interpolated estimator left them: not mixed, not from elsewhere.
  public var isInterpolated: Bool?
  /// Tokens of the training text, without marks.
  public var trainingTokens = 0

  enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind
    case description
    case isDefault = "default"
    case order, tokens, tokenizer, estimator, prune, sentences, quantized
    case isInterpolated = "interpolated"
    case trainingTokens = "training_tokens"
  }

  /// Creates the configuration of a 5-gram model of words by modified Kneser-Ney, without pruning.
  public init() {}

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing or not an n-gram configuration.
  static func read(folder: String) throws(AIGCError) -> NGramConfiguration {
    let configuration = try ModelConfiguration.decode(NGramConfiguration.self, folder: folder)
    guard configuration.family == "ngram", configuration.formatVersion == 1,
      (1...NGramFile.largestOrder).contains(configuration.order)
    else { throw .badInput("\(folder)/config.json: not an n-gram model that this aigc reads") }
    return configuration
  }

  /// The tokenizer in the model's folder, where its words are ids.
  /// - Throws: ``/Files/AIGCError`` (badInput) when its files are missing or damaged.
  func tokenIds(folder: String) throws(AIGCError) -> TokenIds? {
    guard let tokenizer else { return nil }
    return TokenIds(tokenizer: try loadTokenizer(kind: tokenizer, folder: folder))
  }

  func write(to path: String) throws(AIGCError) {
    try ModelConfiguration.write(self, to: path)
  }
}

/// The files of a model folder.
enum NGramFolder {
  static let model = "model.ngram"
  static let counts = "counts.ngram"

  /// Writes a whole model folder and puts it in its place.
  static func write(
    _ table: NGramTable, _ configuration: NGramConfiguration, _ tokenIds: TokenIds? = nil,
    to folder: OutputFolder
  ) throws(AIGCError) {
    try tokenIds?.tokenizer.write { folder.file($0) }
    try table.write(to: folder.file(model), isQuantized: configuration.quantized)
    try configuration.write(to: folder.file(ModelConfiguration.fileName))
    try folder.commit()
  }
}

extension NGramTable {
  init(path: String) throws(AIGCError) {
    let file = try NGramFile(path: path)
    self.init(
      vocabulary: file.vocabulary, levels: file.levels,
      unseenContextBackoff: file.unseenContextBackoff)
  }

  func write(to path: String, isQuantized: Bool) throws(AIGCError) {
    try NGramFile.write(
      to: path, vocabulary: vocabulary, order: order, unseenContextBackoff: unseenContextBackoff,
      isQuantized: isQuantized
    ) { (index) throws(AIGCError) in
      let level = stored[index]
      // Unigrams stay exact: they are few, and every probability leans on them.
      return isQuantized && index > 0 && !level.isQuantized ? try level.quantize() : level
    }
  }
}
