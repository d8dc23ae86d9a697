import Files

/// A matrix of weights as the products of a decoder take it: packed once when a model is loaded.
public struct PackedMatrix: Sendable {
  let panels: WeightPanels

  /// Packs weights of 32 or 16 bits, on all threads.
  public init(_ matrix: StoredMatrix) { panels = WeightPanels(matrix) }

  /// Values of what the matrix multiplies.
  public var inputs: Int { panels.inputs }
  /// Values of the product.
  public var outputs: Int { panels.outputs }
  /// Bytes that a product reads.
  public var byteCount: Int { panels.byteCount }

  /// Where products of so many rows may be cut.
  func unit(rows: Int) -> Int { WeightPanels.unit(rows: rows) }

  /// y[:, range] = start + x w on the calling thread; see ``WeightPanels``.
  func multiply(
    _ range: Range<Int>, _ x: ProductInput, start: UnsafePointer<Float>?, startStride: Int,
    _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    guard !range.isEmpty else { return }
    panels.multiply(
      range, rows: x.rows, x.values, xStride: x.stride, start: start, startStride: startStride, y,
      yStride: yStride)
  }

  /// Asks for what a product reads first.
  func fetch(_ range: Range<Int>) { panels.fetch(range) }
}

/// The rows that a matrix multiplies.
struct ProductInput {
  let rows: Int
  let values: UnsafePointer<Float>
  /// Values from one row to the next.
  let stride: Int
}

/// A layer x W + b.
public struct StoredLinear: Sendable {
  /// W, from the layer's inputs to its outputs.
  public let matrix: PackedMatrix
  let bias: StoredVector?

  /// Creates a layer.
  /// - Parameters:
  ///   - matrix: W.
  ///   - bias: b, a value for each output; nil: zeros.
  public init(_ matrix: PackedMatrix, bias: StoredVector? = nil) {
    self.matrix = matrix
    self.bias = bias
  }

  /// y[:, range] = b + x W on the calling thread.
  func apply(
    _ range: Range<Int>, _ x: ProductInput, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    matrix.multiply(range, x, start: bias?.base, startStride: 0, y, yStride: yStride)
  }
}
