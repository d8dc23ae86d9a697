import Autograd

extension GPT2Network {
  /// What a block's inner layer goes through: Hugging Face's `activation_function`.
  enum Activation: String, Codable, Sendable { case geluNew = "gelu_new", gelu, relu }

  /// The sizes of a network.
  struct Sizes: Equatable, Sendable {
    var vocabulary: Int
    /// The most tokens that are seen at once.
    var context = 1024
    var width = 768
    var layers = 12
    var heads = 12
    /// Size of the blocks' inner layer.
    var inner = 3072
    var activation = Activation.geluNew
    var epsilon: Float = 1e-5
    /// After the embeddings, and of what a block's parts add. Not of attention weights: with the
    /// fused operation these never exist.
    var embeddingDropout: Float = 0
    var residualDropout: Float = 0
    /// Whether the projection to the vocabulary is the table of embeddings.
    var isTied = true
  }
}

extension Tensor {
  /// Each value through `activation`.
  func activated(by activation: GPT2Network.Activation) -> Tensor {
    switch activation {
    case .geluNew: gelu(self, approximation: .tanh)
    case .gelu: gelu(self, approximation: .none)
    case .relu: relu(self)
    }
  }
}
