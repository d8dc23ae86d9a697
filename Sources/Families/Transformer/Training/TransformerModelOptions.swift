import Checkpoints
import Datasets
import NN
import Training

/// What a GPT-2 model is to be, and what its training needs beside ``/Training/TrainerConfiguration``.
public struct TransformerModelOptions: Codable, Equatable, Sendable {
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
  /// The size of the embeddings and of the residual stream, a multiple of ``heads``.
  public var width = 128
  /// The number of positions: the most tokens that are learned from at once.
  public var context = 64
  /// The dropout rate of embeddings and of what blocks add to the residual stream, from 0 to below
  /// 1.
  public var dropout: Float = 0
  /// How weights are saved; nil: in 32 bits, or as the model that is trained further has them.
  public var storage: ScalarType?
  /// Whether blocks are computed again in the backward pass, which saves memory.
  public var recomputesBlocks = false

  /// Creates the options of ``TransformerPreset/baby``: 4 blocks of width 128 over characters.
  public init() {}

  /// Those of a trained model.
  public init(of configuration: TransformerConfiguration) {
    (tokens, context) = (configuration.tokens, configuration.shape.context)
    (layers, heads) = (configuration.shape.layers, configuration.shape.heads)
    (width, dropout) = (configuration.shape.width, configuration.dropout.embedding)
  }
}

/// Sizes with the settings of their training.
public enum TransformerPreset: String, Codable, CaseIterable, Sendable {
  /// nanoGPT's settings for a CPU (its README): minutes. Its rate is 1e-3; twice that ends lower,
  /// on Tiny Shakespeare at 1.81 instead of 1.89.
  case baby
  /// nanoGPT's `train_shakespeare_char`.
  case small
  /// GPT-2 itself, 124 million weights, as nanoGPT's `train_gpt2` trains it.
  case gpt2

  /// Sizes and tokens.
  public var model: TransformerModelOptions {
    var result = TransformerModelOptions()
    switch self {
    case .baby: break
    case .small:
      (result.layers, result.heads, result.width, result.context) = (6, 6, 384, 256)
      result.dropout = 0.2
    case .gpt2:
      (result.layers, result.heads, result.width, result.context) = (12, 12, 768, 1024)
      result.tokens = .bpe
      result.vocabularySize = 50257
    }
    return result
  }

  /// How it is trained.
  public var training: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 2000, schedule: Schedule(.cosine, peak: 1e-3))
    result.batchSize = 12
    result.schedule.warmup = 100
    result.optimizer.beta2 = 0.99
    result.optimizer.weightDecay = 0.1
    result.optimizer.gradClip = 1
    result.evalEvery = 250
    result.logEvery = 50
    switch self {
    case .baby: result.schedule.peak = 2e-3
    case .small:
      result.steps = 5000
      // A batch of 64.
      (result.batchSize, result.gradAccumulation) = (16, 4)
    case .gpt2:
      result.steps = 600_000
      (result.batchSize, result.gradAccumulation) = (12, 40)
      result.schedule.peak = 6e-4
      result.schedule.warmup = 2000
      result.optimizer.beta2 = 0.95
      (result.evalEvery, result.logEvery) = (1000, 10)
    }
    return result
  }
}
