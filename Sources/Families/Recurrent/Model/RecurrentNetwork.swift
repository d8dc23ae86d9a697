import Autograd
import Kernels
import NN

/// A recurrent language model: embedding, RNN, GRU or LSTM layers, and a projection to the vocabulary.
/// With one LSTM layer it is the article's `LSTMLanguageModel`, by the same parameter names.
struct RecurrentNetwork: Module {
  /// The sizes of a network.
  struct Sizes: Codable, Equatable, Sendable {
    var kind = RecurrentKind.lstm
    var vocabulary: Int
    var embedding = 256
    var hidden = 256
    var layers = 1
    var dropout: Float = 0
    /// Whether the projection shares the embedding's weight (Press and Wolf 2017); both sizes are
    /// then equal.
    var isTied = false
  }

  let sizes: Sizes
  let embedding: Embedding
  let recurrent: Recurrent
  let fc: Linear

  init(_ sizes: Sizes, using plan: inout ParameterPlan) {
    require(
      !sizes.isTied || sizes.embedding == sizes.hidden, "tied weights need equal sizes")
    self.sizes = sizes
    embedding = Embedding(sizes.vocabulary, sizes.embedding, using: &plan)
    recurrent = Recurrent(
      sizes.kind, input: sizes.embedding, hidden: sizes.hidden, layers: sizes.layers,
      dropout: sizes.dropout, using: &plan)
    let projection = Linear(sizes.hidden, sizes.vocabulary, using: &plan)
    fc = sizes.isTied ? Linear(weight: embedding.weight, bias: projection.bias) : projection
  }

  /// The last layer's states.
  /// - Parameters:
  ///   - tokens: [steps, batch].
  ///   - state: where the sequences go on from; nil: the start.
  ///   - context: for dropout, also before the projection.
  /// - Returns: [steps · batch, hidden], and where the next piece goes on from.
  func states(
    _ tokens: Indices, _ state: RecurrentState?, _ context: Context
  ) -> (output: Tensor, state: RecurrentState) {
    let (output, next) = recurrent(tokens, embedding, state, context)
    let rows = output.dropout(sizes.dropout, context)
    return (rows.reshaped([tokens.values.count, sizes.hidden]), next)
  }

  /// The mean cross-entropy of the next tokens, nats.
  /// - Parameters:
  ///   - tokens: [steps, batch].
  ///   - targets: the token after each of them; below 0: left out.
  ///   - state: where the sequences go on from; nil: the start.
  ///   - context: for dropout.
  func loss(
    _ tokens: Indices, targets: [Int32], _ state: RecurrentState?, _ context: Context
  ) -> (loss: Tensor, state: RecurrentState) {
    let (output, next) = states(tokens, state, context)
    return (linearCrossEntropy(output, fc.weight.value, fc.bias?.value, targets), next)
  }
}
