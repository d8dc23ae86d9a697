import Autograd
import Kernels
import NN

/// x + attention(norm(x)), and then x + network(norm(x)).
struct TransformerBlock: Module {
  private let dropout: Float
  private let attentionNorm: TransformerNorm
  private let attention: TransformerAttention
  private let attentionOutputNorm: TransformerNorm?
  private let feedForwardNorm: TransformerNorm
  private let feedForward: TransformerFeedForward
  private let feedForwardOutputNorm: TransformerNorm?
  var prefix: ModulePrefix { .none }

  init(
    _ parameters: TransformerParameters, layer: Int, dropout: Float,
    using plan: inout ParameterPlan
  ) {
    let shape = parameters.shape
    self.dropout = dropout
    attentionNorm = parameters.norm(.attentionNorm, layer, size: shape.width, using: &plan)
    attention = TransformerAttention(parameters, layer: layer, using: &plan)
    attentionOutputNorm =
      shape.hasSandwichNorms
      ? parameters.norm(.attentionOutputNorm, layer, size: shape.width, using: &plan) : nil
    feedForwardNorm = parameters.norm(.feedForwardNorm, layer, size: shape.width, using: &plan)
    feedForward = TransformerFeedForward(parameters, layer: layer, using: &plan)
    feedForwardOutputNorm =
      shape.hasSandwichNorms
      ? parameters.norm(.feedForwardOutputNorm, layer, size: shape.width, using: &plan) : nil
  }

  /// - Parameters:
  ///   - x: [batch, steps, width].
  ///   - rotary: how queries and keys are turned; nil: not at all.
  func callAsFunction(_ x: Tensor, _ rotary: RotaryTable?, _ context: Context) -> Tensor {
    let seen = attention(attentionNorm(x), rotary)
    let x = x + (attentionOutputNorm?(seen) ?? seen).dropout(dropout, context)
    let made = feedForward(feedForwardNorm(x))
    return x + (feedForwardOutputNorm?(made) ?? made).dropout(dropout, context)
  }
}

/// Each token looks at itself and those before it, with several heads.
struct TransformerAttention: Module {
  private let shape: TransformerShape
  private let window: Int?
  /// One for queries, keys and values, or one for each.
  private let inputs: [TransformerLinear]
  private let queryNorm: TransformerNorm?
  private let keyNorm: TransformerNorm?
  private let output: TransformerLinear
  var prefix: ModulePrefix { .none }

  init(_ parameters: TransformerParameters, layer: Int, using plan: inout ParameterPlan) {
    let shape = parameters.shape
    self.shape = shape
    window = shape.window(ofLayer: layer)
    let (queries, keys) = (shape.queryWidth, shape.keyValueWidth)
    let parts: [(TransformerPart, Int)] =
      parameters.architecture.isFused
      ? [(.queryKeyValue, queries + 2 * keys)]
      : [(.query, queries), (.key, keys), (.value, keys)]
    var inputs: [TransformerLinear] = []
    for (part, size) in parts {
      inputs.append(
        parameters.linear(
          part, layer, shape.width, size, hasBias: shape.hasQueryKeyValueBias, using: &plan))
    }
    self.inputs = inputs
    queryNorm =
      shape.normalizesHeads
      ? parameters.norm(.queryNorm, layer, size: shape.headSize, using: &plan) : nil
    keyNorm =
      shape.normalizesHeads
      ? parameters.norm(.keyNorm, layer, size: shape.headSize, using: &plan) : nil
    output = parameters.linear(
      .output, layer, queries, shape.width, hasBias: shape.hasOutputBias, using: &plan)
  }

  /// [batch, steps, width] to the same.
  func callAsFunction(_ x: Tensor, _ rotary: RotaryTable?) -> Tensor {
    let scale = shape.attentionScale
    var parts = inputs.map { $0(x) }
    if parts.count == 1 {
      let isWhole = rotary == nil && queryNorm == nil && shape.keyValueHeads == shape.heads
      if isWhole {
        return output(
          Autograd.attention(parts[0], heads: shape.heads, scale: scale, window: window))
      }
      let (queries, keys) = (shape.queryWidth, shape.keyValueWidth)
      parts = [0..<queries, queries..<queries + keys, queries + keys..<queries + 2 * keys].map {
        parts[0].sliced($0, axis: 2)
      }
    }
    var (queries, keys) = (parts[0], parts[1])
    if let queryNorm, let keyNorm { (queries, keys) = (queryNorm(queries), keyNorm(keys)) }
    if let rotary {
      (queries, keys) = (Autograd.rotary(queries, rotary), Autograd.rotary(keys, rotary))
    }
    return output(
      Autograd.attention(
        queries, keys, parts[2], headSize: shape.headSize, scale: scale, window: window))
  }
}

/// Layers with an activation between them, which a gate may share.
struct TransformerFeedForward: Module {
  private let activation: TransformerActivation
  private let gate: TransformerLinear?
  private let up: TransformerLinear
  private let down: TransformerLinear
  var prefix: ModulePrefix { .none }

  init(_ parameters: TransformerParameters, layer: Int, using plan: inout ParameterPlan) {
    let shape = parameters.shape
    activation = shape.activation
    func linear(_ part: TransformerPart, _ inputs: Int, _ outputs: Int) -> TransformerLinear {
      parameters.linear(part, layer, inputs, outputs, hasBias: shape.hasInnerBias, using: &plan)
    }
    gate = shape.isGated ? linear(.gate, shape.width, shape.inner) : nil
    up = linear(.up, shape.width, shape.inner)
    down = linear(.down, shape.inner, shape.width)
  }

  /// [batch, steps, width] to the same.
  func callAsFunction(_ x: Tensor) -> Tensor {
    // [batch, steps, width] → [batch, steps, inner] → [batch, steps, width].
    down(gate.map { gated($0(x), up(x), by: activation) } ?? up(x).activated(by: activation))
  }
}
