import Files

/// A matrix of weights that training leaves as it is: it stays as it lies in its file, and products with many rows
/// decode some of it at a time.
public struct FrozenMatrix: Sendable {
  private enum Storage {
    case values(StoredMatrix)
    case blocks(BlockMatrix)
  }
  private let storage: Storage
  /// Values whose panels are held at a time, at most: 16 MB, and no less than a panel.
  var partValues = 4 << 20
  /// Rows that one task decodes where they are added.
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
  var isByInput: Bool {
    if case .values(let matrix) = storage { matrix.layout == .byInput } else { false }
  }
  private var rows: Int { isByInput ? inputs : outputs }
  var columns: Int { isByInput ? outputs : inputs }

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
    for range in parts(of: partValues) {
      let panels = PackedPanels(depth: columns, columns: range.count)
      withValues(of: range, change, rows: PackedPanels.width) { first, count, values in
        panels.pack(
          depth: 0..<columns, columns: first..<first + count, values, depthStride: 1,
          columnStride: columns)
      }
      PanelProducts.multiply(
        rows: count, x, stride: columns, panels, start: start.map { $0 + range.lowerBound },
        startStride: 0, y + range.lowerBound, cStride: rows)
    }
  }

  /// Each row of the matrix is added, times a column of x.
  private func sum(
    _ count: Int, _ x: UnsafePointer<Float>, _ change: LowRankChange?,
    start: UnsafePointer<Float>?, _ y: UnsafeMutablePointer<Float>
  ) {
    for range in parts(of: partValues) {
      let panels = PackedPanels(depth: range.count, columns: columns)
      withValues(of: range, change, rows: Self.taskRows) { first, count, values in
        panels.pack(
          depth: first..<first + count, columns: 0..<columns, values, depthStride: columns,
          columnStride: 1)
      }
      let isFirst = range.lowerBound == 0
      PanelProducts.multiply(
        rows: count, x + range.lowerBound, stride: rows, panels,
        start: isFirst ? start : UnsafePointer(y), startStride: isFirst ? 0 : columns, y,
        cStride: columns)
    }
  }

  // MARK: Parts

  /// Rows whose panels are held at a time: so many values, in whole panels.
  func parts(of values: Int) -> [Range<Int>] {
    let width = PackedPanels.width
    let size = max(width, values / max(columns, 1) / width * width)
    return stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
  }

  /// Calls `body` with some rows at a time in 32 bits, with what changes them, on all threads. They are packed while
  /// they are in the caches.
  /// - Parameters:
  ///   - range: of the rows.
  ///   - size: rows at a time.
  ///   - body: gets the first row's place in the range, how many, and their values [rows, columns].
  func withValues(
    of range: Range<Int>, _ change: LowRankChange?, rows size: Int,
    _ body: @Sendable (Int, Int, UnsafePointer<Float>) -> Void
  ) {
    let columns = columns
    var whole: UnsafePointer<Float>?
    if change == nil, case .values(let matrix) = storage { whole = matrix.wholeFloats }
    nonisolated(unsafe) let stored = whole
    parallelBlocks(range.count, size: size) { first, end in
      if let stored {
        return body(first, end - first, stored + (range.lowerBound + first) * columns)
      }
      let rows = range.lowerBound + first..<range.lowerBound + end
      let memory = PoolMemory(rows.count * columns)
      for (place, row) in rows.enumerated() { copyRow(row, to: memory.base + place * columns) }
      change?.add(to: memory.base, rows: rows, columns: columns, isByInput: isByInput)
      body(first, end - first, memory.base)
    }
  }
}
