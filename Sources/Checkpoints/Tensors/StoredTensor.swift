import Files
import Kernels

/// A tensor in a file. Its values are read when they are asked for.
public struct StoredTensor: Sendable {
  /// The name of the tensor in its file, such as "encoder.0.weight".
  public private(set) var name: String
  /// The type that the values have when they are read: that of the file, F32 for blocks of few bits.
  public let type: ScalarType
  /// How values of few bits stand in the file; nil for those that stand one by one.
  public let blocks: BlockType?
  /// Empty for a single number.
  public let shape: [Int]
  /// How many values there are: the product of the shape.
  public let count: Int

  /// Bytes of the memory that the tensor is a view of, maybe with others.
  let storage: Table<UInt8>
  /// The first value's index in the storage.
  let offset: Int
  /// Steps between neighbours of each dimension; nil when the values stand row after row.
  let strides: [Int]?

  /// The most dimensions a tensor may have, as in PyTorch.
  static let largestRank = 64
  /// How many times the values of a storage an expanded tensor may repeat, unless it is small.
  private static let largestExpansion = 16
  private static let smallCount = 4096

  /// A tensor whose values stand row after row in memory.
  /// - Parameters:
  ///   - name: of the tensor.
  ///   - type: of the values.
  ///   - shape: sizes of the axes, outermost first.
  ///   - storage: the values as bytes, little-endian.
  ///   - place: what stands before what is wrong.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the shape and the size of `storage` do not fit.
  public init(
    name: String, type: ScalarType, shape: [Int], storage: Table<UInt8>, place: String
  ) throws(AIGCError) {
    count = try Self.count(of: shape, place: place)
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.size)
    guard !overflow, bytes == storage.count else {
      throw .badInput(
        "\(place): the shape \(shape) of \(type.rawValue) does not fit its \(storage.count) bytes")
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.storage = storage
    blocks = nil
    offset = 0
    strides = nil
  }

  /// A tensor of a GGUF file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the shape and the size of `storage` do not fit.
  init(
    name: String, type: GGUFType, shape: [Int], storage: Table<UInt8>, place: String
  ) throws(AIGCError) {
    guard type.byteCount(of: shape) == storage.count else {
      throw .badInput(
        "\(place): the shape \(shape) of \(type.name) does not fit its \(storage.count) bytes")
    }
    self.name = name
    self.shape = shape
    self.storage = storage
    switch type {
    case .scalar(let scalar): (self.type, blocks) = (scalar, nil)
    case .blocks(let type): (self.type, blocks) = (.f32, type)
    }
    count = try Self.count(of: shape, place: place)
    offset = 0
    strides = nil
  }

