import Files

/// Writes GGUF, version 3: metadata, then tensors at multiples of 32 bytes.
public enum GGUFWriter {
  /// Writes a file in one step.
  /// - Parameters:
  ///   - metadata: pairs in the order of the file; keys must differ. "general.alignment" is left out: it is 32.
  ///   - tensors: in the order of the file; names must differ.
  ///   - path: where the file is to stand.
  ///   - sync: see ``/Files/OutputFile/commit(sync:)``.
  /// - Throws: ``/Files/AIGCError``: mismatch when names, shapes or values do not fit the format, what the
  ///   tensors' values throw, failed when the disk refuses.
  public static func write(
    metadata: [(key: String, value: GGUFValue)], _ tensors: [GGUFTensor], to path: String,
    sync: Bool
  ) throws(AIGCError) {
    let pairs = metadata.filter { $0.key != "general.alignment" }
    try checkKeys(pairs.map { $0.key })
    var header: [UInt8] = []
    header += littleEndianBytes(GGUFFile.magic) + littleEndianBytes(UInt32(3))
    header += littleEndianBytes(UInt64(tensors.count)) + littleEndianBytes(UInt64(pairs.count))
    for (key, value) in pairs {
      append(text: key, to: &header)
      header += littleEndianBytes(value.kind.rawValue)
      append(value, to: &header)
    }
    let sizes = try describe(tensors, &header)
    let file = try OutputFile(path: path)
    try file.write(header)
    for (tensor, size) in zip(tensors, sizes) {
      try file.align(to: GGUFFile.defaultAlignment)
      let start = file.offset
      try tensor.values { (bytes) throws(AIGCError) in
        try file.write(bytes)
        try Interruption.check()
      }
      guard file.offset - start == size else {
        throw .mismatch(
          "tensor \(printable(tensor.name)): \(file.offset - start) bytes for the shape "
            + "\(tensor.shape) of \(tensor.type.name), which takes \(size)")
      }
    }
    // GGML reads the last tensor as one that others follow.
    try file.align(to: GGUFFile.defaultAlignment)
    try file.commit(sync: sync)
  }

  private static func checkKeys(_ keys: [String]) throws(AIGCError) {
    var seen: Set<String> = []
    for key in keys {
      guard !key.isEmpty, key.utf8.count <= GGUFMetadata.longestKey, !key.utf8.contains(0),
        seen.insert(key).inserted
      else {
        throw .mismatch("metadata: the key \(printable(key)) is empty, too long or there twice")
      }
    }
  }

  /// Appends the tensors' descriptions.
  /// - Returns: their sizes in bytes.
  private static func describe(
    _ tensors: [GGUFTensor], _ header: inout [UInt8]
  ) throws(AIGCError) -> [Int] {
    var names: Set<String> = []
    var sizes: [Int] = []
    var offset = 0
    let alignment = GGUFFile.defaultAlignment
    for tensor in tensors {
      let size = try tensor.byteCount()
      guard let number = tensor.type.number, names.insert(tensor.name).inserted else {
        throw .mismatch("two tensors are called \(printable(tensor.name))")
      }
      append(text: tensor.name, to: &header)
      header += littleEndianBytes(UInt32(tensor.shape.count))
      for size in tensor.shape.reversed() { header += littleEndianBytes(UInt64(size)) }
      header += littleEndianBytes(number) + littleEndianBytes(UInt64(offset))
      sizes.append(size)
      guard size <= Int.max - offset - alignment else {
        throw .mismatch("the tensors are too large for a file")
      }
      offset = (offset + size + alignment - 1) / alignment * alignment
    }
    return sizes
  }

  private static func append(text: String, to bytes: inout [UInt8]) {
    bytes += littleEndianBytes(UInt64(text.utf8.count))
    bytes += text.utf8
  }

  private static func append(_ value: GGUFValue, to bytes: inout [UInt8]) {
    switch value {
    case .uint8(let value): bytes.append(value)
    case .int8(let value): bytes += littleEndianBytes(value)
    case .uint16(let value): bytes += littleEndianBytes(value)
    case .int16(let value): bytes += littleEndianBytes(value)
    case .uint32(let value): bytes += littleEndianBytes(value)
    case .int32(let value): bytes += littleEndianBytes(value)
    case .uint64(let value): bytes += littleEndianBytes(value)
    case .int64(let value): bytes += littleEndianBytes(value)
    case .float32(let value): bytes += littleEndianBytes(value.bitPattern)
    case .float64(let value): bytes += littleEndianBytes(value.bitPattern)
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .string(let value): append(text: value, to: &bytes)
    case .array(let array):
      bytes += littleEndianBytes(array.kind.rawValue) + littleEndianBytes(UInt64(array.count))
      bytes += Array(array.bytes)
    }
  }
}
