import Checkpoints
import Files
import Kernels

/// A weight for inference, a matrix or a vector: float32, float16 or bfloat16 values in the mapped
/// memory of a checkpoint, which are read where they lie and never converted as a whole.
public struct WeightMatrix: Sendable {
  /// The name of the tensor, for messages.
  public let name: String
  /// The sizes of the axes, outermost first.
  public let shape: [Int]
  /// How each value is stored.
  public let type: StoredType
  /// The values row after row.
  public let bytes: Table<UInt8>

  /// The weight that a file holds. Values of other types become float32.
  /// - Throws: ``/Files/AIGCError``: mismatch for one that holds integers, failed when the system refuses
  ///   memory for a copy.
  public init(_ tensor: StoredTensor) throws(AIGCError) {
    guard tensor.type.isFloatingPoint else {
      throw .mismatch(
        "tensor \(printable(tensor.name)): \(tensor.type.rawValue) where weights are needed")
    }
    name = tensor.name
    shape = tensor.shape
    switch tensor.type {
    case .f16: (type, bytes) = (.f16, try tensor.bytes())
    case .bf16: (type, bytes) = (.bf16, try tensor.bytes())
    case .f32: (type, bytes) = (.f32, try tensor.bytes())
    default: (type, bytes) = (.f32, try Table(try tensor.floats()).rawBytes)
    }
  }

  /// A weight of given values.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when they do not fill the shape.
  public init(
    name: String, shape: [Int], type: StoredType, bytes: Table<UInt8>
  ) throws(AIGCError) {
    guard shape.reduce(type.size, *) == bytes.count else {
      throw .mismatch("tensor \(printable(name)): \(bytes.count) bytes do not fill \(shape)")
    }
    self.name = name
    self.shape = shape
    self.type = type
    self.bytes = bytes
  }

  /// As the matrix of a product.
  /// - Parameter layout: whether the rows belong to inputs or to outputs.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when it is no matrix.
  public func matrix(_ layout: StoredMatrix.Layout) throws(AIGCError) -> StoredMatrix {
    guard shape.count == 2 else {
      throw .mismatch("tensor \(printable(name)): the shape \(shape) is no matrix")
    }
    return try StoredMatrix(
      bytes, type: type, layout: layout, inputs: shape[layout == .byInput ? 0 : 1],
      outputs: shape[layout == .byInput ? 1 : 0])
  }

  /// Some values of a vector.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when it is no vector of so many.
  public func part(_ range: Range<Int>) throws(AIGCError) -> WeightMatrix {
    guard shape.count == 1, range.lowerBound >= 0, range.upperBound <= shape[0] else {
      throw .mismatch("tensor \(printable(name)): no vector with the values \(range)")
    }
    return try WeightMatrix(
      name: name, shape: [range.count], type: type,
      bytes: bytes.slice(range.lowerBound * type.size..<range.upperBound * type.size))
  }

  /// As a bias or a scale.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when it is no vector.
  public func vector() throws(AIGCError) -> StoredVector {
    guard shape.count == 1 else {
      throw .mismatch("tensor \(printable(name)): the shape \(shape) is no vector")
    }
    if type == .f32, let values = bytes.view(as: Float.self) { return try StoredVector(values) }
    let values: [Float] =
      switch type {
      case .f32: bytes.array(of: Float.self)
      case .f16: bytes.map(as: UInt16.self) { float(half: $0) }
      case .bf16: bytes.map(as: UInt16.self) { float(brain: $0) }
      }
    return try StoredVector(try Table(values))
  }
}
