import CKernels
import Files

/// What a block's inner layer goes through.
public enum DecoderActivation: Sendable {
  /// GELU (Hendrycks and Gimpel 2016) with the approximation by tanh.
  case geluTanh
  case gelu
  case relu

  @inline(__always)
  func apply(_ count: Int, _ x: UnsafeMutablePointer<Float>) {
    switch self {
    case .geluTanh: aigc_gelu_tanh(count, x, x)
    case .gelu: aigc_gelu_erf(count, x, x)
    case .relu: aigc_relu(count, x, x)
    }
  }
}

/// A vector of weights as Floats.
public struct StoredVector: @unchecked Sendable {
  /// The number of values, at least 1.
  public let count: Int
  let base: UnsafePointer<Float>
  private let owner: Table<Float>

  /// - Throws: ``/Files/AIGCError`` (mismatch) when it is empty.
  public init(_ values: Table<Float>) throws(AIGCError) {
    guard let base = values.withUnsafeBuffer({ $0.baseAddress }), values.count > 0 else {
      throw .mismatch("a vector without weights")
    }
    self.base = base
    count = values.count
    owner = values
  }
}

/// A layer normalisation (Ba et al. 2016).
public struct StoredNorm: Sendable {
  let weight: StoredVector
  let bias: StoredVector

  /// Creates a normalisation over rows of as many values as each of the two vectors has.
  /// - Parameters:
  ///   - weight: the factors (γ).
  ///   - bias: the offsets (β).
  public init(weight: StoredVector, bias: StoredVector) {
    self.weight = weight
    self.bias = bias
  }

  /// y = norm(x) for rows that stand one after the other.
  func apply(
    rows: Int, epsilon: Float, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    var (mean, inverse): (Float, Float) = (0, 0)
    for row in 0..<rows {
      aigc_layer_norm(
        1, weight.count, x + row * weight.count, weight.base, bias.base, epsilon,
        y + row * weight.count, &mean, &inverse)
    }
  }
}

/// A layer x W + b.
public struct StoredLinear: Sendable {
  /// W, from the layer's inputs to its outputs.
  public let matrix: StoredMatrix
  let bias: StoredVector?

  /// Creates a layer.
  /// - Parameters:
  ///   - matrix: W.
  ///   - bias: b, a value for each output; nil: zeros.
  public init(_ matrix: StoredMatrix, bias: StoredVector?) {
    self.matrix = matrix
    self.bias = bias
  }

  /// y[:, range] (+)= x W + b on the calling thread, for few rows.
  @inline(__always)
  func apply(
    _ range: Range<Int>, rows: Int, _ x: UnsafePointer<Float>, stride: Int, adds: Bool,
    _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    guard !range.isEmpty else { return }
    for row in 0..<rows {
      let line = y + row * yStride + range.lowerBound
      switch (bias.map { $0.base + range.lowerBound }, adds) {
      case (let bias?, true): aigc_add(range.count, line, bias, line)
      case (let bias?, false): line.update(from: bias, count: range.count)
      case (nil, false): line.update(repeating: 0, count: range.count)
      case (nil, true): break
      }
    }
    matrix.multiply(range, rows: rows, x, stride: stride, y, yStride: yStride)
  }
}

/// One block of a decoder: x + attention(norm x), then x + feed-forward(norm x).
public struct DecoderLayer: Sendable {
  let norm1: StoredNorm
  /// Queries, keys and values side by side: [width, 3 · width].
  let attention: StoredLinear
  let attentionOutput: StoredLinear
  let norm2: StoredNorm
  let inner: StoredLinear
  let innerOutput: StoredLinear

  /// Creates a block.
  /// - Parameters:
  ///   - norm1: normalises the input of the attention.
  ///   - attention: makes queries, keys and values side by side: [width, 3 · width].
  ///   - attentionOutput: the projection of the heads' results: [width, width].
  ///   - norm2: normalises the input of the feed-forward network.
  ///   - inner: its first layer, from width to the inner width.
  ///   - innerOutput: its second layer, from the inner width to width.
  public init(
    norm1: StoredNorm, attention: StoredLinear, attentionOutput: StoredLinear, norm2: StoredNorm,
    inner: StoredLinear, innerOutput: StoredLinear
  ) {
    self.norm1 = norm1
    self.attention = attention
    self.attentionOutput = attentionOutput
    self.norm2 = norm2
    self.inner = inner
    self.innerOutput = innerOutput
  }
}

/// The weights of a decoder with learned positions (GPT-2, Radford et al. 2019).
public struct DecoderWeights: Sendable {
  /// [vocabulary, width].
  let tokens: StoredMatrix
  /// [context, width].
  let positions: StoredMatrix
  let layers: [DecoderLayer]
  let norm: StoredNorm
  /// From width to the vocabulary; the table of tokens where it is tied.
  let head: StoredMatrix
  let heads: Int
  let epsilon: Float
  let activation: DecoderActivation

  /// Shapes that do not fit each other are mistakes of the program: files are checked before.
  public init(
    tokens: StoredMatrix, positions: StoredMatrix, layers: [DecoderLayer], norm: StoredNorm,
    head: StoredMatrix, heads: Int, epsilon: Float, activation: DecoderActivation
  ) {
    let width = tokens.inputs
    func fits(_ linear: StoredLinear, _ inputs: Int, _ outputs: Int) -> Bool {
      linear.matrix.inputs == inputs && linear.matrix.outputs == outputs
        && linear.bias?.count ?? outputs == outputs
    }
    func fits(_ norm: StoredNorm) -> Bool {
      norm.weight.count == width && norm.bias.count == width
    }
    require(
      tokens.layout == .byOutput && positions.layout == .byOutput && positions.inputs == width
        && heads > 0 && width % heads == 0 && !layers.isEmpty && fits(norm)
        && head.inputs == width && head.outputs == tokens.outputs
        && layers.allSatisfy {
          fits($0.norm1) && fits($0.norm2) && fits($0.attention, width, 3 * width)
            && fits($0.attentionOutput, width, width)
            && fits($0.inner, width, $0.inner.matrix.outputs)
            && fits($0.innerOutput, layers[0].inner.matrix.outputs, width)
        }, "DecoderWeights: the shapes do not fit each other")
    self.tokens = tokens
    self.positions = positions
    self.layers = layers
    self.norm = norm
    self.head = head
    self.heads = heads
    self.epsilon = epsilon
    self.activation = activation
  }

  /// Values of a token's embedding, and of the hidden state between blocks.
  public var width: Int { tokens.inputs }
  /// The number of tokens: ids go from 0 to below it.
  public var vocabulary: Int { tokens.outputs }
  /// The most positions.
  public var context: Int { positions.outputs }
  var inner: Int { layers.first?.inner.matrix.outputs ?? 0 }
  var headSize: Int { width / heads }

  /// Bytes that one token reads: every weight but the tables of embeddings that are only looked up.
  public var bytesPerToken: Int {
    layers.reduce(head.byteCount) { sum, layer in
      sum
        + [layer.attention, layer.attentionOutput, layer.inner, layer.innerOutput]
        .reduce(0) { $0 + $1.matrix.byteCount }
    }
  }
}
