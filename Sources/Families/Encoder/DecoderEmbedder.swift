import Datasets
import Files
import Inference
import Kernels

/// Vectors of texts by a language model's states after its last layer.
public struct DecoderEmbedder: TextEmbedder {
  /// Values of a vector.
  public let width: Int
  /// The most tokens of a text.
  public let limit: Int
  private let model: any LanguageModel
  private let pooling: StatePooling
  private let normalizes: Bool
  private let layer: Int

  /// - Parameters:
  ///   - model: with states of its tokens.
  ///   - name: the model, for messages.
  ///   - options: means that are not normalised where they do not say.
  /// - Throws: ``/Files/AIGCError``: mismatch for a model without states, usage for a limit that it does not have.
  public init(
    _ model: any LanguageModel, name: String, _ options: EmbeddingOptions = EmbeddingOptions()
  ) throws(AIGCError) {
    guard let layer = model.stateLayers,
      let states = try model.hiddenStates(of: [0], layer: layer)
    else {
      throw .mismatch(
        "\(name): a model without states of its tokens; encoders (bert) and transformers have them")
    }
    let context = model.contextSize ?? .max
    limit = options.context ?? context
    guard (1...context).contains(limit) else {
      throw .usage("`context` \(limit): the model sees 1 to \(context) tokens at once")
    }
    (self.model, self.layer, width) = (model, layer, states.width)
    (pooling, normalizes) = (options.pooling ?? .mean, options.normalizes ?? false)
  }

  public func tokens(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    guard let words = String(validating: text.array(of: UInt8.self), as: UTF8.self) else {
      throw .badInput("\(name): bytes that are not UTF-8")
    }
    let ids: [Int32]
    do { ids = try model.encode(words) } catch {
      guard error != .interrupted else { throw error }
      // A model says of a prompt where it is wrong, and not which of many texts that is.
      throw AIGCError(error.code, "\(name): \(error.description)")
    }
    guard !ids.isEmpty else {
      throw .badInput("\(name): a text without tokens, of which the model makes no vector")
    }
    return Array(ids.prefix(limit))
  }

  public func vectors(_ texts: [[Int32]]) throws(AIGCError) -> [[Float]] {
    var result: [[Float]] = []
    for tokens in texts {
      guard let states = try model.hiddenStates(of: tokens, layer: layer) else { return [] }
      var vector = pooling.vector(states.values, width: width)
      if normalizes { normalizeVector(&vector) }
      result.append(vector)
    }
    return result
  }
}

/// The path of a model that makes vectors of texts, by its name or path.
///
/// Older folders of sentence-transformers have their network one folder below, and no `config.json`: they are taken
/// by their path as they are.
/// - Throws: ``/Files/AIGCError``: badInput where there is none.
public func embedderPath(_ nameOrPath: String) throws(AIGCError) -> String {
  EncoderFamily(of: nameOrPath) != nil
    ? nameOrPath : try ModelStore.standard().resolve(nameOrPath)
}

/// Opens a model that makes vectors of texts: an encoder, or a language model with states.
/// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch for another kind of model.
public func loadEmbedder(
  _ path: String, _ options: EmbeddingOptions = EmbeddingOptions()
) throws(AIGCError) -> any TextEmbedder {
  if EncoderFiles.recognizes(path) { return try SentenceEncoder(path, options) }
  var loading = ModelLoadOptions()
  loading.activations = options.activations
  let family = try family(of: path)
  guard let family = family as? any TextFamily else {
    throw .mismatch(
      "\(path): a model of kind '\(family.kind)'; an encoder (bert) or a language model is needed here"
    )
  }
  let model = try family.load(path, options: loading)
  return try DecoderEmbedder(model, name: path, options)
}
