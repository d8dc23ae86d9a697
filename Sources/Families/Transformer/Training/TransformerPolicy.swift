import Autograd
import Checkpoints
import Datasets
import Files
import Inference
import NN
import Training

extension TransformerFamily: RewardTunableFamily {
  /// The model in a folder as a policy, in 32 bits and without dropout.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files do not
  ///   fit together.
  public func policy(at path: String) throws(AIGCError) -> any TextPolicy {
    try TransformerPolicy(folder: path)
  }

  /// Policies on a model in a folder or a GGUF file, whose packed weights they share.
  /// - Throws: ``/Files/AIGCError``: usage for settings that make no adapter; else as ``policy(at:)``.
  public func policies(
    on base: String, _ adapters: AdapterSettings, seed: UInt64
  ) throws(AIGCError) -> any TextPolicies {
    try AdapterPolicies(base, adapters, seed: seed)
  }
}

/// A transformer that learns from rewards.
final class TransformerPolicy: TextPolicy {
  private var configuration: TransformerConfiguration
  private var network: Transformer
  private let storage: ScalarType
  private let templates: [TransformerFolder.Companion]
  let tokenizer: any Tokenizer
  private let startToken: Int32
  let endTokens: [Int32]
  /// Tokens that both the tokenizer and the model have: no others are drawn.
  private let known: Int

  init(folder: String) throws(AIGCError) {
    let model = try TransformerLanguageModel(folder: folder)
    var configuration = model.configuration
    network = ParameterPlan.shapes {
      Transformer(configuration.shape, configuration.architecture, using: &$0)
    }
    try model.weights?.load(into: network.namedParameters)
    (configuration.startToken, configuration.endTokens) = model.marks
    self.configuration = configuration
    storage = model.weights?.type ?? .f32
    templates = try model.templates()
    tokenizer = model.tokenizer
    (startToken, endTokens) = (model.startToken, model.endTokens)
    known = model.vocabularySize
  }

  func inputs(_ prompt: [Int32]) -> [Int32] { prompt.isEmpty ? [startToken] : prompt }
  var contextSize: Int? { configuration.shape.context }
  var width: Int { configuration.shape.width }
  var parameters: NamedParameters { network.namedParameters }
  var trainable: NamedParameters { network.trainableNamedParameters }
  var trainingTokens: Int { configuration.trainingTokens ?? 0 }
  var recomputesBlocks: Bool {
    get { network.recomputesBlocks }
    set { network.recomputesBlocks = newValue }
  }

  var head: PolicyHead {
    let weight = network.head.value
    return .trained(
      weight: known < weight.shape[0] ? weight.sliced(0..<known) : weight, bias: nil)
  }

  func states(_ tokens: Indices, _ context: Context) -> Tensor {
    network.states(tokens, context).reshaped([tokens.values.count, width])
  }

  func languageModel() throws(AIGCError) -> any LanguageModel {
    var tensors: [StoredTensor] = []
    for (name, parameter) in network.namedParameters {
      let values = try Table(parameter.value.values).rawBytes
      tensors.append(
        try StoredTensor(
          name: name, type: .f32, shape: parameter.shape.dimensions, storage: values, place: name))
    }
    let weights = try TransformerWeights(tensors, path: "", isGGUF: false, configuration)
    let engine = try TransformerEngine(weights, vocabulary: known)
    return TransformerLanguageModel(configuration, network, tokenizer, engine)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingTokens = items
    try tokenizer.write(to: path)
    try TransformerFolder.write(
      StateDictionary.tensors(parameters, type: storage), to: path(TransformerWeights.file))
    try configuration.write(to: path(ModelConfiguration.fileName))
    try TransformerFolder.write(templates, to: path)
  }
}
