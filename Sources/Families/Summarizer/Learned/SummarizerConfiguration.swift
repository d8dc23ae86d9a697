import Files
import Training

/// `config.json` of a learned summariser.
public struct SummarizerConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "summarizer".
  public var family = "summarizer"
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "summary".
  public var kind = "summary"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the summariser to take when none is named.
  public var isDefault: Bool?
  /// What the first weights are of, by name.
  public var features = SentenceFeatures.names
  /// The name or path of the model whose vectors of sentences have weights too; nil: none.
  public var embeddings: String?
  /// Values of such a vector.
  public var embeddingWidth: Int?
  /// How many words and pairs of words have a weight: the lines of vocab.txt.
  public var phrases = 0
  /// How many of them, the first ones, have two more weights, of places in the text.
  public var placedPhrases = 0
  /// The penalties that cross-validation chose.
  public var penalties: [Double] = []
  /// Articles and sentences that were learned from.
  public var trainingArticles = 0
  /// See ``trainingArticles``.
  public var trainingSentences = 0

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind, description
    case isDefault = "default"
    case features, phrases, penalties, embeddings
    case embeddingWidth = "embedding_width"
    case placedPhrases = "placed_phrases"
    case trainingArticles = "training_articles"
    case trainingSentences = "training_sentences"
  }

  /// Creates the configuration of a model without phrases.
  public init() {}

  /// More phrases than any training chooses.
  private static let mostPhrases = 1 << 20

  /// Why the configuration makes no model; nil where it does.
  var problem: String? {
    if features != SentenceFeatures.names {
      return "'features' are not the \(SentenceFeatures.names.count) of this aigc"
    }
    guard (embeddings == nil) == (embeddingWidth == nil),
      (1...Self.mostPhrases).contains(embeddingWidth ?? 1)
    else { return "'embeddings' and 'embedding_width' that do not go together" }
    guard (0...Self.mostPhrases).contains(phrases), (0...phrases).contains(placedPhrases) else {
      return "\(phrases) phrases, \(placedPhrases) of them placed"
    }
    return nil
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or makes no model.
  public static func read(folder: String) throws(AIGCError) -> SummarizerConfiguration {
    let result = try ModelConfiguration.decode(SummarizerConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == "summarizer", result.formatVersion == 1 else {
      throw .badInput("\(place): no summariser that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): no model: \(problem)") }
    return result
  }
}
