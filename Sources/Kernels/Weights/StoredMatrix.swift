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
  }

  /// Size of the weights.
  public var byteCount: Int { inputs * outputs * type.size }

  /// Values from one row in memory to the next.
  @inline(__always) var stride: Int { layout == .byInput ? outputs : inputs }

  @inline(__always)
  func address(row: Int, column: Int = 0) -> UnsafeRawPointer {
    base + (row * stride + column) * type.size
  }

  /// One row in memory as Floats: an embedding.
  func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    aigc_widen(type.rawValue, 1, stride, address(row: row), stride, target, stride)
  }

  /// y[:, outputs] += x w on the calling thread, for few rows: each weight is read once. The bytes of
  /// a value do not depend on the range it is computed in, nor on the number of rows.
  @inline(__always)
  func multiply(
    _ range: Range<Int>, rows: Int, _ x: UnsafePointer<Float>, stride xStride: Int,
    _ y: UnsafeMutablePointer<Float>, yStride: Int
  ) {
    let target = y + range.lowerBound
    switch layout {
    case .byInput:
      aigc_weights_by_input(
        type.rawValue, rows, inputs, range.count, x, xStride,
        address(row: 0, column: range.lowerBound), stride, target, yStride)
    case .byOutput:
      aigc_weights_by_output(
        type.rawValue, rows, inputs, range.count, x, xStride, address(row: range.lowerBound),
        stride, target, yStride)
    }
  }

  /// Asks for what ``multiply(_:rows:_:stride:_:yStride:)`` reads first, so that memory has work while
  /// threads wait for each other.
  @inline(__always)
  func fetch(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    let isByInput = layout == .byInput
    let bytes = (isByInput ? range.count : inputs) * type.size
    let rows = min(isByInput ? inputs : range.count, max(8, Self.bytesAhead / bytes))
    aigc_fetch_rows(
      rows, bytes,
      address(row: isByInput ? 0 : range.lowerBound, column: isByInput ? range.lowerBound : 0),
      stride * type.size)
  }
  private static let bytesAhead = 64 << 10

  /// Packs outputs `first` … (at most 64) of inputs `depth` as a panel of ``aigc_gemm_panel``.
  /// - Parameter scratch: 64 · depth.count Floats.
  func pack(
    first: Int, depth: Range<Int>, to panel: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let width = min(PackedPanels.width, outputs - first)
    switch layout {
    case .byInput:
      if width < PackedPanels.width {
        panel.update(repeating: 0, count: depth.count * PackedPanels.width)
      }
      aigc_widen(
        type.rawValue, depth.count, width, address(row: depth.lowerBound, column: first), stride,
        panel, PackedPanels.width)
    case .byOutput:
      aigc_widen(
        type.rawValue, width, depth.count, address(row: first, column: depth.lowerBound), stride,
        scratch, depth.count)
      aigc_pack_panel(depth.count, width, scratch, 1, depth.count, panel)
    }
  }
}
