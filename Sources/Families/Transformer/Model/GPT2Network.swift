import Autograd
import Files
import Kernels
import NN

/// GPT-2 (Radford et al. 2019): a transformer decoder with the norms before its parts. Parameters
/// have Hugging Face's names and layout: `transformer.h.0.attn.c_attn.weight`, [in, out].
struct GPT2Network: Module {
  let sizes: Sizes
  var transformer: GPT2Transformer
  /// [vocabulary, width]; nil where it is the table of embeddings.
  private let ownHead: Parameter?

  /// Weights as GPT-2 starts with: from N(0, 0.02²), those that end a residual branch divided by the
  /// root of the number of branches; biases 0.
  init(_ sizes: Sizes, using plan: inout ParameterPlan) {
    require(sizes.width % sizes.heads == 0, "the width \(sizes.width) of \(sizes.heads) heads")
    self.sizes = sizes
    transformer = GPT2Transformer(sizes, using: &plan)
    ownHead =
      sizes.isTied
      ? nil
      : plan.parameter(
        [sizes.vocabulary, sizes.width], .normal(deviation: 0.02), name: "lm_head.weight")
  }

  /// [vocabulary, width].
  var head: Parameter { ownHead ?? transformer.wte.weight }

  /// Scores of the next token after each: [batch, steps, vocabulary] for tokens [batch, steps].
  func logits(_ tokens: Indices, _ context: Context) -> Tensor {
    linear(transformer(tokens, context), head.value)
  }

  /// The mean cross-entropy of the next tokens, nats.
  /// - Parameters:
  ///   - tokens: [batch, steps].
  ///   - targets: the token after each of them; below 0: left out.
  func loss(_ tokens: Indices, targets: [Int32], _ context: Context) -> Tensor {
    linearCrossEntropy(rows(tokens, context), head.value, nil, targets)
  }

  /// The cross-entropy of each token of `targets`, nats, without history.
  func losses(_ tokens: Indices, targets: [Int32]) -> [Float] {
    linearCrossEntropyLosses(rows(tokens, .inference), head.value, nil, targets)
  }

  /// The last states as rows: [batch · steps, width].
  private func rows(_ tokens: Indices, _ context: Context) -> Tensor {
    transformer(tokens, context).reshaped([tokens.values.count, sizes.width])
  }
}

/// Everything before the projection to the vocabulary.
struct GPT2Transformer: Module {
  static let checkpointNames = ["norm": "ln_f"]
  private let sizes: GPT2Network.Sizes
  let wte: Embedding
  let wpe: Embedding
  let h: [GPT2Block]
  private let norm: LayerNorm
  /// Whether training keeps only what goes into each block, and computes the rest again.
  var recomputesBlocks = false

  init(_ sizes: GPT2Network.Sizes, using plan: inout ParameterPlan) {
    self.sizes = sizes
    wte = Embedding(sizes.vocabulary, sizes.width, deviation: 0.02, using: &plan)
    wpe = Embedding(sizes.context, sizes.width, deviation: 0.02, using: &plan)
    h = (0..<sizes.layers).map { _ in GPT2Block(sizes, using: &plan) }
    norm = LayerNorm(sizes.width, epsilon: sizes.epsilon, using: &plan)
  }

  func callAsFunction(_ tokens: Indices, _ context: Context) -> Tensor {
    states(tokens, after: h.count, context)
  }

  /// What stands after `layer` blocks, as in transformers' `hidden_states`: after none the embeddings, after
  /// the last one normalised.
  func states(_ tokens: Indices, after layer: Int, _ context: Context) -> Tensor {
    states(tokens, after: [layer], context)[0]
  }

  /// The same after several numbers of blocks.
  func states(_ tokens: Indices, after layers: [Int], _ context: Context) -> [Tensor] {
    let positions = wpe.weight.value.sliced(0..<tokens.shape[1])
    // [batch, steps] → [batch, steps, width], and stays so.
    var x = (wte(tokens) + positions).dropout(sizes.embeddingDropout, context)
    var found: [Int: Tensor] = [:]
    for (index, block) in h.prefix(layers.max() ?? 0).enumerated() {
      if layers.contains(index) { found[index] = x }
      // After Ctrl-C nobody asks for the result; only a step of training is taken to its end.
      if !context.isTraining, Interruption.isRequested { break }
      x =
        recomputesBlocks
        ? checkpointed(x, block.trainableParameters, context) { block($0, $1) } : block(x, context)
    }
    return layers.map { layer in layer < h.count ? found[layer] ?? x : norm(x, context) }
  }
}

/// x + attention(norm(x)), and then x + mlp(norm(x)).
struct GPT2Block: Module {
  static let checkpointNames = ["norm1": "ln_1", "norm2": "ln_2"]
  private let dropout: Float
  private let norm1: LayerNorm
  let attn: GPT2Attention
  private let norm2: LayerNorm
  let mlp: GPT2MLP

  init(_ sizes: GPT2Network.Sizes, using plan: inout ParameterPlan) {
    dropout = sizes.residualDropout
    norm1 = LayerNorm(sizes.width, epsilon: sizes.epsilon, using: &plan)
    attn = GPT2Attention(sizes, using: &plan)
    norm2 = LayerNorm(sizes.width, epsilon: sizes.epsilon, using: &plan)
    mlp = GPT2MLP(sizes, using: &plan)
  }

  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    let x = x + attn(norm1(x, context)).dropout(dropout, context)
    return x + mlp(norm2(x, context)).dropout(dropout, context)
  }
}

/// Each token looks at itself and those before it, with several heads.
struct GPT2Attention: Module {
  static let checkpointNames = ["queryKeyValue": "c_attn", "output": "c_proj"]
  private let heads: Int
  private let queryKeyValue: Conv1D
  private let output: Conv1D

  init(_ sizes: GPT2Network.Sizes, using plan: inout ParameterPlan) {
    heads = sizes.heads
    queryKeyValue = Conv1D(sizes.width, 3 * sizes.width, using: &plan)
    output = Conv1D(
      sizes.width, sizes.width, deviation: residualDeviation(sizes), using: &plan)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    // [batch, steps, width] → [batch, steps, 3 · width] → [batch, steps, width].
    output(attention(queryKeyValue(x), heads: heads))
  }
}

/// Two layers with an activation between them.
struct GPT2MLP: Module {
  static let checkpointNames = ["inner": "c_fc", "output": "c_proj"]
  private let activation: GPT2Network.Activation
  private let inner: Conv1D
  private let output: Conv1D

  init(_ sizes: GPT2Network.Sizes, using plan: inout ParameterPlan) {
    activation = sizes.activation
    inner = Conv1D(sizes.width, sizes.inner, using: &plan)
    output = Conv1D(
      sizes.inner, sizes.width, deviation: residualDeviation(sizes), using: &plan)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    // [batch, steps, width] → [batch, steps, inner] → [batch, steps, width].
    output(inner(x).activated(by: activation))
  }
}

/// Of weights that end a residual branch; a layer has two.
private func residualDeviation(_ sizes: GPT2Network.Sizes) -> Float {
  0.02 / Float(2 * sizes.layers).squareRoot()
}
