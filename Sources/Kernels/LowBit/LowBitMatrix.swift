import CKernels
import Files

/// A matrix of weights of 2 to 8 bits for inference: GGUF's blocks, repacked when it is made into groups
/// of 16 outputs by 32 inputs in memory of its own, at the size that they have in the file.
///
/// Products are of int8 activations (``LowBitActivations``). Whole numbers are summed exactly within 32
/// (or 16) inputs, then added with one fused operation, from the first inputs to the last, beginning with
/// the bias. So a value has the same bits alone and among many rows, wherever the matrix is cut, and on
/// every processor. The layout and the arithmetic are written in `CKernels/include/lowbit.h`.
public struct LowBitMatrix: Sendable {
  /// How the weights stand in the file.
  public let type: BlockType
  /// Values of what the matrix multiplies.
  public let inputs: Int
  /// Values of the product.
  public let outputs: Int
  private let groups: Table<UInt8>

  /// Outputs that are computed together: ranges begin at multiples of it.
  public static let groupSize = 16
  /// Groups that one task repacks.
  private static let taskGroups = 8

  /// Repacks blocks, on several threads.
  /// - Parameters:
  ///   - bytes: rows of blocks, [outputs][inputs / values of a block], as they stand in the file.
  ///   - type: of the blocks.
  ///   - inputs: values of what the matrix multiplies, a multiple of the block's.
  ///   - outputs: values of the product.
  /// - Throws: ``/Files/AIGCError``: mismatch when `bytes` has another size or rows are no whole blocks,
  ///   failed when the system refuses memory.
  public init(
    _ bytes: Table<UInt8>, type: BlockType, inputs: Int, outputs: Int
  ) throws(AIGCError) {
    let expected = type.byteCount(of: inputs).map { $0.multipliedReportingOverflow(by: outputs) }
    guard inputs > 0, outputs > 0, let expected, !expected.overflow,
      expected.partialValue == bytes.count
    else {
      throw .mismatch(
        "\(bytes.count) bytes are no matrix of \(inputs) by \(outputs) weights of \(type.rawValue)")
    }
    let (blocks, kernel) = (inputs / LowBitActivations.blockSize, type.kernel)
    let groups = (outputs - 1) / Self.groupSize + 1
    let groupBytes = aigc_lowbit_group_bytes(kernel, blocks)
    let (size, overflow) = groupBytes.multipliedReportingOverflow(by: groups)
    guard !overflow else { throw .outOfMemory(Int.max) }
    let memory = try MutableTable<UInt8>(count: size)
    bytes.withUnsafeBuffer { source in
      memory.withUnsafeMutableBuffer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (source, target)
        let rowBytes = bytes.count / outputs
        parallelBlocks(groups, size: Self.taskGroups) { first, end in
          aigc_lowbit_repack(kernel, blocks, first, end - first, outputs, from, rowBytes, to)
        }
      }
    }
    self.groups = memory.frozen()
    self.type = type
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Memory that the weights take.
  public var byteCount: Int { groups.count }

  /// y[r][o] = start[r][o] + the product of row `firstRow` + r of `x` and weights o, on the calling thread,
  /// for the outputs of a range: callers share these out.
  /// - Parameters:
  ///   - range: outputs; begins at a multiple of ``groupSize``, and ends at one or with the last.
  ///   - rows: how many; a prompt's at once are quickest, on processors with tiles from 16 on.
  ///   - x: quantised rows of as many inputs as this matrix has.
  ///   - firstRow: of `x`.
  ///   - start: whole rows of `outputs` values, which may be `y`; nil: zeros.
  ///   - startStride: values from a row of `start` to the next: 0 for a bias.
  ///   - y: whole rows of `outputs` values, of which those of the range are written.
  ///   - yStride: values from a row of `y` to the next.
  public func multiply(
    _ range: Range<Int>, rows: Int, _ x: LowBitActivations, firstRow: Int = 0,
    start: UnsafePointer<Float>?, startStride: Int = 0, _ y: UnsafeMutablePointer<Float>,
    yStride: Int
  ) {
    guard !range.isEmpty, rows > 0 else { return }
    let size = Self.groupSize
    require(
      range.lowerBound >= 0 && range.lowerBound % size == 0 && range.upperBound <= outputs
        && (range.upperBound % size == 0 || range.upperBound == outputs),
      "LowBitMatrix: a range that is not of whole groups")
    require(
      x.inputs == inputs && firstRow >= 0 && firstRow + rows <= x.rows,
      "LowBitMatrix: activations of another shape")
    let first = range.lowerBound / size
    let count = (range.upperBound - 1) / size + 1 - first
    groups.withUnsafeBuffer { buffer in
      var matrix = aigc_lowbit_matrix(
        type: type.kernel, blocks: inputs / LowBitActivations.blockSize, outputs: outputs,
        groups: buffer.baseAddress)
      x.withKernelRows {
        aigc_lowbit_multiply(
          &matrix, first, count, $0, firstRow, rows, start, startStride, y, yStride)
      }
    }
  }

  /// Asks for what ``multiply(_:rows:_:firstRow:start:startStride:_:yStride:)`` of that range reads first,
  /// so that memory has work while threads wait for each other.
  public func fetch(_ range: Range<Int>) {
    guard !range.isEmpty, range.lowerBound >= 0 else { return }
    let bytes = aigc_lowbit_group_bytes(type.kernel, inputs / LowBitActivations.blockSize)
    let first = range.lowerBound / Self.groupSize * bytes
    groups.withUnsafeBuffer { buffer in
      guard let base = buffer.baseAddress, first < buffer.count else { return }
      aigc_fetch_rows(1, min(Self.bytesAhead, buffer.count - first), base + first, 0)
    }
  }
  private static let bytesAhead = 16 << 10
}

extension BlockType {
  /// The type's number in C.
  var kernel: Int32 {
    switch self {
    case .q80: Int32(AIGC_Q8_0)
    case .q40: Int32(AIGC_Q4_0)
    case .q41: Int32(AIGC_Q4_1)
    case .q50: Int32(AIGC_Q5_0)
    case .q51: Int32(AIGC_Q5_1)
    case .q2K: Int32(AIGC_Q2_K)
    case .q3K: Int32(AIGC_Q3_K)
    case .q4K: Int32(AIGC_Q4_K)
    case .q5K: Int32(AIGC_Q5_K)
    case .q6K: Int32(AIGC_Q6_K)
    case .iq4NL: Int32(AIGC_IQ4_NL)
    case .iq4XS: Int32(AIGC_IQ4_XS)
    }
  }
}
