/// One term of ``rowProducts(_:_:bias:isReversed:_:)``: weights [rows, columns] times a vector.
public struct RowProduct: @unchecked Sendable {
  let weights: UnsafePointer<Float>
  let x: UnsafePointer<Float>
  let columns: Int

  /// Creates a term from memory that must outlive the product.
  /// - Parameters:
  ///   - weights: [rows, columns].
  ///   - x: [columns].
  ///   - columns: the length of the sums.
  public init(weights: UnsafePointer<Float>, x: UnsafePointer<Float>, columns: Int) {
    self.weights = weights
    self.x = x
    self.columns = columns
  }
}

/// y = bias + W₁ x₁ + W₂ x₂ + …, on all threads in one region: what one token of generation needs. It
/// runs at the speed at which memory gives the weights.
/// - Parameters:
///   - rows: of every W, and the size of y.
///   - terms: the products.
///   - bias: [rows]; nil: zeros.
///   - isReversed: whether rows are taken from the last on. A caller that turns the order at every
///     token finds the rows it read last in the caches, though all weights are larger than these.
///   - y: the result.
public func rowProducts(
  _ rows: Int, _ terms: [RowProduct], bias: UnsafePointer<Float>?,
  isReversed: Bool = false, _ y: UnsafeMutablePointer<Float>
) {
  let work = rows * terms.reduce(0) { $0 + $1.columns }
  // Blocks of at least 32 k weights, at most 32: each stays with one thread, and in its core's cache.
  let blocks = max(1, min(32, work >> 15))
  let size = ((rows + blocks - 1) / blocks + 15) / 16 * 16
  nonisolated(unsafe) let pointers = (bias: bias, y: y)
  parallelSteps(1, tasks: (rows + size - 1) / size, isReversed: isReversed) { _, block in
    let first = block * size
    let count = min(size, rows - first)
    let target = pointers.y + first
    if let bias = pointers.bias {
      target.update(from: bias + first, count: count)
    } else {
      target.update(repeating: 0, count: count)
    }
    for term in terms {
      gemmTile(
        1, count, term.columns, MatrixView(term.x, stride: term.columns),
        MatrixView(term.weights + first * term.columns, stride: term.columns, isTransposed: true),
        beta: 1, target, stride: count)
    }
  }
}
