import CKernels
import Files

/// How each value of a weight is stored.
public enum StoredType: Int32, CaseIterable, Sendable {
  case f32, f16, bf16

  /// Bytes a value.
  public var size: Int { self == .f32 ? 4 : 2 }
}

/// A matrix of weights as it lies in memory, in a mapped file say, for inference: it is read where it
/// stands and never turned as a whole.
public struct StoredMatrix: @unchecked Sendable {
  /// What a row of the matrix in memory is.
  public enum Layout: Sendable {
    /// [inputs, outputs]: GPT-2's `Conv1D`.
    case byInput
    /// [outputs, inputs]: PyTorch's `Linear`, a table of embeddings as the last layer.
    case byOutput
  }

  /// How each weight is stored.
  public let type: StoredType
  /// What a row of the matrix in memory is.
  public let layout: Layout
  /// Values of what the matrix multiplies.
  public let inputs: Int
  /// Values of the product.
  public let outputs: Int
  let base: UnsafeRawPointer
  /// Values from one row in memory to the next.
  let stride: Int
  /// Keeps the memory.
  private let owner: Table<UInt8>

  /// - Parameters:
  ///   - bytes: exactly the values, row after row (little-endian).
  ///   - type: of the values.
  ///   - layout: what a row is.
  ///   - inputs: values of what the matrix multiplies.
  ///   - outputs: values of the product.
  /// - Throws: ``/Files/AIGCError``: mismatch when `bytes` has another size; failed when the system refuses
  ///   memory for a copy of values that are not aligned.
  public init(
    _ bytes: Table<UInt8>, type: StoredType, layout: Layout, inputs: Int, outputs: Int
  ) throws(AIGCError) {
    let (count, overflow) = inputs.multipliedReportingOverflow(by: outputs)
    let (size, sizeOverflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, !sizeOverflow, inputs > 0, outputs > 0, size == bytes.count else {
      throw .mismatch("\(bytes.count) bytes are no matrix of \(inputs) by \(outputs) weights")
    }
    let isAligned = bytes.withUnsafeBuffer { buffer in
      Int(bitPattern: buffer.baseAddress) % type.size == 0
    }
    owner = isAligned ? bytes : try Table(bytes.array(of: UInt8.self))
    guard let base = owner.withUnsafeBuffer({ $0.baseAddress }) else {
      throw .mismatch("a matrix without weights")
    }
    self.base = UnsafeRawPointer(base)
    self.type = type
    self.layout = layout
    self.inputs = inputs
    self.outputs = outputs
    stride = layout == .byInput ? outputs : inputs
  }

  private init(_ whole: StoredMatrix, outputs range: Range<Int>) {
    (type, layout, inputs, stride) = (whole.type, whole.layout, whole.inputs, whole.stride)
    outputs = range.count
    owner = whole.owner
    let isByInput = layout == .byInput
    base = whole.address(
      row: isByInput ? 0 : range.lowerBound, column: isByInput ? range.lowerBound : 0)
  }

  /// The part of the matrix that makes some of the outputs, as it lies: queries of GPT-2's `c_attn`.
  /// - Parameter range: of the outputs, not empty.
  public func outputs(_ range: Range<Int>) -> StoredMatrix {
    require(
      !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= outputs,
      "StoredMatrix: outputs \(range) of \(outputs)")
    return StoredMatrix(self, outputs: range)
  }

  /// See ``/Files/Table/releasePages()``.
  func releasePages() { owner.releasePages() }

  /// Size of the weights.
  public var byteCount: Int { inputs * outputs * type.size }

  @inline(__always)
  func address(row: Int, column: Int = 0) -> UnsafeRawPointer {
    base + (row * stride + column) * type.size
  }

  /// The values where they lie, if these are Floats without gaps.
  var wholeFloats: UnsafePointer<Float>? {
    guard type == .f32, stride == (layout == .byInput ? outputs : inputs) else { return nil }
    return base.assumingMemoryBound(to: Float.self)
  }

  /// One row in memory as Floats: an embedding.
  func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    let count = layout == .byInput ? outputs : inputs
    aigc_widen(type.rawValue, 1, count, address(row: row), count, target, count)
  }

  /// Packs outputs `first` … (at most 64) as a panel [inputs][64] of the values as they are stored, zeros beyond
  /// the last output.
  func pack(first: Int, to panel: UnsafeMutableRawPointer) {
    let count = min(WeightPanels.width, outputs - first)
    let isByInput = layout == .byInput
    let source = address(row: isByInput ? 0 : first, column: isByInput ? first : 0)
    let (inputStride, outputStride) = isByInput ? (stride, 1) : (1, stride)
    if type == .f32 {
      aigc_pack_panel(
        inputs, count, source.assumingMemoryBound(to: Float.self), inputStride, outputStride,
        panel.assumingMemoryBound(to: Float.self))
    } else {
      aigc_pack_panel_16(inputs, count, source, inputStride, outputStride, panel)
    }
  }
}
