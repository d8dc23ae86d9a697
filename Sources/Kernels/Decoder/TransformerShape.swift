import Glibc

/// What the layers of a feed-forward network go through.
public enum TransformerActivation: Sendable, Equatable {
  /// GELU (Hendrycks and Gimpel 2016) with the approximation by tanh.
  case geluTanh
  case gelu
  case relu
  /// x · sigmoid(x) (Elfwing et al. 2017), as Llama's.
  case silu
}

/// How a rotary embedding's frequencies are stretched for contexts longer than those that were learned.
public enum RotaryScaling: Sendable, Equatable {
  case none
  /// Every frequency is divided by `factor` (Chen et al. 2023).
  case linear(factor: Double)
  /// Llama 3.1's: waves longer than `original / low` positions are divided by `factor`, those shorter than
  /// `original / high` stay, and those between go smoothly from the one to the other.
  case llama3(factor: Double, low: Double, high: Double, original: Double)
}

/// Rotary position embeddings (Su et al. 2021), in Hugging Face's order: value i of a head turns with value
/// i + size / 2.
public struct RotaryEmbedding: Sendable, Equatable {
  /// Frequency i is base^(-2 i / size).
  public var base: Double
  /// The base of layers with a window, whose frequencies are never scaled; nil: they are like the others.
  public var localBase: Double?
  /// Of layers without a window, and of all where ``localBase`` is nil.
  public var scaling: RotaryScaling

  /// Creates an embedding of one base for all layers.
  public init(base: Double, localBase: Double? = nil, scaling: RotaryScaling = .none) {
    (self.base, self.localBase, self.scaling) = (base, localBase, scaling)
  }
}

/// All that tells one decoder-only transformer from another: the network that is trained and the decoder that
/// generates are built of it, and an architecture (GPT-2, Llama, Qwen, Gemma) is a way to read it from a file.
public struct TransformerShape: Sendable, Equatable {
  /// How values are normalised.
  public enum Norm: Sendable, Equatable {
    /// (x - mean) / deviation · weight + bias (Ba et al. 2016).
    case layer
    /// x / root mean square · weight (Zhang and Sennrich 2019); with `addsOne` · (1 + weight), as Gemma's files
    /// have it.
    case rms(addsOne: Bool)
  }

  /// How a token knows its place.
  public enum Positions: Sendable, Equatable {
    /// A row of a table is added to the embedding.
    case learned
    /// Queries and keys are turned.
    case rotary(RotaryEmbedding)
  }

  /// Rows of the embeddings.
  public var vocabulary: Int
  /// The most positions.
  public var context: Int
  /// Values of the residual stream.
  public var width: Int
  public var layers: Int
  /// Heads of queries.
  public var heads: Int
  /// Heads of keys and values, which divide ``heads``: grouped-query attention (Ainslie et al. 2023).
  public var keyValueHeads: Int
  /// Values of a head, even for rotary positions.
  public var headSize: Int
  /// Values between the layers of the feed-forward network.
  public var inner: Int
  public var norm: Norm = .rms(addsOne: false)
  /// What the norms add to the variance or the mean square.
  public var epsilon: Float = 1e-5
  public var positions: Positions
  /// What scores of attention are multiplied by.
  public var attentionScale: Float
  /// Whether each head of queries and keys is normalised (RMS) before it is turned.
  public var normalizesHeads = false
  /// activation(x · gate) · (x · up) instead of activation(x · up) (Shazeer 2020).
  public var isGated = true
  public var activation = TransformerActivation.silu
  /// Whether queries, keys and values have biases.
  public var hasQueryKeyValueBias = false
  /// Whether attention's output has one.
  public var hasOutputBias = false
  /// Whether the layers of the feed-forward network have them.
  public var hasInnerBias = false
  /// Whether the last projection is the table of embeddings.
  public var isTied = true
  /// What embeddings are multiplied by.
  public var embeddingScale: Float = 1
  /// Whether what attention and the feed-forward network give is normalised too, before it is added.
  public var hasSandwichNorms = false
  /// Tokens that a layer with a window sees, itself among them; nil: no layer has one.
  public var window: Int?
  /// Which layers have the window: all but each `windowPattern`-th one; 0: all.
  public var windowPattern = 0

  /// Creates a shape with RMS norms, a gated network with SiLU, no biases and a tied head, as small Llamas have.
  /// - Parameters:
  ///   - vocabulary: rows of the embeddings.
  ///   - context: the most positions.
  ///   - width: values of the residual stream.
  ///   - layers: how many layers.
  ///   - heads: heads of queries.
  ///   - keyValueHeads: nil: as many as ``heads``.
  ///   - headSize: nil: the width divided by the heads.
  ///   - inner: values between the layers of the feed-forward network.
  ///   - positions: how a token knows its place.
  public init(
    vocabulary: Int, context: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil,
    headSize: Int? = nil, inner: Int, positions: Positions
  ) {
    (self.vocabulary, self.context, self.width, self.layers) = (vocabulary, context, width, layers)
    (self.heads, self.keyValueHeads) = (heads, keyValueHeads ?? heads)
    self.headSize = headSize ?? width / max(heads, 1)
    (self.inner, self.positions) = (inner, positions)
    attentionScale = 1 / Float(max(self.headSize, 1)).squareRoot()
  }

  /// Values of all heads of queries.
  public var queryWidth: Int { heads * headSize }
  /// Values of all heads of keys, and of values.
  public var keyValueWidth: Int { keyValueHeads * headSize }

  /// Tokens that `layer` sees, itself among them; nil: all.
  public func window(ofLayer layer: Int) -> Int? {
    guard let window, windowPattern == 0 || (layer + 1) % windowPattern != 0 else { return nil }
    return window
  }

  /// What the pairs of a head's values turn by from one position to the next, radians: [headSize / 2]. Empty
  /// for learned positions.
  public func rotaryFrequencies(ofLayer layer: Int) -> [Double] {
    guard case .rotary(let rotary) = positions else { return [] }
    let local = window(ofLayer: layer) == nil ? nil : rotary.localBase
    return (0..<headSize / 2).map { index in
      let frequency = pow(local ?? rotary.base, -2 * Double(index) / Double(headSize))
      return local == nil ? rotary.scaling.apply(to: frequency) : frequency
    }
  }
}

extension RotaryScaling {
  /// The stretched frequency, radians a position.
  func apply(to frequency: Double) -> Double {
    switch self {
    case .none: return frequency
    case .linear(let factor): return frequency / factor
    case .llama3(let factor, let low, let high, let original):
      let wavelength = 2 * Double.pi / frequency
      if wavelength < original / high { return frequency }
      if wavelength > original / low { return frequency / factor }
      let share = (original / wavelength - low) / (high - low)
      return (1 - share) * frequency / factor + share * frequency
    }
  }
}
