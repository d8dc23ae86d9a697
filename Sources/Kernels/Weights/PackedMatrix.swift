import Files

/// How a product takes what weights of few bits are multiplied by.
public enum ActivationType: String, CaseIterable, Sendable {
  /// As it is; the weights become float32 when they are loaded.
  case f32
  /// In eight bits with a factor for each 32 values; the weights stay as small as they are.
  case int8
}

/// A matrix of weights as the products of a decoder take it: packed once when a model is loaded.
public struct PackedMatrix: Sendable {
  private enum Storage {
    case panels(WeightPanels)
    case blocks(LowBitMatrix)
  }
  private let storage: Storage

  /// Packs weights of 32 or 16 bits, on all threads. What was read of a mapped file leaves memory again.
  public init(_ matrix: StoredMatrix) {
    storage = .panels(WeightPanels(matrix))
    matrix.releasePages()
  }

  /// Packs weights of few bits, on all threads. What was read of a mapped file leaves memory again.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  public init(_ matrix: BlockMatrix, activations: ActivationType) throws(AIGCError) {
    switch activations {
    case .f32: storage = .panels(WeightPanels(try matrix.decoded()))
    case .int8:
      storage = .blocks(
        try LowBitMatrix(
          matrix.bytes, type: matrix.type, inputs: matrix.inputs, outputs: matrix.outputs))
    }
    matrix.bytes.releasePages()
  }

  /// Values of what the matrix multiplies.
  public var inputs: Int {
    switch storage {
    case .panels(let panels): panels.inputs
    case .blocks(let blocks): blocks.inputs
    }
  }
  /// Values of the product.
  public var outputs: Int {
    switch storage {
    case .panels(let panels): panels.outputs
    case .blocks(let blocks): blocks.outputs
    }
  }
  /// Bytes that a product reads.
  public var byteCount: Int {
    switch storage {
    case .panels(let panels): panels.byteCount
    case .blocks(let blocks): blocks.byteCount
    }
  }
  /// Whether it multiplies activations of eight bits.
  var takesInt8: Bool {
    if case .blocks = storage { true } else { false }
  }

  /// Where products of so many rows may be cut.
  func unit(rows: Int) -> Int {
    takesInt8 ? LowBitMatrix.groupSize : WeightPanels.unit(rows: rows)
  }

  /// y[:, range] = start + x w on the calling thread.
  /// - Parameters:
  ///   - range: of outputs, which begins where the product may be cut: ``unit(rows:)``.
  ///   - start: what is added to, at output 0; nil: nothing; y itself, or with `startStride` 0 a bias.
  ///   - y: at output 0, `yStride` from one row to the next.
  func multiply(
    _ range: Range<Int>, _ x: ProductInput, start: UnsafePointer<Float>?, startStride: Int,
    _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    guard !range.isEmpty else { return }
    switch storage {
    case .panels(let panels):
      panels.multiply(
        range, rows: x.rows, x.values, xStride: x.stride, start: start, startStride: startStride,
        y, yStride: yStride)
    case .blocks(let blocks):
      guard let codes = x.codes else { return require(false, "PackedMatrix: no codes") }
      blocks.multiply(
        range, rows: x.rows, codes, firstRow: x.firstCode, start: start, startStride: startStride,
        y, yStride: yStride)
    }
  }

  /// Asks for what a product reads first.
  func fetch(_ range: Range<Int>) {
    switch storage {
    case .panels(let panels): panels.fetch(range)
    case .blocks(let blocks): blocks.fetch(range)
    }
  }
}

/// The rows that a matrix multiplies.
struct ProductInput {
  let rows: Int
  let values: UnsafePointer<Float>
  /// Values from one row to the next.
  let stride: Int
  /// The same rows in eight bits, from row `firstCode` on; nil where no matrix takes them.
  var codes: LowBitActivations?
  var firstCode = 0
  /// What the matrices A of adapters make of the rows, `narrowStride` from one to the next; nil: nothing yet.
  var narrow: UnsafePointer<Float>?
  var narrowStride = 0
}

/// A layer x W + b.
public struct StoredLinear: Sendable {
  /// W, from the layer's inputs to its outputs.
  public let matrix: PackedMatrix
  let bias: StoredVector?
  /// What adapters add; nil: nothing.
  var change: LinearChange?

  /// Creates a layer.
  /// - Parameters:
  ///   - matrix: W.
  ///   - bias: b, a value for each output; nil: zeros.
  ///   - change: what adapters add; nil: nothing.
  public init(_ matrix: PackedMatrix, bias: StoredVector? = nil, change: LinearChange? = nil) {
    self.matrix = matrix
    self.bias = bias
    self.change = change
  }

  /// The same layer with what other adapters add; the packed weights are shared.
  public func changed(by change: LinearChange?) -> StoredLinear {
    StoredLinear(matrix, bias: bias, change: change)
  }

  /// y[:, range] = b + x W on the calling thread.
  func apply(
    _ range: Range<Int>, _ x: ProductInput, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    matrix.multiply(range, x, start: bias?.base, startStride: 0, y, yStride: yStride)
    if let change, !range.isEmpty { change.add(range, x, y, yStride: yStride) }
  }
}
