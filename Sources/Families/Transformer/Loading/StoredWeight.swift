import Checkpoints
import Files
import Kernels

/// In which order a matrix's rows stand in a file.
enum RowOrder: Sendable, Equatable {
  case plain
  /// Within a head first come the first rows of its two halves, then the second ones: llama.cpp's order of queries and
  /// keys of Llama, whose rotary embedding turns neighbours.
  case interleaved(headSize: Int)

  /// Where the row stands that is the `row`-th in Hugging Face's order.
  func source(of row: Int) -> Int {
    guard case .interleaved(let size) = self else { return row }
    let (head, place) = row.quotientAndRemainder(dividingBy: size)
    let half = size / 2
    return head * size + (place < half ? 2 * place : 2 * (place - half) + 1)
  }
}

/// A matrix of weights as it lies in a file, for the decoder to pack: in Hugging Face's order of rows, with the columns
/// or rows of one of several matrices that stand together.
struct StoredWeight: Sendable {
  /// How the values stand.
  enum Form: Sendable, Equatable {
    case plain(StoredType)
    case blocks(BlockType)
  }

  /// For messages.
  var name: String
  var form: Form
  /// [inputs, all outputs] or [outputs, inputs]; blocks are always by output.
  var layout: StoredMatrix.Layout
  var inputs: Int
  /// Of the matrix in the file where it is by input, of this one where it is by output.
  var storedOutputs: Int
  /// The outputs that are this matrix's.
  var outputs: Range<Int>
  var bytes: Table<UInt8>
}

extension TransformerWeights {
  /// A matrix of a layer, or the embeddings, the positions, the head.
  /// - Parameter rows: the first rows alone, of a table; nil: all.
  /// - Throws: ``/Files/AIGCError``: mismatch when the model has none, failed when the system refuses memory.
  func matrix(
    _ part: TransformerPart, layer: Int? = nil, rows: Int? = nil
  ) throws(AIGCError) -> StoredWeight {
    if let range = fusedRange(part), let layer {
      return try matrix(
        .init(part: .queryKeyValue, layer: layer), outputs: range, order: .plain)
    }
    let key = TransformerTensor.Key(part: part, layer: layer)
    return try matrix(key, outputs: rows.map { 0..<$0 }, order: order(key))
  }

  /// The bias of a matrix of a layer, or of a layer norm; nil where the model has none.
  func bias(_ part: TransformerPart, layer: Int? = nil) throws(AIGCError) -> StoredVector? {
    if let range = fusedRange(part), let layer {
      let key = TransformerTensor.Key(part: .queryKeyValue, layer: layer, isBias: true)
      return has(key) ? try StoredVector(Table(Array(try tensor(key).floats()[range]))) : nil
    }
    let key = TransformerTensor.Key(part: part, layer: layer, isBias: true)
    guard has(key) else { return nil }
    let stored = try tensor(key)
    let order = order(key)
    if order == .plain { return try StoredVector(try stored.vector()) }
    let values = try stored.floats()
    return try StoredVector(Table(values.indices.map { values[order.source(of: $0)] }))
  }

  /// What normalised values are multiplied by: of norms of 1 + weight that sum.
  func norm(_ part: TransformerPart, layer: Int? = nil) throws(AIGCError) -> StoredVector {
    let stored = try tensor(.init(part: part, layer: layer))
    guard !isGGUF, shape.norm == .rms(addsOne: true) else {
      return try StoredVector(try stored.vector())
    }
    return try StoredVector(Table(try stored.floats().map { 1 + $0 }))
  }

  /// Which outputs of one matrix of queries, keys and values a part is; nil where it stands by itself.
  func fusedRange(_ part: TransformerPart) -> Range<Int>? {
    guard has(.init(part: .queryKeyValue, layer: 0)) else { return nil }
    let (queries, keys) = (shape.queryWidth, shape.keyValueWidth)
    switch part {
    case .query: return 0..<queries
    case .key: return queries..<queries + keys
    case .value: return queries + keys..<queries + 2 * keys
    default: return nil
    }
  }

  private func order(_ key: TransformerTensor.Key) -> RowOrder {
    guard isGGUF, case .interleaved(let size)? = place(key)?.ggufForm else { return .plain }
    return .interleaved(headSize: size)
  }

  private func matrix(
    _ key: TransformerTensor.Key, outputs: Range<Int>?, order: RowOrder
  ) throws(AIGCError) -> StoredWeight {
    let stored = try tensor(key)
    let isByInput = !isGGUF && place(key)?.isByInput == true
    guard stored.shape.count == 2 else {
      throw .mismatch("tensor \(printable(stored.name)): \(stored.shape) is no matrix")
    }
    let all = stored.shape[isByInput ? 1 : 0]
    let range = outputs ?? 0..<all
    guard range.upperBound <= all else {
      throw .mismatch("tensor \(printable(stored.name)): \(range.upperBound) rows of \(all)")
    }
    let bytes = if let blocks = stored.blockBytes { blocks } else { try stored.bytes() }
    var result = StoredWeight(
      name: stored.name, form: stored.form, layout: isByInput ? .byInput : .byOutput,
      inputs: stored.shape[isByInput ? 0 : 1], storedOutputs: isByInput ? all : range.count,
      outputs: isByInput ? range : 0..<range.count,
      bytes: bytes)
    guard !isByInput else { return result }
    let size = result.bytes.count / max(all, 1)
    result.bytes = result.bytes.slice(range.lowerBound * size..<range.upperBound * size)
    if order != .plain { result.bytes = try result.bytes.rows(size: size, in: order) }
    return result
  }
}

extension StoredTensor {
  fileprivate var form: StoredWeight.Form {
    if let blocks { return .blocks(blocks) }
    switch type {
    case .f16: return .plain(.f16)
    case .bf16: return .plain(.bf16)
    default: return .plain(.f32)
    }
  }

  /// The values where they lie if these are aligned Floats, else a copy in 32 bits.
  fileprivate func vector() throws(AIGCError) -> Table<Float> {
    if let table = floatTable() { return table }
    return try Table(try floats())
  }
}

extension Table<UInt8> {
  /// A copy with its rows of `size` bytes in Hugging Face's order.
  fileprivate func rows(size: Int, in order: RowOrder) throws(AIGCError) -> Table<UInt8> {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    for row in 0..<count / max(size, 1) {
      let first = order.source(of: row) * size
      result += slice(first..<first + size).array(of: UInt8.self)
    }
    return try Table(result)
  }
}