  /// A view of a storage, in PyTorch's terms.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it reaches beyond the storage, or repeats its values so
  ///   often that a small file would ask for a lot of memory.
  init(
    name: String, type: ScalarType, shape: [Int], strides: [Int], offset: Int,
    storage: Table<UInt8>, place: String
  ) throws(AIGCError) {
    count = try Self.count(of: shape, place: place)
    guard strides.count == shape.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      throw .badInput("\(place): damaged: offset \(offset), shape \(shape), strides \(strides)")
    }
    self.name = name
    self.type = type
    self.shape = shape
    self.storage = storage
    blocks = nil
    guard count > 0 else {
      self.offset = 0
      self.strides = nil
      return
    }
    let available = storage.count / type.size
    // A dimension of one element is never stepped along.
    let steps = zip(shape, strides).map { $0 == 1 ? 0 : $1 }
    var last = offset
    for (size, step) in zip(shape, steps) {
      let (span, overflow) = (size - 1).multipliedReportingOverflow(by: step)
      let (sum, sumOverflow) = last.addingReportingOverflow(span)
      guard !overflow, !sumOverflow, sum < available else {
        throw .badInput("\(place): the tensor reaches beyond its storage of \(available) values")
      }
      last = sum
    }
    guard last < available else {
      throw .badInput("\(place): the tensor reaches beyond its storage of \(available) values")
    }
    // available × 16 cannot overflow: it is a count of bytes in memory.
    guard count <= max(available * Self.largestExpansion, Self.smallCount),
      count <= max(available, 1 << 31)
    else {
      throw .badInput(
        "\(place): \(count) values made of a storage of \(available): too large to expand")
    }
    self.offset = offset
    self.strides = Self.areContiguous(steps, shape) ? nil : steps
  }

  /// The same values under another name.
  public func renamed(_ name: String) -> StoredTensor {
    var result = self
    result.name = name
    return result
  }

  /// The same values without a first axis of size 1; any other tensor stays as it is.
  public var withoutFirstAxis: StoredTensor { StoredTensor(droppingFirstAxisOf: self) }

  private init(droppingFirstAxisOf tensor: StoredTensor) {
    let isOne = tensor.shape.first == 1
    (name, type, blocks) = (tensor.name, tensor.type, tensor.blocks)
    (count, storage, offset) = (tensor.count, tensor.storage, tensor.offset)
    shape = isOne ? Array(tensor.shape.dropFirst()) : tensor.shape
    strides = isOne ? tensor.strides.map { Array($0.dropFirst()) } : tensor.strides
  }

  /// The product of a shape.
  static func count(of shape: [Int], place: String) throws(AIGCError) -> Int {
    guard shape.count <= largestRank else {
      throw .badInput("\(place): \(shape.count) dimensions; at most \(largestRank) are read")
    }
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else {
        throw .badInput("\(place): the shape \(shape) is negative or too large")
      }
      count = product
    }
    return count
  }

  private static func areContiguous(_ steps: [Int], _ shape: [Int]) -> Bool {
    var expected = 1
    for (size, step) in zip(shape, steps).reversed() where size != 1 {
      if step != expected { return false }
      expected *= size
    }
    return true
  }
}

// MARK: Values

extension StoredTensor {
  /// Size of the values in bytes, as ``bytes()`` gives them.
  public var byteCount: Int {
    // Blocks of a hostile file stand for thirteen times their bytes at most.
    count * type.size
  }

  /// How the file calls the type of the values: "F32", "Q4_K".
  public var typeName: String { blocks?.rawValue ?? type.rawValue }

  /// The bytes of blocks as they stand in the mapped file, row after row; nil for other tensors.
  public var blockBytes: Table<UInt8>? { blocks == nil ? nil : storage }

  /// The values row after row as they are in memory (little-endian); a part of the mapped file where
  /// that is possible. Blocks are decoded.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory for a copy.
  public func bytes() throws(AIGCError) -> Table<UInt8> {
    if let blocks { return try blocks.decode(storage).frozen().rawBytes }
    guard let strides else {
      return storage.slice(offset * type.size..<(offset + count) * type.size)
    }
    switch type.size {
    case 1: return try gather(UInt8.self, strides)
    case 2: return try gather(UInt16.self, strides)
    case 4: return try gather(UInt32.self, strides)
    default: return try gather(UInt64.self, strides)
    }
  }

  /// The first rows of a matrix that lies row after row, in the same memory; another tensor is copied
  /// first.
  /// - Throws: as ``bytes()``; ``/Files/AIGCError`` (mismatch) when there are fewer rows.
  public func prefix(_ rows: Int) throws(AIGCError) -> StoredTensor {
    guard rows >= 0 else { throw .mismatch("tensor \(printable(name)): \(rows) rows") }
    return try self.rows(0..<rows)
  }

