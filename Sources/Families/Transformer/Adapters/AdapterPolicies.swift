import Autograd
import Datasets
import Files
import Inference
import Kernels
import NN
import Training

/// The policies of a run of which an adapter learns. All are one model: its weights stay where they lie in its file,
/// and are packed for generation once.
struct AdapterPolicies: TextPolicies {
  /// What is under the adapters.
  fileprivate struct Base {
    let path: String
    let model: TransformerLanguageModel
    let weights: TransformerWeights
  }
  private let base: Base
  private let settings: AdapterSettings
  private let seed: UInt64
  /// The base for generation.
  var model: TransformerLanguageModel { base.model }

  /// - Parameters:
  ///   - path: of the base: a folder, or a GGUF file.
  ///   - settings: which projections are changed.
  ///   - seed: of the adapter's first values.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no adapter; badInput and mismatch for a damaged model.
  init(_ path: String, _ settings: AdapterSettings, seed: UInt64) throws(AIGCError) {
    var options = ModelLoadOptions()
    options.cacheType = .f32
    let model = try TransformerLanguageModel(path: path, options: options)
    guard let weights = model.weights else { throw .badInput("\(path): no weights") }
    _ = try model.configuration.adapted(settings)
    if let damage = weights.nonFiniteProblem() { throw damage }
    base = Base(path: path, model: model, weights: weights)
    (self.settings, self.seed) = (settings, seed)
  }

  func tuned() throws(AIGCError) -> any TextPolicy { try AdapterPolicy(base, settings, seed) }

  /// The base alone: a new adapter changes nothing.
  func reference() throws(AIGCError) -> any TextPolicy { try AdapterPolicy(base, nil, seed) }

  func saved(in folder: String) throws(AIGCError) -> any TextPolicy {
    let policy = try AdapterPolicy(base, settings, seed)
    try policy.read(folder)
    return policy
  }
}

/// A transformer that stays as it is, and an adapter on it that learns from rewards.
private final class AdapterPolicy: TextPolicy {
  private let base: AdapterPolicies.Base
  /// nil: the base alone.
  private let settings: AdapterSettings?
  private var network: Transformer
  /// A and B of each projection that is changed.
  let parameters: NamedParameters
  let head: PolicyHead

  init(
    _ base: AdapterPolicies.Base, _ settings: AdapterSettings?, _ seed: UInt64
  ) throws(AIGCError) {
    (self.base, self.settings) = (base, settings)
    var random = RandomSource(seed: seed)
    (network, parameters) = try base.model.configuration.adaptedNetwork(
      base.weights, settings, using: &random)
    // Tokens that both the tokenizer and the model have: no others are drawn.
    let shape = base.model.configuration.shape
    let table = try base.weights.matrix(
      shape.isTied ? .embeddings : .head, rows: base.model.vocabularySize)
    head = .frozen(try table.frozen())
  }

  private var configuration: TransformerConfiguration { base.model.configuration }
  var tokenizer: any Tokenizer { base.model.tokenizer }
  func inputs(_ prompt: [Int32]) -> [Int32] {
    prompt.isEmpty ? [base.model.startToken] : prompt
  }
  var endTokens: [Int32] { base.model.endTokens }
  var contextSize: Int? { configuration.shape.context }
  var width: Int { configuration.shape.width }
  var trainable: NamedParameters { parameters }
  var trainingTokens: Int { 0 }
  var recomputesBlocks: Bool {
    get { network.recomputesBlocks }
    set { network.recomputesBlocks = newValue }
  }

  func states(_ tokens: Indices, _ context: Context) -> Tensor {
    network.states(tokens, context).reshaped([tokens.values.count, width])
  }

  /// The adapter with its present values; nil: the base alone.
  private var adapter: Adapter? {
    settings.map { Adapter(configuration, parameters, scale: $0.scale) }
  }

  func languageModel() throws(AIGCError) -> any LanguageModel {
    guard let adapter else { return base.model }
    return try base.model.adapted(by: adapter)
  }

  /// Takes the values of a saved adapter.
  func read(_ folder: String) throws(AIGCError) {
    try Adapter.read(folder, for: configuration)
      .load(into: parameters, configuration, path: folder)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    guard let adapter, let settings else { return }
    try adapter.writePEFT(configuration, base: base.path, to: path)
    let card = settings.card(
      configuration, base: base.path, learned: "rewards of \(counted(items, "token"))")
    try TransformerFolder.write([(AdapterFields.cardName, card)], to: path)
  }
}
