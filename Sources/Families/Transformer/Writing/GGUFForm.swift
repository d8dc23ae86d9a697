import Checkpoints
import Files
import Kernels

/// A tensor of a transformer in the form that GGUF files have it in; it is made when it is asked for.
struct GGUFModelTensor: Sendable {
  var name: String
  /// Outermost first.
  var shape: [Int]
  /// That it has as it is made.
  var type: GGUFType
  var make: @Sendable () throws(AIGCError) -> StoredTensor

  /// To be written as `type`.
  func written(as type: GGUFType) -> GGUFTensor {
    GGUFTensor(name: name, shape: shape, as: type, make: make)
  }
}

extension TransformerWeights {
  /// All tensors as a GGUF file has them, without the factors of rotary frequencies. Vectors and positions of other
  /// files become float32, which is what llama.cpp asks for; matrices keep their type.
  func ggufTensors() throws(AIGCError) -> [GGUFModelTensor] {
    try tensors.map { (place) throws(AIGCError) in
      let stored = try fileTensor(place.key)
      guard isGGUF else { return ggufTensor(place, stored) }
      var result = GGUFModelTensor(stored)
      result.make = { () throws(AIGCError) in try tensor(place.key) }
      return result
    }
  }

  private func ggufTensor(_ place: TransformerTensor, _ stored: StoredTensor) -> GGUFModelTensor {
    let isMatrix = place.shape.count == 2 && place.key.part != .positions
    let (name, shape) = (place.ggufName, place.ggufShape)
    let type = isMatrix ? stored.type : .f32
    return GGUFModelTensor(name: name, shape: shape, type: .scalar(type)) { () throws(AIGCError) in
      let stored = try tensor(place.key)
      let type = isMatrix ? stored.type : .f32
      let bytes =
        isMatrix
        ? try place.ggufBytes(stored) : try Table(place.ggufVector(stored.floats())).rawBytes
      return try StoredTensor(name: name, type: type, shape: shape, storage: bytes, place: name)
    }
  }
}

extension GGUFModelTensor {
  /// One of a GGUF file, as it is.
  fileprivate init(_ stored: StoredTensor) {
    (name, shape) = (stored.name, stored.shape)
    type = stored.blocks.map { .blocks($0) } ?? .scalar(stored.type)
    make = { () throws(AIGCError) in stored }
  }
}

extension TransformerTensor {
  /// The values of a norm, a bias or the positions.
  fileprivate func ggufVector(_ values: [Float]) -> [Float] {
    switch ggufForm {
    case .same, .transposed: values
    case .plusOne: values.map { $0 + 1 }
    case .interleaved(let headSize): interleaved(values, headSize: headSize)
    }
  }

  /// The values of a matrix, each of its bytes as they are.
  fileprivate func ggufBytes(_ stored: StoredTensor) throws(AIGCError) -> Table<UInt8> {
    let bytes = try stored.bytes()
    switch stored.type.size {
    case 2: return try moved(bytes, of: UInt16.self)
    default: return try moved(bytes, of: UInt32.self)
    }
  }

  private func moved<Value: BitwiseCopyable & Sendable>(
    _ bytes: Table<UInt8>, of type: Value.Type
  ) throws(AIGCError) -> Table<UInt8> {
    switch ggufForm {
    case .same, .plusOne: return bytes
    case .transposed: return try Table(transposed(bytes.array(of: type))).rawBytes
    case .interleaved(let headSize):
      return try Table(interleaved(bytes.array(of: type), headSize: headSize)).rawBytes
    }
  }

  private func transposed<Value>(_ values: [Value]) -> [Value] {
    let (rows, columns) = (shape[0], shape[1])
    var result: [Value] = []
    result.reserveCapacity(values.count)
    for column in 0..<columns {
      for row in 0..<rows { result.append(values[row * columns + column]) }
    }
    return result
  }

  /// Rows, or single values, in llama.cpp's order.
  private func interleaved<Value>(_ values: [Value], headSize: Int) -> [Value] {
    let width = values.count / max(shape[0], 1)
    let order = RowOrder.interleaved(headSize: headSize)
    var sources = Array(0..<shape[0])
    for row in 0..<shape[0] { sources[order.source(of: row)] = row }
    var result: [Value] = []
    result.reserveCapacity(values.count)
    for row in sources { result += values[row * width..<(row + 1) * width] }
    return result
  }
}
