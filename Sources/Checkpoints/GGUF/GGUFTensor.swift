import Files
import Kernels

/// A tensor to be written to a GGUF file; its values are made when it is its turn.
public struct GGUFTensor: Sendable {
  /// The name that the tensor gets in the file, of at most 63 bytes.
  public let name: String
  /// The type that the values have in the file.
  public let type: GGUFType
  /// Outermost first; at most four sizes, the last one a whole number of blocks.
  public let shape: [Int]
  let values: Values

  /// Hands the bytes of the values, row after row, to `write`, in pieces of any size.
  public typealias Values =
    @Sendable (_ write: (Table<UInt8>) throws(AIGCError) -> Void) throws(AIGCError) -> Void

  /// - Parameters:
  ///   - name: of the tensor.
  ///   - type: of the values.
  ///   - shape: outermost first.
  ///   - values: see ``Values``.
  public init(name: String, type: GGUFType, shape: [Int], values: @escaping Values) {
    (self.name, self.type, self.shape, self.values) = (name, type, shape, values)
  }

  /// A tensor of another file, with its type: blocks are copied as they are.
  public init(_ tensor: StoredTensor, name: String? = nil) {
    let type = tensor.blocks.map { GGUFType.blocks($0) } ?? .scalar(tensor.type)
    self.init(name: name ?? tensor.name, type: type, shape: tensor.shape) {
      (write) throws(AIGCError) in
      if let bytes = tensor.blockBytes { return try write(bytes) }
      try write(try tensor.bytes())
    }
  }

  /// A tensor of another file, its values turned to `type`, some rows at a time.
  ///
  /// F32, F16, BF16 and `BlockType.encodable` can be written. Writing throws
  /// ``/Files/AIGCError`` (badInput) for values that `type` does not hold.
  public init(_ tensor: StoredTensor, name: String? = nil, as type: GGUFType) {
    if let blocks = tensor.blocks, type == .blocks(blocks) {
      self.init(tensor, name: name)
      return
    }
    self.init(name: name ?? tensor.name, type: type, shape: tensor.shape) {
      (write) throws(AIGCError) in
      // What does not lie row after row is gathered once.
      var tensor = tensor
      if tensor.strides != nil {
        tensor = try StoredTensor(
          name: tensor.name, type: tensor.type, shape: tensor.shape, storage: tensor.bytes(),
          place: printable(tensor.name))
      }
      let rows = tensor.shape.first ?? 1
      let step = max(1, Self.valuesAtOnce / max(tensor.count / max(rows, 1), 1))
      for first in stride(from: 0, to: tensor.count == 0 ? 0 : rows, by: step) {
        let part =
          tensor.shape.isEmpty ? tensor : try tensor.rows(first..<min(first + step, rows))
        try write(try encoded(part, type))
      }
    }
  }
  private static let valuesAtOnce = 1 << 22

  /// A tensor that is made when it is its turn, one of a model in another form; its values are turned to
  /// `type`.
  /// - Parameters:
  ///   - name: of the tensor.
  ///   - shape: of what `make` gives.
  ///   - type: see ``init(_:name:as:)``.
  ///   - make: gives the tensor.
  public init(
    name: String, shape: [Int], as type: GGUFType,
    make: @escaping @Sendable () throws(AIGCError) -> StoredTensor
  ) {
    self.init(name: name, type: type, shape: shape) { (write) throws(AIGCError) in
      try GGUFTensor(try make(), as: type).values(write)
    }
  }

  /// Size of the values in the file.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when name, shape and type are not what GGUF holds.
  func byteCount() throws(AIGCError) -> Int {
    let place = "tensor \(printable(name))"
    guard (1...GGUFFile.longestName).contains(name.utf8.count), !name.utf8.contains(0) else {
      throw .mismatch("\(place): GGUF has names of 1 to \(GGUFFile.longestName) bytes without NUL")
    }
    guard shape.count <= GGUFFile.largestRank else {
      throw .mismatch(
        "\(place): \(shape.count) dimensions; GGUF has at most \(GGUFFile.largestRank)")
    }
    guard type.number != nil, let size = type.byteCount(of: shape) else {
      throw .mismatch("\(place): values of the shape \(shape) cannot be stored as \(type.name)")
    }
    return size
  }
}

/// The values of a tensor as bytes of `type`.
private func encoded(_ tensor: StoredTensor, _ type: GGUFType) throws(AIGCError) -> Table<UInt8> {
  if case .blocks(let blocks) = type {
    return try blocks.encode(try floatValues(tensor), name: tensor.name)
  }
  switch type {
  case .scalar(tensor.type) where tensor.blocks == nil: return try tensor.bytes()
  case .scalar(.f32): return try floatValues(tensor).rawBytes
  case .scalar(.f16):
    return try halves(tensor, largest: BlockType.largestValue) { Float16($0).bitPattern }
  case .scalar(.bf16): return try halves(tensor, largest: 0x1.FEp127) { brainBits($0) }
  default:
    throw .mismatch("tensor \(printable(tensor.name)): values are not turned to \(type.name)")
  }
}

private func floatValues(_ tensor: StoredTensor) throws(AIGCError) -> Table<Float> {
  if let table = tensor.floatTable() { return table }
  if tensor.type == .f32, let table = try tensor.bytes().view(as: Float.self) { return table }
  return try Table(try tensor.floats())
}

private func halves(
  _ tensor: StoredTensor, largest: Float, _ bits: (Float) -> UInt16
) throws(AIGCError) -> Table<UInt8> {
  let values = try floatValues(tensor)
  try BlockType.checkRange(values, name: tensor.name, largest: largest)
  return try Table(values.rawBytes.map(as: Float.self, bits)).rawBytes
}
