import CKernels
import Files

/// A matrix of weights of 32 or 16 bits, packed once for the products of a decoder: panels of 64 outputs, each
/// [inputs][64], zeros beyond the last output.
///
/// Every product has one arithmetic: from the bias on, one addition of weight · input after the other by
/// ascending input, in float32. So a value does not depend on how many rows there are, nor on which thread
/// computes it.
public final class WeightPanels: @unchecked Sendable {
  /// Outputs of a panel.
  static let width = PackedPanels.width
  /// Where products of so many rows may be cut: after half a panel, a cache line of 16-bit weights; for many rows
  /// after whole ones.
  static func unit(rows: Int) -> Int { rows < manyRows ? width / 2 : width }
  /// Rows from which on a panel of 16 bits is widened as a whole before it is multiplied.
  private static let manyRows = 13
  /// Inputs of one widened panel at most: it then stays in the second cache.
  private static let largestDepth = 768

  let type: StoredType
  let inputs: Int
  let outputs: Int
  private let base: UnsafeMutableRawPointer

  /// Packs a matrix, on all threads.
  init(_ matrix: StoredMatrix) {
    (type, inputs, outputs) = (matrix.type, matrix.inputs, matrix.outputs)
    let panels = (outputs + Self.width - 1) / Self.width
    let bytes = panels * Self.width * inputs * type.size
    base = UnsafeMutableRawPointer(MemoryPool.take((bytes + 3) / 4))
    let size = bytes / panels
    nonisolated(unsafe) let base = base
    parallelFor(panels) { panel in
      matrix.pack(first: panel * Self.width, to: base + panel * size)
    }
  }

  deinit {
    let bytes = (outputs + Self.width - 1) / Self.width * Self.width * inputs * type.size
    MemoryPool.give(base.assumingMemoryBound(to: Float.self), count: (bytes + 3) / 4)
  }

  /// Bytes of the weights that a product reads.
  var byteCount: Int { inputs * outputs * type.size }

  @inline(__always)
  private func address(_ output: Int, depth: Int = 0) -> UnsafeMutableRawPointer {
    let (panel, column) = output.quotientAndRemainder(dividingBy: Self.width)
    return base + ((panel * inputs + depth) * Self.width + column) * type.size
  }

  /// y[:, range] = start + x w on the calling thread.
  /// - Parameters:
  ///   - range: of outputs, which begins at a multiple of ``unit(rows:)``.
  ///   - rows: of x and y.
  ///   - x: [rows, inputs], `xStride` from one row to the next.
  ///   - start: what is added to, at output 0; nil: nothing; y itself, or with `startStride` 0 a bias.
  ///   - y: at output 0, `yStride` from one row to the next.
  func multiply(
    _ range: Range<Int>, rows: Int, _ x: UnsafePointer<Float>, xStride: Int,
    start: UnsafePointer<Float>?, startStride: Int, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    var first = range.lowerBound
    while first < range.upperBound {
      let end = min(range.upperBound, (first / Self.width + 1) * Self.width)
      if rows < Self.manyRows {
        aigc_panel_product(
          type.rawValue, rows, inputs, x, xStride, address(first), start.map { $0 + first },
          startStride, y + first, yStride, end - first)
      } else {
        multiplyMany(
          first..<end, rows: rows, x, xStride: xStride, start: start, startStride: startStride, y,
          yStride: yStride)
      }
      first = end
    }
  }

  /// Outputs of one panel for many rows.
  private func multiplyMany(
    _ range: Range<Int>, rows: Int, _ x: UnsafePointer<Float>, xStride: Int,
    start: UnsafePointer<Float>?, startStride: Int, _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    let pieces = (inputs + Self.largestDepth - 1) / Self.largestDepth
    let depth = (inputs + pieces - 1) / pieces
    let target = y + range.lowerBound
    let widened = PoolMemory(type == .f32 ? 1 : depth * Self.width)
    for k in stride(from: 0, to: inputs, by: depth) {
      let count = min(depth, inputs - k)
      let source = address(range.lowerBound, depth: k)
      var panel = source.assumingMemoryBound(to: Float.self)
      if type != .f32 {
        panel = widened.base
        aigc_widen(type.rawValue, count, range.count, source, Self.width, panel, Self.width)
      }
      let begin = k == 0 ? start.map { $0 + range.lowerBound } : UnsafePointer(target)
      let beginStride = k == 0 ? startStride : yStride
      if type == .f32 {
        // Panels lie behind one another: the next one comes from memory meanwhile.
        aigc_gemm_panel_ahead(
          rows, count, x + k, xStride, panel, begin, beginStride, target, yStride, range.count)
      } else {
        aigc_gemm_panel(
          rows, count, x + k, xStride, 1, panel, begin, beginStride, target, yStride, range.count)
      }
    }
  }

  /// Asks for what a product reads first, so that memory has work while threads wait for each other.
  @inline(__always)
  func fetch(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    aigc_fetch_rows(1, min(16 << 10, inputs * Self.width * type.size), address(range.lowerBound), 0)
  }
}
