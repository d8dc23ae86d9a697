import Autograd
import Checkpoints
import Datasets
import Files
import Inference
import NN
import Training
import Weights

extension RecurrentFamily: RewardTunableFamily {
  /// The model in a folder as a policy, without dropout.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files do not
  ///   fit together.
  public func policy(at path: String) throws(AIGCError) -> any TextPolicy {
    try RecurrentPolicy(folder: path)
  }
}

/// A recurrent language model that learns from rewards.
final class RecurrentPolicy: TextPolicy {
  private var configuration: RecurrentConfiguration
  private let network: RecurrentNetwork
  let tokenizer: any Tokenizer
  private let startToken: Int32?
  private let storage: ScalarType
  /// Recurrent layers have no blocks.
  var recomputesBlocks = false

  init(folder: String) throws(AIGCError) {
    let model = try RecurrentLanguageModel(folder: folder)
    var sizes = model.configuration.sizes
    sizes.dropout = 0
    let network = ParameterPlan.shapes { RecurrentNetwork(sizes, using: &$0) }
    for (own, loaded) in zip(network.namedParameters, model.network.namedParameters) {
      own.parameter.value = loaded.parameter.value
    }
    self.network = network
    (configuration, tokenizer) = (model.configuration, model.tokenizer)
    startToken = model.startToken
    storage = try ModelWeights.open(folder).tensors.first?.type ?? .f32
  }

  func inputs(_ prompt: [Int32]) -> [Int32] {
    let tokens = (startToken.map { [$0] } ?? []) + prompt
    // As a session has it: a line begins, where the model knows lines.
    return tokens.isEmpty ? [(try? tokenizer.encode(prompt: "\n"))?.first ?? 0] : tokens
  }

  /// A line's end ends no text.
  var endTokens: [Int32] {
    tokenizer.endTokenEndsText ? [tokenizer.endToken].compactMap { $0 } : []
  }
  var contextSize: Int? { nil }
  var width: Int { configuration.hiddenSize }
  var parameters: NamedParameters { network.namedParameters }
  var trainable: NamedParameters { network.trainableNamedParameters }
  var trainingTokens: Int { configuration.trainingTokens }
  var head: PolicyHead { .trained(weight: network.fc.weight.value, bias: network.fc.bias?.value) }

  func states(_ tokens: Indices, _ context: Context) -> Tensor {
    let (batch, steps) = (tokens.shape[0], tokens.shape[1])
    // The layers take [steps, batch].
    var turned = [Int32](repeating: 0, count: tokens.values.count)
    for row in 0..<batch {
      for step in 0..<steps { turned[step * batch + row] = tokens.values[row * steps + step] }
    }
    let (output, _) = network.states(Indices(turned, [steps, batch]), nil, context)
    return output.reshaped([steps, batch, width]).permuted([1, 0, 2])
      .reshaped([batch * steps, width])
  }

  func languageModel() throws(AIGCError) -> any LanguageModel {
    // Its sessions hold the weights of the moment at which they are made: the model is asked for anew after each
    // step.
    RecurrentLanguageModel(configuration, network, tokenizer)
  }

  func write(to path: (String) -> String, items: Int) throws(AIGCError) {
    configuration.trainingTokens = items
    try tokenizer.write(to: path)
    try StateDictionary.write(parameters, to: path(RecurrentFolder.weights), type: storage)
    try configuration.write(to: path(ModelConfiguration.fileName))
  }
}
