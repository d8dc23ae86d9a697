import NN
import Training

/// Sizes with the settings of their training.
public enum TransformerPreset: String, Codable, CaseIterable, Sendable {
  /// nanoGPT's settings for a CPU (its README): minutes. Its rate is 1e-3; twice that ends lower,
  /// on Tiny Shakespeare at 1.81 instead of 1.89.
  case baby
  /// nanoGPT's `train_shakespeare_char`.
  case small
  /// GPT-2 itself, 124 million weights, as nanoGPT's `train_gpt2` trains it.
  case gpt2
  /// SmolLM2 135M, a Llama.
  case smollm2
  /// Qwen3 0.6B.
  case qwen3 = "0.6b"
  /// Gemma 3 270M.
  case gemma3 = "270m"

  /// Those of a kind: two that are made for its networks' ideas, and a published model.
  public static func all(of kind: TransformerKind) -> [TransformerPreset] {
    switch kind {
    case .gpt2: [.baby, .small, .gpt2]
    case .llama: [.baby, .small, .smollm2]
    case .qwen2: [.baby, .small]
    case .qwen3: [.baby, .small, .qwen3]
    case .gemma3: [.baby, .small, .gemma3]
    }
  }

  /// Sizes and tokens.
  public func model(of kind: TransformerKind) -> TransformerModelOptions {
    var result = TransformerModelOptions()
    if kind != .gpt2 { result.kind = kind }
    switch self {
    case .baby: break
    case .small:
      (result.layers, result.heads, result.width, result.context) = (6, 6, 384, 256)
      if kind == .gpt2 { result.dropout = 0.2 }
    case .gpt2:
      (result.layers, result.heads, result.width, result.context) = (12, 12, 768, 1024)
      (result.tokens, result.vocabularySize) = (.bpe, 50257)
    case .smollm2:
      (result.layers, result.heads, result.width, result.context) = (30, 9, 576, 2048)
      (result.keyValueHeads, result.inner, result.ropeBase) = (3, 1536, 100_000)
      (result.tokens, result.vocabularySize) = (.bpe, 49152)
    case .qwen3:
      (result.layers, result.heads, result.width, result.context) = (28, 16, 1024, 4096)
      (result.keyValueHeads, result.headSize, result.inner) = (8, 128, 3072)
      (result.tokens, result.vocabularySize, result.ropeBase) = (.bpe, 151_936, 1_000_000)
    case .gemma3:
      (result.layers, result.heads, result.width, result.context) = (18, 4, 640, 4096)
      (result.keyValueHeads, result.headSize, result.inner) = (1, 256, 2048)
      (result.tokens, result.vocabularySize, result.window) = (.bpe, 262_144, 512)
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
    case .gpt2, .smollm2, .qwen3, .gemma3:
      result.steps = 600_000
      // Half a million tokens.
      (result.batchSize, result.gradAccumulation) =
        self == .gpt2 ? (12, 40) : self == .smollm2 ? (8, 30) : (4, 30)
      result.schedule.peak = 6e-4
      result.schedule.warmup = 2000
      result.optimizer.beta2 = 0.95
      (result.evalEvery, result.logEvery) = (1000, 10)
    }
    return result
  }
}
