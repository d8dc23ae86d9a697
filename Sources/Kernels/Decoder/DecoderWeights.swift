import CKernels
import Files

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

/// A normalisation of rows, of the kind that a ``TransformerShape`` names.
public struct StoredNorm: Sendable {
  let weight: StoredVector
  let bias: StoredVector?

  /// Creates a normalisation over rows of as many values as each of the vectors has.
  /// - Parameters:
  ///   - weight: the factors (γ).
  ///   - bias: the offsets (β) of layer normalisation.
  public init(weight: StoredVector, bias: StoredVector? = nil) {
    (self.weight, self.bias) = (weight, bias)
  }

  /// y = norm(x) for rows that stand one after the other; y may be x.
  func apply(
    _ shape: TransformerShape, rows: Int, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let size = weight.count
    for row in 0..<rows {
      let (from, to) = (x + row * size, y + row * size)
      if case .layer = shape.norm, let bias {
        var (mean, inverse): (Float, Float) = (0, 0)
        aigc_layer_norm(
          1, size, from, weight.base, bias.base, shape.epsilon, to, &mean, &inverse)
      } else {
        var inverse: Float = 0
        let offset: Float = shape.norm == .rms(addsOne: true) ? 1 : 0
        aigc_rms_norm(1, size, from, weight.base, offset, shape.epsilon, to, &inverse)
      }
    }
  }
}

/// One block of a decoder: x + attention(norm x), then x + feed-forward(norm x).
public struct DecoderLayer: Sendable {
  /// Normalises the input of the attention.
  public var attentionNorm: StoredNorm
  /// [width → heads · head size].
  public var query: StoredLinear
  /// [width → key-value heads · head size].
  public var key: StoredLinear
  /// [width → key-value heads · head size].
  public var value: StoredLinear
  /// Of each head of queries and of keys: [head size].
  public var queryNorm: StoredNorm?
  public var keyNorm: StoredNorm?
  /// [heads · head size → width].
  public var output: StoredLinear
  /// Of what attention gives, before it is added.
  public var outputNorm: StoredNorm?
  /// Normalises the input of the feed-forward network.
  public var feedForwardNorm: StoredNorm
  /// [width → inner]; nil where the network is not gated.
  public var gate: StoredLinear?
  /// [width → inner].
  public var up: StoredLinear
  /// [inner → width].
  public var down: StoredLinear
  /// Of what the feed-forward network gives, before it is added.
  public var downNorm: StoredNorm?

  /// Creates a block without norms of heads and of results, and without a gate.
  public init(
    attentionNorm: StoredNorm, query: StoredLinear, key: StoredLinear, value: StoredLinear,
    output: StoredLinear, feedForwardNorm: StoredNorm, up: StoredLinear, down: StoredLinear
  ) {
    (self.attentionNorm, self.query, self.key, self.value) = (attentionNorm, query, key, value)
    (self.output, self.feedForwardNorm) = (output, feedForwardNorm)
    (self.up, self.down) = (up, down)
  }

  /// Layers in the order in which they are read.
  var linears: [StoredLinear] {
    [query, key, value, output] + [gate].compactMap { $0 } + [up, down]
  }

  func fits(_ shape: TransformerShape) -> Bool {
    func fits(_ linear: StoredLinear, _ inputs: Int, _ outputs: Int) -> Bool {
      linear.matrix.inputs == inputs && linear.matrix.outputs == outputs
        && linear.bias?.count ?? outputs == outputs
        && linear.change.map { $0.inputs == inputs && $0.outputs == outputs } ?? true
    }
    let width = shape.width
    let norms = [attentionNorm, feedForwardNorm] + [outputNorm, downNorm].compactMap { $0 }
    return norms.allSatisfy { $0.fits(shape, width) }
      && [queryNorm, keyNorm].allSatisfy {
        $0?.weight.count ?? shape.headSize == shape.headSize
          && ($0 != nil) == shape.normalizesHeads
      }
      && (outputNorm != nil) == shape.hasSandwichNorms
      && (downNorm != nil) == shape.hasSandwichNorms && (gate != nil) == shape.isGated
      && fits(query, width, shape.queryWidth) && fits(key, width, shape.keyValueWidth)
      && fits(value, width, shape.keyValueWidth) && fits(output, shape.queryWidth, width)
      && gate.map { fits($0, width, shape.inner) } ?? true && fits(up, width, shape.inner)
      && fits(down, shape.inner, width)
  }
}

extension StoredNorm {
  fileprivate func fits(_ shape: TransformerShape, _ width: Int) -> Bool {
    weight.count == width && bias?.count ?? width == width
      && (bias != nil) == (shape.norm == .layer)
  }
}

/// The weights of a decoder-only transformer.
public struct DecoderWeights: Sendable {
  /// What the network is.
  public let shape: TransformerShape
  /// [vocabulary, width], as they lie in a file.
  let embeddings: StoredRows
  /// [context, width]; nil for rotary positions.
  let positions: StoredRows?
  let layers: [DecoderLayer]
  let norm: StoredNorm
  /// From width to the vocabulary; of the table of embeddings where it is tied.
  let head: PackedMatrix
  /// The most values that adapters make of one input.
  let narrowWidth: Int

  /// Shapes that do not fit each other are mistakes of the program: files are checked before.
  public init(
    shape: TransformerShape, embeddings: StoredRows, positions: StoredRows?,
    layers: [DecoderLayer], norm: StoredNorm, head: PackedMatrix
  ) {
    let width = shape.width
    require(
      embeddings.width == width && embeddings.count >= shape.vocabulary
        && (positions != nil) == (shape.positions == .learned)
        && positions.map { $0.width == width && $0.count >= shape.context } ?? true
        && layers.count == shape.layers && !layers.isEmpty && norm.fits(shape, width)
        && head.inputs == width && head.outputs == shape.vocabulary && shape.heads > 0
        && shape.keyValueHeads > 0 && shape.heads % shape.keyValueHeads == 0
        && layers.allSatisfy { $0.fits(shape) },
      "DecoderWeights: the shapes do not fit each other")
    (self.shape, self.embeddings, self.positions) = (shape, embeddings, positions)
    (self.layers, self.norm, self.head) = (layers.map { $0.withPlaces() }, norm, head)
    narrowWidth = layers.reduce(0) { max($0, $1.narrowWidth) }
  }

  /// The same weights with other blocks, such as those of ``StoredLinear/changed(by:)``, which share what is packed.
  /// - Parameter change: gets a block and its number.
  public func changingLayers(
    _ change: (DecoderLayer, Int) throws(AIGCError) -> DecoderLayer
  ) throws(AIGCError) -> DecoderWeights {
    var changed: [DecoderLayer] = []
    for (index, layer) in layers.enumerated() { changed.append(try change(layer, index)) }
    return DecoderWeights(
      shape: shape, embeddings: embeddings, positions: positions, layers: changed, norm: norm,
      head: head)
  }

  /// Whether a matrix multiplies activations of eight bits.
  var takesInt8: Bool {
    head.takesInt8 || layers.contains { $0.linears.contains { $0.matrix.takesInt8 } }
  }

  /// Bytes that one token reads: every weight but the tables of embeddings that are only looked up.
  public var bytesPerToken: Int {
    layers.reduce(head.byteCount) { sum, layer in
      layer.linears.reduce(sum) { $0 + $1.matrix.byteCount }
    }
  }
}
