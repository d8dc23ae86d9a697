import Files

/// A matrix of weights in blocks of few bits as it lies in a file: rows are outputs, [outputs][inputs / values of a
/// block].
public struct BlockMatrix: Sendable {
  /// Of the blocks.
  public let type: BlockType
  /// Values of what the matrix multiplies.
  public let inputs: Int
  /// Values of the product.
  public let outputs: Int
  let bytes: Table<UInt8>

  /// - Throws: ``/Files/AIGCError`` (mismatch) when rows are no whole blocks, or `bytes` has another size.
  public init(
    _ bytes: Table<UInt8>, type: BlockType, inputs: Int, outputs: Int
  ) throws(AIGCError) {
    let (blocks, rest) = inputs.quotientAndRemainder(dividingBy: type.values)
    let (size, overflow) = (blocks * type.bytes).multipliedReportingOverflow(by: outputs)
    guard rest == 0, inputs > 0, outputs > 0, !overflow, size == bytes.count else {
      throw .mismatch(
        "\(bytes.count) bytes of \(type.rawValue) are no matrix of \(inputs) by \(outputs) weights")
    }
    (self.bytes, self.type, self.inputs, self.outputs) = (bytes, type, inputs, outputs)
  }

  private var rowBytes: Int { inputs / type.values * type.bytes }

  /// One row as Floats: an embedding.
  func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    bytes.withUnsafeBuffer { buffer in
      guard let base = buffer.baseAddress else { return }
      type.decode(
        UnsafeRawPointer(base + row * rowBytes), blocks: inputs / type.values, to: target)
    }
  }

  /// The same matrix in 32 bits.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  func decoded() throws(AIGCError) -> StoredMatrix {
    let values = try type.decode(bytes).frozen()
    return try StoredMatrix(
      values.rawBytes, type: .f32, layout: .byOutput, inputs: inputs, outputs: outputs)
  }
}

/// A table whose rows are looked up: embeddings of tokens, as they lie in a file.
public enum StoredRows: Sendable {
  /// [rows, width] of 32 or 16 bits.
  case values(StoredMatrix)
  case blocks(BlockMatrix)

  /// How many rows there are.
  public var count: Int {
    switch self {
    case .values(let matrix): matrix.outputs
    case .blocks(let matrix): matrix.outputs
    }
  }
  /// Values of a row.
  public var width: Int {
    switch self {
    case .values(let matrix): matrix.inputs
    case .blocks(let matrix): matrix.inputs
    }
  }

  func copyRow(_ row: Int, to target: UnsafeMutablePointer<Float>) {
    switch self {
    case .values(let matrix): matrix.copyRow(row, to: target)
    case .blocks(let matrix): matrix.copyRow(row, to: target)
    }
  }
}
