import Datasets
import Files
import FoundationEssentials
import NN
import Training

/// `config.json` of a recurrent language model: everything needed to build it and to read text in its
/// tokens.
public struct RecurrentConfiguration: Codable, Equatable, Sendable {
  /// "rnn", "gru" or "lstm".
  public var family: String
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model makes, "text".
  public var kind = "text"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the text model to take when none is named.
  public var isDefault: Bool?
  /// The kind of the tokenizer, whose files lie in the same folder.
  public var tokens: TokenizerKind
  /// The number of tokens with embeddings, that of the tokenizer.
  public var vocabularySize: Int
  /// The size of a token's embedding; that of ``hiddenSize`` where the weights are tied.
  public var embeddingSize: Int
  /// Units of each recurrent layer.
  public var hiddenSize: Int
  /// The number of recurrent layers, 1 to 64.
  public var layers: Int
  /// The dropout rate between the layers and before the projection, from 0 to below 1.
  public var dropout: Float = 0
  /// Whether the projection to the vocabulary shares the embedding's weight.
  public var isTied = false
  /// Tokens of one step of truncated back-propagation.
  public var context = 128
  /// Tokens learned from in training.
  public var trainingTokens = 0

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind
    case description
    case isDefault = "default"
    case tokens
    case vocabularySize = "vocabulary_size"
    case embeddingSize = "embedding_size"
    case hiddenSize = "hidden_size"
    case layers, dropout, context
    case isTied = "tied"
    case trainingTokens = "training_tokens"
  }

  /// Creates a configuration without dropout, whose projection has weights of its own.
  public init(
    _ kind: RecurrentKind, tokens: TokenizerKind, vocabularySize: Int, embeddingSize: Int,
    hiddenSize: Int, layers: Int
  ) {
    family = kind.rawValue
    self.tokens = tokens
    self.vocabularySize = vocabularySize
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layers = layers
  }

  /// The kind of the recurrent layers, which the family's name says.
  public var recurrentKind: RecurrentKind { RecurrentKind(rawValue: family) ?? .lstm }

  var sizes: RecurrentNetwork.Sizes {
    RecurrentNetwork.Sizes(
      kind: recurrentKind, vocabulary: vocabularySize, embedding: embeddingSize,
      hidden: hiddenSize, layers: layers, dropout: dropout, isTied: isTied)
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or its sizes make no model.
  public static func read(folder: String) throws(AIGCError) -> RecurrentConfiguration {
    let configuration = try ModelConfiguration.decode(RecurrentConfiguration.self, folder: folder)
    let place = "\(folder)/config.json"
    guard RecurrentKind(rawValue: configuration.family) != nil, configuration.formatVersion == 1
    else { throw .badInput("\(place): not a recurrent model that this aigc reads") }
    if let problem = configuration.problem { throw .badInput("\(place): \(problem)") }
    return configuration
  }

  /// Why the sizes make no model; nil: they do.
  public var problem: String? {
    guard [vocabularySize, embeddingSize, hiddenSize].allSatisfy({ (1...1 << 24).contains($0) }),
      (1...64).contains(layers), (1...1 << 24).contains(context), dropout >= 0, dropout < 1,
      !isTied || embeddingSize == hiddenSize
    else { return "sizes that make no model" }
    return ParameterPlan.problem { RecurrentNetwork(sizes, using: &$0) }
  }

  /// Writes the `config.json` at `path`, keys sorted.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    try ModelConfiguration.write(self, to: path)
  }
}
