import Autograd
import Files
import Kernels
import NN
import Synchronization

/// A decoder-only transformer with norms before its parts: GPT-2 (Radford et al. 2019), Llama (Touvron et al. 2023),
/// Qwen, Gemma, as its shape says. Parameters have the names and the layout of the architecture's files at Hugging
/// Face.
struct Transformer: Module {
  let shape: TransformerShape
  private let dropout: TransformerDropout
  private let embeddings: TransformerTable
  /// [context, width], where positions are learned.
  private let positions: TransformerTable?
  private let blocks: [TransformerBlock]
  private let norm: TransformerNorm
  /// [vocabulary, width]; nil where it is the table of embeddings.
  private let ownHead: TransformerTable?
  private let tables: RotaryTables
  /// Whether training keeps only what goes into each block, and computes the rest again.
  var recomputesBlocks = false
  var prefix: ModulePrefix { .none }

  /// Weights as transformers starts with them: from N(0, 0.02²), biases 0; GPT-2 has smaller ones at the ends of
  /// residual branches.
  /// - Parameters:
  ///   - shape: the sizes and the parts.
  ///   - architecture: what its parameters are called, and how they lie.
  ///   - frozen: the matrices, where these stay as they are; nil: they are parameters.
  ///   - dropout: how much of the values training drops. Not of attention weights: with the fused operation these
  ///     never exist.
  ///   - plan: takes the parameters.
  init(
    _ shape: TransformerShape, _ architecture: any Architecture, frozen: FrozenTransformer? = nil,
    dropout: TransformerDropout = TransformerDropout(), using plan: inout ParameterPlan
  ) {
    require(
      shape.keyValueHeads > 0 && shape.heads % shape.keyValueHeads == 0,
      "\(shape.heads) heads of queries for \(shape.keyValueHeads) of keys")
    (self.shape, self.dropout) = (shape, dropout)
    tables = RotaryTables(shape)
    let parameters = TransformerParameters(
      shape: shape, architecture: architecture, frozen: frozen)
    embeddings = parameters.table(.embeddings, rows: shape.vocabulary, using: &plan)
    positions =
      shape.positions == .learned
      ? parameters.table(.positions, rows: shape.context, using: &plan) : nil
    var blocks: [TransformerBlock] = []
    for layer in 0..<shape.layers {
      blocks.append(
        TransformerBlock(parameters, layer: layer, dropout: dropout.residual, using: &plan))
    }
    self.blocks = blocks
    norm = parameters.norm(.norm, nil, size: shape.width, using: &plan)
    ownHead =
      shape.isTied ? nil : parameters.table(.head, rows: shape.vocabulary, using: &plan)
  }

  /// [vocabulary, width].
  var head: TransformerTable { ownHead ?? embeddings }

  /// Scores of the next token after each: [batch, steps, vocabulary] for tokens [batch, steps].
  func logits(_ tokens: Indices, _ context: Context) -> Tensor {
    head.scores(states(tokens, context))
  }

  /// What is learned of a batch: the mean cross-entropy, nats, and with a teacher its divergence too.
  func loss(_ batch: TokenBatch, _ context: Context) -> Tensor {
    guard let soft = batch.soft else {
      return loss(batch.inputs, targets: batch.targets, context)
    }
    return linearDistillation(rows(batch.inputs, context), head.value, nil, batch.targets, soft)
  }

  /// The mean cross-entropy of the next tokens, nats.
  /// - Parameters:
  ///   - tokens: [batch, steps].
  ///   - targets: the token after each of them; below 0: left out.
  func loss(_ tokens: Indices, targets: [Int32], _ context: Context) -> Tensor {
    head.loss(rows(tokens, context), targets)
  }

  /// The cross-entropy of each token of `targets`, nats, without history.
  func losses(_ tokens: Indices, targets: [Int32]) -> [Float] {
    head.losses(rows(tokens, .inference), targets)
  }

  /// The last states as rows: [batch · steps, width].
  private func rows(_ tokens: Indices, _ context: Context) -> Tensor {
    states(tokens, context).reshaped([tokens.values.count, shape.width])
  }

  /// The last states, [batch, steps, width], which the head scores tokens by.
  func states(_ tokens: Indices, _ context: Context) -> Tensor {
    states(tokens, after: [shape.layers], context)[0]
  }

  /// What stands after some numbers of blocks, as in transformers' `hidden_states`: after none the embeddings, after
  /// the last one normalised.
  func states(_ tokens: Indices, after layers: [Int], _ context: Context) -> [Tensor] {
    let steps = tokens.shape[1]
    // [batch, steps] → [batch, steps, width], and stays so.
    var x = embeddings.gathered(tokens)
    if shape.embeddingScale != 1 { x = x * shape.embeddingScale }
    if let positions { x = x + positions.first(steps) }
    x = x.dropout(dropout.embedding, context)
    var found: [Int: Tensor] = [:]
    for (index, block) in blocks.prefix(layers.max() ?? 0).enumerated() {
      if layers.contains(index) { found[index] = x }
      // After Ctrl-C nobody asks for the result; only a step of training is taken to its end.
      if !context.isTraining, Interruption.isRequested { break }
      let table = tables.table(ofLayer: index, steps: steps)
      x =
        recomputesBlocks
        ? checkpointed(x, block.trainableParameters, context) { block($0, table, $1) }
        : block(x, table, context)
    }
    return layers.map { layer in layer < shape.layers ? found[layer] ?? x : norm(x) }
  }
}

/// The turns of a transformer's positions, computed when they are first asked for, for all layers alike and for those
/// with a window.
private final class RotaryTables: Sendable {
  private let shape: TransformerShape
  private let tables = Mutex<[Bool: RotaryTable]>([:])

  init(_ shape: TransformerShape) { self.shape = shape }

  /// A table of at least `steps` positions; nil where positions are learned.
  func table(ofLayer layer: Int, steps: Int) -> RotaryTable? {
    guard shape.positions != .learned else { return nil }
    let isLocal = shape.window(ofLayer: layer) != nil
    return tables.withLock { tables in
      if let table = tables[isLocal], table.rows >= steps { return table }
      let table = RotaryTable(
        frequencies: shape.rotaryFrequencies(ofLayer: layer), positions: 0..<steps)
      tables[isLocal] = table
      return table
    }
  }
}
