import CKernels
import Files

/// What tells one encoder of BERT's kind from another (Devlin et al. 2019): positions are learned, and what attention
/// and the feed-forward network give is normalised after it is added.
public struct EncoderShape: Sendable, Equatable {
  /// Rows of the embeddings.
  public var vocabulary: Int
  /// The most positions.
  public var context: Int
  /// Values of a token's state.
  public var width: Int
  public var layers: Int
  /// Heads of attention, which divide ``width``.
  public var heads: Int
  /// Values between the layers of the feed-forward network.
  public var inner: Int
  /// What layer normalisation adds to the variance.
  public var epsilon: Float = 1e-12
  public var activation = TransformerActivation.gelu

  /// Creates a shape with BERT's epsilon and activation.
  /// - Parameters:
  ///   - vocabulary: rows of the embeddings.
  ///   - context: the most positions.
  ///   - width: values of a token's state.
  ///   - layers: how many layers.
  ///   - heads: heads of attention.
  ///   - inner: values between the layers of the feed-forward network.
  public init(vocabulary: Int, context: Int, width: Int, layers: Int, heads: Int, inner: Int) {
    (self.vocabulary, self.context, self.width) = (vocabulary, context, width)
    (self.layers, self.heads, self.inner) = (layers, heads, inner)
  }

  /// Values of a head.
  public var headSize: Int { width / max(heads, 1) }
}

/// One layer of an encoder: x = norm(x + attention(x)), then x = norm(x + feed-forward(x)).
public struct EncoderLayer: Sendable {
  /// [width → width] each.
  public var query, key, value, output: StoredLinear
  /// Of what attention gives, added to its input.
  public var attentionNorm: StoredNorm
  /// [width → inner].
  public var up: StoredLinear
  /// [inner → width].
  public var down: StoredLinear
  /// Of what the feed-forward network gives, added to its input.
  public var outputNorm: StoredNorm

  /// Creates a layer of its parts.
  public init(
    query: StoredLinear, key: StoredLinear, value: StoredLinear, output: StoredLinear,
    attentionNorm: StoredNorm, up: StoredLinear, down: StoredLinear, outputNorm: StoredNorm
  ) {
    (self.query, self.key, self.value, self.output) = (query, key, value, output)
    (self.attentionNorm, self.up, self.down) = (attentionNorm, up, down)
    self.outputNorm = outputNorm
  }

  var linears: [StoredLinear] { [query, key, value, output, up, down] }

  fileprivate func fits(_ shape: EncoderShape) -> Bool {
    let (width, inner) = (shape.width, shape.inner)
    let sizes = [width, width, width, width, inner, width]
    return zip(linears, sizes).allSatisfy { linear, outputs in
      linear.matrix.outputs == outputs && linear.bias?.count ?? outputs == outputs
    } && linears.dropLast().allSatisfy { $0.matrix.inputs == width }
      && down.matrix.inputs == inner && attentionNorm.fits(width) && outputNorm.fits(width)
  }
}

extension StoredNorm {
  fileprivate func fits(_ width: Int) -> Bool { weight.count == width && bias?.count == width }

  /// Layer normalisation (Ba et al. 2016) of rows that stand one after the other; y may be x.
  func applyLayer(
    _ epsilon: Float, rows: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    guard let bias else { return require(false, "StoredNorm: a layer norm without offsets") }
    let size = weight.count
    for row in 0..<rows {
      var (mean, inverse): (Float, Float) = (0, 0)
      aigc_layer_norm(
        1, size, x + row * size, weight.base, bias.base, epsilon, y + row * size, &mean, &inverse)
    }
  }
}

/// The weights of an encoder.
public struct EncoderWeights: Sendable {
  /// What the network is.
  public let shape: EncoderShape
  /// [vocabulary, width] and [context, width], as they lie in a file.
  let embeddings: StoredRows
  let positions: StoredRows
  /// What is added to every token: the embedding of the first kind of text.
  let kind: StoredVector
  let norm: StoredNorm
  let layers: [EncoderLayer]

  /// Shapes that do not fit each other are mistakes of the program: files are checked before.
  /// - Parameters:
  ///   - shape: what the network is.
  ///   - embeddings: [vocabulary, width].
  ///   - positions: [context, width].
  ///   - kind: [width], the row of the token type that all tokens have.
  ///   - norm: of the sum of these three.
  ///   - layers: in their order.
  public init(
    shape: EncoderShape, embeddings: StoredRows, positions: StoredRows, kind: StoredVector,
    norm: StoredNorm, layers: [EncoderLayer]
  ) {
    let width = shape.width
    require(
      embeddings.width == width && embeddings.count >= shape.vocabulary
        && positions.width == width && positions.count >= shape.context && kind.count == width
        && shape.heads > 0 && width % shape.heads == 0 && norm.fits(width)
        && layers.count == shape.layers && layers.allSatisfy { $0.fits(shape) },
      "EncoderWeights: the shapes do not fit each other")
    (self.shape, self.embeddings, self.positions) = (shape, embeddings, positions)
    (self.kind, self.norm, self.layers) = (kind, norm, layers)
  }

  /// Whether a matrix multiplies activations of eight bits.
  var takesInt8: Bool { layers.contains { $0.linears.contains { $0.matrix.takesInt8 } } }
}
