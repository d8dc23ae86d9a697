import CKernels

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
  private let outputs: Int

  /// Memory that the caller keeps.
  /// - Parameters:
  ///   - rank: rows of A.
  ///   - inputs: columns of A.
  ///   - outputs: rows of B.
  ///   - scale: what the product of both is multiplied by.
  ///   - a: [rank, inputs].
  ///   - b: [outputs, rank].
  public init(
    rank: Int, inputs: Int, outputs: Int, scale: Float, a: UnsafePointer<Float>,
    b: UnsafePointer<Float>
  ) {
    (self.rank, self.inputs, self.outputs, self.scale) = (rank, inputs, outputs, scale)
    (self.a, self.b) = (a, b)
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

  // MARK: Gradients

  /// Rows of one block: what stands in them is read from the second cache the second time.
  private static let block = 96
  /// Tasks at most, each of which has sums of its own.
  private static let mostTasks = 16

  /// The gradients of A, scale · (dy B)ᵀ x, and of B, scale · dyᵀ (x Aᵀ), on all threads. Each row of x and dy is read
  /// once: a library packs such operands, which costs more than products with so few columns.
  /// - Parameters:
  ///   - rows: of x and dy.
  ///   - x: [rows, inputs].
  ///   - dy: [rows, outputs], the gradient of the product with the changed matrix.
  ///   - da: [rank, inputs].
  ///   - db: [outputs, rank].
  public func gradients(
    rows: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>,
    a da: UnsafeMutablePointer<Float>, b db: UnsafeMutablePointer<Float>
  ) {
    let size = max(Self.block, (rows + Self.mostTasks - 1) / Self.mostTasks)
    let tasks = max(1, (rows + size - 1) / size)
    let count = rank * (inputs + outputs)
    let sums = PoolMemory(tasks * count)
    sums.base.update(repeating: 0, count: tasks * count)
    let byA = PackedPanels(depth: inputs, columns: rank, a, depthStride: 1, columnStride: inputs)
    let byB = PackedPanels(depth: outputs, columns: rank, b, depthStride: rank, columnStride: 1)
    nonisolated(unsafe) let (x, dy, base) = (x, dy, sums.base)
    parallelFor(tasks) { task in
      let (ofA, ofB) = (base + task * count, base + task * count + rank * inputs)
      let narrow = PoolMemory(Self.block * rank)
      for first in stride(from: task * size, to: min(rows, (task + 1) * size), by: Self.block) {
        let height = min(Self.block, min(rows, (task + 1) * size) - first)
        let (x, dy) = (x + first * inputs, dy + first * outputs)
        byA.multiply(rows: height, x, narrow.base)
        addOuter(height, narrow.base, dy, columns: outputs, to: ofB)
        byB.multiply(rows: height, dy, narrow.base)
        addOuter(height, narrow.base, x, columns: inputs, to: ofA)
      }
    }
    for task in 1..<max(tasks, 1) { aigc_add(count, base, base + task * count, base) }
    aigc_scale_add(rank * inputs, scale, 0, base, da)
    let turned = base + rank * inputs
    for output in 0..<outputs {
      for index in 0..<rank {
        db[output * rank + index] = scale * turned[index * outputs + output]
      }
    }
  }

  /// sums [rank, columns] += narrowᵀ values, on the calling thread.
  private func addOuter(
    _ rows: Int, _ narrow: UnsafePointer<Float>, _ values: UnsafePointer<Float>, columns: Int,
    to sums: UnsafeMutablePointer<Float>
  ) {
    let whole = columns / PackedPanels.width * PackedPanels.width
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * rank + rows) { places in
      guard let rowAt = places.baseAddress else { return }
      let (sumAt, depthAt) = (rowAt + rank, rowAt + 2 * rank)
      for index in 0..<rank { (rowAt[index], sumAt[index]) = (index, index * columns) }
      for row in 0..<rows { depthAt[row] = row * rank }
      for column in stride(from: 0, to: whole, by: PackedPanels.width) {
        aigc_gemm_panel_at(
          rank, rows, narrow, rowAt, depthAt, values + column, columns, sums + column,
          sums + column, sumAt, PackedPanels.width)
      }
    }
    guard whole < columns else { return }
    // What is no whole panel is copied: vectors would be read from beyond a row's end.
    withUnsafeTemporaryAllocation(of: Float.self, capacity: rows * PackedPanels.width) { panel in
      guard let panel = panel.baseAddress else { return }
      aigc_pack_panel(rows, columns - whole, values + whole, columns, 1, panel)
      aigc_gemm_panel(
        rank, rows, narrow, 1, rank, panel, sums + whole, columns, sums + whole, columns,
        columns - whole)
    }
  }
}

extension PackedPanels {
  /// c = a b for few columns on the calling thread: a [rows, depth], c [rows, columns].
  fileprivate func multiply(
    rows: Int, _ a: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
  ) {
    for panel in 0..<count {
      multiply(
        panel: panel, rows: rows, a, stride: depth, start: nil, startStride: 0,
        c + panel * Self.width, cStride: columns)
    }
  }
}
