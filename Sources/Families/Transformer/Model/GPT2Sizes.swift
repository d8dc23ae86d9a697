import Autograd
import Datasets
import Kernels
import NN

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

extension TransformerConfiguration {
  /// The configuration of a new GPT-2 model, with its activation and layer norms, without dropout and with a tied
  /// output projection.
  /// - Parameters:
  ///   - tokens: the kind of the tokenizer.
  ///   - vocabularySize: rows of the token embedding.
  ///   - context: the number of positions.
  ///   - width: of the residual stream, a multiple of `heads`.
  ///   - layers: transformer blocks.
  ///   - heads: of each block's attention.
  public init(
    tokens: TokenizerKind, vocabularySize: Int, context: Int, width: Int, layers: Int, heads: Int
  ) {
    var shape = TransformerShape(
      vocabulary: vocabularySize, context: context, width: width, layers: layers, heads: heads,
      inner: 4 &* width, positions: .learned)
    GPT2Architecture.complete(&shape)
    self.init(GPT2Architecture(), shape, tokens: tokens)
  }

  /// The sizes of GPT-2's network.
  var sizes: GPT2Network.Sizes {
    let activation: GPT2Network.Activation =
      switch shape.activation {
      case .gelu: .gelu
      case .relu: .relu
      default: .geluNew
      }
    return GPT2Network.Sizes(
      vocabulary: shape.vocabulary, context: shape.context, width: shape.width,
      layers: shape.layers, heads: shape.heads, inner: shape.inner, activation: activation,
      epsilon: shape.epsilon, embeddingDropout: dropout.embedding,
      residualDropout: dropout.residual, isTied: shape.isTied)
  }

  /// The network as shapes alone.
  var network: GPT2Network { ParameterPlan.shapes { GPT2Network(sizes, using: &$0) } }
}
