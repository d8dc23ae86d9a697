import CKernels
import Files

/// Rows of activations as int8 codes with one scale for each 32 values, for products with a
/// ``LowBitMatrix``: the scale is the largest magnitude divided by 127, codes are rounded to the nearest
/// whole number, to the even one in the middle. One object serves matrix after matrix.
///
/// Blocks with outliers, of which the square of the scale is above four times the row's mean, have codes of eight
/// bits more for what rounding left: some one in fifteen of a language model's, which carry two thirds of the error.
///
/// Infinite and not-a-number values make all outputs that depend on them so.
public final class LowBitActivations: @unchecked Sendable {
  /// Values with a scale in common.
  public static let blockSize = 32
  /// Rows that there is room for.
  public let rows: Int
  /// Values of a row.
  public let inputs: Int
  private let memory: UnsafeMutablePointer<Float>
  /// Blocks that there is room for: first codes, and in the second half second ones.
  private let capacity: Int
  /// Floats of memory that a block takes: codes, scale, starts (1 + 2), sums (1 + 2).
  private static let blockFloats = 8 + 1 + 3 + 3

  /// Room for `rows` rows of `inputs` values, a multiple of ``blockSize``.
  public init(rows: Int, inputs: Int) {
    require(rows > 0 && inputs > 0 && inputs % Self.blockSize == 0, "LowBitActivations: no blocks")
    self.rows = rows
    self.inputs = inputs
    // Each part begins at a multiple of 64 bytes.
    capacity = 2 * ((rows * (inputs / Self.blockSize) + 15) / 16 * 16)
    memory = MemoryPool.take(capacity * Self.blockFloats)
  }

  deinit { MemoryPool.give(memory, count: capacity * Self.blockFloats) }

  /// Quantises rows on the calling thread; threads may do different rows at the same time.
  /// - Parameters:
  ///   - range: rows here.
  ///   - x: the first of them.
  ///   - stride: values from a row of `x` to the next.
  public func quantize(_ range: Range<Int>, _ x: UnsafePointer<Float>, stride: Int) {
    require(range.lowerBound >= 0 && range.upperBound <= rows, "LowBitActivations: no such row")
    withKernelRows { aigc_lowbit_quantize(range.lowerBound, range.count, x, stride, $0) }
  }

  /// The parts of the memory, as C wants them.
  func withKernelRows(_ body: (UnsafePointer<aigc_lowbit_rows>) -> Void) {
    let base = memory
    var parts = aigc_lowbit_rows()
    parts.blocks = inputs / Self.blockSize
    parts.second = capacity / 2
    parts.codes = UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int8.self)
    parts.scales = base + 8 * capacity
    parts.starts = UnsafeMutableRawPointer(base + 9 * capacity).assumingMemoryBound(to: Int32.self)
    parts.half_starts = UnsafeMutableRawPointer(base + 10 * capacity).assumingMemoryBound(
      to: Int32.self)
    parts.sums = base + 12 * capacity
    parts.half_sums = base + 13 * capacity
    withUnsafePointer(to: &parts, body)
  }
}
