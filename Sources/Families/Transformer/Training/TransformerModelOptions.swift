import Checkpoints
import Datasets
import Files
import NN
import Training

/// What a transformer is to be, and what its training needs beside ``/Training/TrainerConfiguration``.
public struct TransformerModelOptions: Codable, Equatable, Sendable {
  /// The architecture; nil: GPT-2.
  public var kind: TransformerKind?
  /// The kind of the tokenizer that is made of the texts; ``tokenizer`` takes precedence.
  public var tokens = TokenizerKind.char
  /// BPE tokens or words; nil: the tokenizer's default.
  public var vocabularySize: Int?
  /// A folder whose tokenizer is taken, in place of a new one.
  public var tokenizer: String?
  /// The number of transformer blocks.
  public var layers = 4
  /// The attention heads of a block.
  public var heads = 4
  /// Heads of keys and values, which divide ``heads``; nil: as many. Not of GPT-2.
  public var keyValueHeads: Int?
  /// Values of a head, even; nil: the width divided by the heads. Not of GPT-2.
  public var headSize: Int?
  /// The size of the embeddings and of the residual stream, a multiple of ``heads`` where ``headSize`` is nil.
  public var width = 128
  /// Values between the layers of a block's feed-forward network; nil: 4 · width of GPT-2, 8/3 of it of others, which
  /// is as many weights. Not of GPT-2.
  public var inner: Int?
  /// The number of positions: the most tokens that are learned from at once.
  public var context = 64
  /// The base of rotary positions' frequencies; nil: the architecture's. Not of GPT-2.
  public var ropeBase: Double?
  /// Tokens that layers with a window see; nil: half the context. Of Gemma 3.
  public var window: Int?
  /// The dropout rate of embeddings and of what blocks add to the residual stream, from 0 to below
  /// 1. Of GPT-2.
  public var dropout: Float = 0
  /// How weights are saved; nil: in 32 bits, or as the model that is trained further has them.
  public var storage: ScalarType?
  /// Whether blocks are computed again in the backward pass, which saves memory.
  public var recomputesBlocks = false

  /// Creates the options of ``TransformerPreset/baby``: 4 blocks of width 128 over characters.
  public init() {}

  /// Those of a trained model.
  public init(of configuration: TransformerConfiguration) {
    let shape = configuration.shape
    (tokens, context) = (configuration.tokens, shape.context)
    (layers, heads) = (shape.layers, shape.heads)
    (width, dropout) = (shape.width, configuration.dropout.embedding)
    guard configuration.kind != .gpt2 else { return }
    (kind, keyValueHeads, headSize) = (configuration.kind, shape.keyValueHeads, shape.headSize)
    (inner, window) = (shape.inner, shape.window)
    if case .rotary(let rotary) = shape.positions { ropeBase = rotary.base }
  }
}

extension TransformerModelOptions {
  /// The configuration of a new model.
  /// - Throws: ``/Files/AIGCError`` (usage) for sizes that make none.
  func configuration(
    tokens: TokenizerKind, vocabularySize: Int
  ) throws(AIGCError) -> TransformerConfiguration {
    var result: TransformerConfiguration
    if let kind, kind != .gpt2 {
      guard dropout == 0 else { throw .usage("`dropout` is of GPT-2, not of \(kind.title)") }
      let fields = ModelFields(config(vocabularySize), place: "")
      do {
        result = TransformerConfiguration(
          kind.architecture, try kind.architecture.shape(config: fields), tokens: tokens)
      } catch { throw .usage(error.description) }
    } else {
      guard width % max(heads, 1) == 0 else {
        throw .usage("the width \(width) is no multiple of \(heads) heads")
      }
      result = TransformerConfiguration(
        tokens: tokens, vocabularySize: vocabularySize, context: context, width: width,
        layers: layers, heads: heads)
      (result.dropout.embedding, result.dropout.residual) = (dropout, dropout)
    }
    if let problem = result.problem { throw .usage(problem) }
    return result
  }

  /// `config.json` as far as the options say it: the architecture reads the rest as of any file.
  private func config(_ vocabularySize: Int) -> [JSONValue.Member] {
    let size = headSize ?? width / max(heads, 1)
    var result: [JSONValue.Member] = [
      .init("vocab_size", .int(vocabularySize)), .init("max_position_embeddings", .int(context)),
      .init("hidden_size", .int(width)), .init("num_hidden_layers", .int(layers)),
      .init("num_attention_heads", .int(heads)),
      .init("num_key_value_heads", .int(keyValueHeads ?? heads)), .init("head_dim", .int(size)),
      .init("intermediate_size", .int(inner ?? gatedInner)), .init("tie_word_embeddings", true),
    ]
    if let ropeBase { result.append(.init("rope_theta", .double(ropeBase))) }
    if kind == .gemma3 {
      result += [
        .init("query_pre_attn_scalar", .int(size)),
        .init("sliding_window", .int(window ?? max(1, context / 2))),
        // The last layer sees all.
        .init("sliding_window_pattern", .int(min(6, layers))),
      ]
    }
    return result
  }

  /// 8/3 of the width, rounded up to a multiple of 32.
  private var gatedInner: Int { (min(width, 1 << 24) * 8 / 3 + 31) / 32 * 32 }
}
