/// The kinds of transformers, by the names of their families.
public enum TransformerKind: String, Codable, CaseIterable, Sendable {
  /// GPT-2 (Radford et al. 2019).
  case gpt2
  /// Llama and what has its form: TinyLlama, SmolLM2 (Touvron et al. 2023).
  case llama
  /// Qwen2 and Qwen2.5 (Yang et al. 2024).
  case qwen2
  /// Qwen3 (Yang et al. 2025).
  case qwen3
  /// The language models of Gemma 3 (Gemma Team 2025).
  case gemma3

  var architecture: any Architecture {
    switch self {
    case .gpt2: GPT2Architecture()
    case .llama: LlamaArchitecture()
    case .qwen2: Qwen2Architecture()
    case .qwen3: Qwen3Architecture()
    case .gemma3: Gemma3Architecture()
    }
  }

  /// What stands in sentences: "a Llama language model".
  public var title: String { architecture.title }
}

extension TransformerConfiguration {
  /// The kind of the network.
  public var kind: TransformerKind { TransformerKind(rawValue: family) ?? .gpt2 }
}
