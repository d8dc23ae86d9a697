import Files

/// A matrix of weights that training leaves as it is: it stays as it lies in its file, and products with many rows
/// decode some of it at a time.
public struct FrozenMatrix: Sendable {
  private enum Storage {
    case values(StoredMatrix)
    case blocks(BlockMatrix)
  }
  private let storage: Storage
  /// Values of one decoded part at most: 16 MB.
  private static let partValues = 4 << 20
  /// Rows that one task decodes.
  private static let taskRows = 32

  /// Weights of 32 or 16 bits.
  public init(_ matrix: StoredMatrix) { storage = .values(matrix) }

  /// Weights of few bits.
  public init(_ matrix: BlockMatrix) { storage = .blocks(matrix) }

  /// Values of what the matrix multiplies.
  public var inputs: Int {
    switch storage {
    case .values(let matrix): matrix.inputs
    case .blocks(let matrix): matrix.inputs
    }
  }
  /// Values of the product.
  public var outputs: Int {
    switch storage {
    case .values(let matrix): matrix.outputs
    case .blocks(let matrix): matrix.outputs
    }
  }
  /// Whether a row in memory is of one input, as GPT-2's files have it.
  private var isByInput: Bool {
    if case .values(let matrix) = storage { matrix.layout == .byInput } else { false }
  }
  private var rows: Int { isByInput ? inputs : outputs }
  private var columns: Int { isByInput ? outputs : inputs }

  /// One row as it lies, in 32 bits: the embedding of a token.
  public func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    switch storage {
    case .values(let matrix): matrix.copyRow(row, to: target)
    case .blocks(let matrix): matrix.copyRow(row, to: target)
    }
  }

  // MARK: Products

  /// y = start + x (W + change)ᵀ, on all threads.
  /// - Parameters:
  ///   - rows: of x and y.
  ///   - x: [rows, inputs].
  ///   - change: is added to the weights; nil: nothing is.
  ///   - start: one row of outputs that is added to all; nil: nothing is.
  ///   - y: [rows, outputs].
  public func multiply(
    rows: Int, _ x: UnsafePointer<Float>, _ change: LowRankChange?,
    start: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    if isByInput {
      sum(rows, x, change, start: start, y)
    } else {
      spread(rows, x, change, start: start, y)
    }
  }

  /// dx = dy (W + change), the gradient of a product's input, on all threads.
  /// - Parameters:
  ///   - rows: of dy and dx.
  ///   - dy: [rows, outputs].
  ///   - change: as it was in the product.
  ///   - dx: [rows, inputs].
  public func multiplyBack(
    rows: Int, _ dy: UnsafePointer<Float>, _ change: LowRankChange?,
    _ dx: UnsafeMutablePointer<Float>
  ) {
    if isByInput {
      spread(rows, dy, change, start: nil, dx)
    } else {
      sum(rows, dy, change, start: nil, dx)
    }
  }

  /// Each row of the matrix gives a column of the result.
  private func spread(
    _ count: Int, _ x: UnsafePointer<Float>, _ change: LowRankChange?,
    start: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    parts(change) { first, size, part in
      let panels = PackedPanels(
        depth: columns, columns: size, part, depthStride: 1, columnStride: columns)
      PanelProducts.multiply(
        rows: count, x, stride: columns, panels, start: start.map { $0 + first }, startStride: 0,
        y + first, cStride: rows)
    }
  }

  /// Each row of the matrix is added, times a column of x.
  private func sum(
    _ count: Int, _ x: UnsafePointer<Float>, _ change: LowRankChange?,
    start: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    parts(change) { first, size, part in
      let panels = PackedPanels(
        depth: size, columns: columns, part, depthStride: columns, columnStride: 1)
      PanelProducts.multiply(
        rows: count, x + first, stride: rows, panels,
        start: first == 0 ? start : UnsafePointer(y), startStride: first == 0 ? 0 : columns, y,
        cStride: columns)
    }
  }

  // MARK: Parts

  /// Calls `body` with parts of the matrix in 32 bits: the first row, how many, and their values [rows, columns].
  private func parts(
    _ change: LowRankChange?, _ body: (Int, Int, UnsafePointer<Float>) -> Void
  ) {
    if change == nil, case .values(let matrix) = storage, let whole = matrix.wholeFloats {
      return body(0, rows, whole)
    }
    let size = min(rows, max(PackedPanels.width, Self.partValues / max(columns, 1)))
    let memory = PoolMemory(size * columns)
    for first in stride(from: 0, to: rows, by: size) {
      let count = min(size, rows - first)
      decode(first..<first + count, change, memory.base)
      body(first, count, memory.base)
    }
  }

  /// Some rows with what changes them, on all threads.
  private func decode(
    _ range: Range<Int>, _ change: LowRankChange?, _ target: UnsafeMutablePointer<Float>
  ) {
    nonisolated(unsafe) let target = target
    let isByInput = isByInput
    parallelBlocks(range.count, size: Self.taskRows) { first, end in
      let place = target + first * columns
      for row in first..<end {
        copyRow(range.lowerBound + row, to: target + row * columns)
      }
      change?.add(
        to: place, rows: range.lowerBound + first..<range.lowerBound + end, columns: columns,
        isByInput: isByInput)
    }
  }
}

/// A change of a matrix [outputs, inputs] of low rank: scale · B A (Hu et al. 2021).
public struct LowRankChange: @unchecked Sendable {
  /// Rows of A.
  public let rank: Int
  /// Of the product.
  public let scale: Float
  /// [rank, inputs].
  private let a: UnsafePointer<Float>
  /// [outputs, rank].
  private let b: UnsafePointer<Float>
  private let inputs: Int

  /// Memory that the caller keeps.
  /// - Parameters:
  ///   - rank: rows of A.
  ///   - inputs: columns of A.
  ///   - scale: what the product of both is multiplied by.
  ///   - a: [rank, inputs].
  ///   - b: [outputs, rank].
  public init(
    rank: Int, inputs: Int, scale: Float, a: UnsafePointer<Float>, b: UnsafePointer<Float>
  ) {
    (self.rank, self.inputs, self.scale, self.a, self.b) = (rank, inputs, scale, a, b)
  }

  /// Adds some rows of the change to those of a matrix, on the calling thread.
  /// - Parameters:
  ///   - target: [rows, columns].
  ///   - rows: which rows of the matrix, of outputs or of inputs.
  ///   - columns: of the matrix.
  ///   - isByInput: whether rows are of inputs.
  public func add(
    to target: UnsafeMutablePointer<Float>, rows: Range<Int>, columns: Int, isByInput: Bool
  ) {
    guard scale != 0, rank > 0 else { return }
    if isByInput {
      gemmTile(
        rows.count, columns, rank,
        MatrixView(a + rows.lowerBound, stride: inputs, isTransposed: true),
        MatrixView(b, stride: rank, isTransposed: true), scale: scale, beta: 1, target,
        stride: columns)
    } else {
      gemmTile(
        rows.count, columns, rank, MatrixView(b + rows.lowerBound * rank, stride: rank),
        MatrixView(a, stride: inputs), scale: scale, beta: 1, target, stride: columns)
    }
  }
}