  /// Some neighbouring rows (parts along the first axis), as ``prefix(_:)`` gives the first ones.
  /// - Throws: as ``bytes()``; ``/Files/AIGCError`` (mismatch) when there are fewer rows.
  public func rows(_ range: Range<Int>) throws(AIGCError) -> StoredTensor {
    guard let all = shape.first, range.lowerBound >= 0, range.upperBound <= all else {
      throw .mismatch("tensor \(printable(name)): rows \(range) of the shape \(shape)")
    }
    if range.count == all { return self }
    let shape = [range.count] + shape.dropFirst()
    // A row's last axis is whole blocks, and a tensor of one axis has no rows to choose from.
    if let blocks, shape.count > 1 {
      let size = storage.count / all
      return try StoredTensor(
        name: name, type: .blocks(blocks), shape: shape,
        storage: storage.slice(range.lowerBound * size..<range.upperBound * size),
        place: printable(name))
    }
    let size = byteCount / all
    return try StoredTensor(
      name: name, type: type, shape: shape,
      storage: try bytes().slice(range.lowerBound * size..<range.upperBound * size),
      place: printable(name))
  }

  /// The values as Floats, row after row, whatever their type: Double is rounded, false is 0, true 1.
  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  public func floats() throws(AIGCError) -> [Float] {
    let bytes = try bytes()
    switch type {
    case .f64: return bytes.map(as: Double.self) { Float($0) }
    case .f32: return bytes.array(of: Float.self)
    case .f16: return bytes.map(as: UInt16.self) { float(half: $0) }
    case .bf16: return bytes.map(as: UInt16.self) { float(brain: $0) }
    case .i64: return bytes.map(as: Int64.self) { Float($0) }
    case .i32: return bytes.map(as: Int32.self) { Float($0) }
    case .i16: return bytes.map(as: Int16.self) { Float($0) }
    case .i8: return bytes.map(as: Int8.self) { Float($0) }
    case .u8: return bytes.map(as: UInt8.self) { Float($0) }
    case .bool: return bytes.map(as: UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }

  /// The values of a tensor of integers or of truth values, row after row.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when they are floating-point numbers.
  public func integers() throws(AIGCError) -> [Int64] {
    let bytes = try bytes()
    switch type {
    case .i64: return bytes.array(of: Int64.self)
    case .i32: return bytes.map(as: Int32.self) { Int64($0) }
    case .i16: return bytes.map(as: Int16.self) { Int64($0) }
    case .i8: return bytes.map(as: Int8.self) { Int64($0) }
    case .u8: return bytes.map(as: UInt8.self) { Int64($0) }
    case .bool: return bytes.map(as: UInt8.self) { $0 == 0 ? 0 : 1 }
    case .f64, .f32, .f16, .bf16:
      throw .mismatch("tensor \(printable(name)): \(type.rawValue) where integers are needed")
    }
  }

  /// The values in the mapped file itself: nil unless they are F32, row after row and aligned.
  public func floatTable() -> Table<Float>? {
    guard type == .f32, blocks == nil, strides == nil else { return nil }
    return storage.slice(offset * 4..<(offset + count) * 4).view(as: Float.self)
  }

  /// Copies the values of a view row after row.
  private func gather<Value: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ value: Value.Type, _ strides: [Int]
  ) throws(AIGCError) -> Table<UInt8> {
    let output = try MutableTable<Value>(count: count)
    let size = type.size
    let (inner, step) = (shape.last ?? 1, strides.last ?? 0)
    var index = [Int](repeating: 0, count: max(shape.count - 1, 0))
    var (start, written) = (offset, 0)
    while written < count {
      var place = start
      for _ in 0..<inner {
        output[written] = storage.load(Value.self, at: place &* size) ?? 0
        place &+= step
        written &+= 1
      }
      // The next row, as an odometer counts.
      var dimension = index.count - 1
      while dimension >= 0 {
        index[dimension] += 1
        start += strides[dimension]
        if index[dimension] < shape[dimension] { break }
        start -= strides[dimension] * shape[dimension]
        index[dimension] = 0
        dimension -= 1
      }
    }
    return output.frozen().rawBytes
  }
}
