import Files

/// Puts tensors and the bytes of their storages together.
struct TorchAssembly {
  let path: String
  /// Storages that were already looked up, by key.
  private var storages: [String: Table<UInt8>] = [:]
  private var storageBytes = 0
  /// Bytes of all tensors so far. Many views of one large storage would ask for many times its size.
  private var tensorBytes = 0
  private static let largestSharing = 64

  init(path: String) { self.path = path }

  /// The tensors of a tree; `bytes` gives the bytes of a storage.
  mutating func tensors(
    of tree: TorchTree, bytes: (TorchStorage) throws(AIGCError) -> Table<UInt8>
  ) throws(AIGCError) -> [StoredTensor] {
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(tree.found.count)
    for (name, tensor) in tree.found {
      tensors.append(try assemble(name, tensor, bytes))
    }
    return tensors
  }

  private mutating func assemble(
    _ name: String, _ tensor: TorchTensor,
    _ bytes: (TorchStorage) throws(AIGCError) -> Table<UInt8>
  ) throws(AIGCError) -> StoredTensor {
    let place = "\(path): tensor \(printable(name))"
    let key = tensor.storage.key
    let whole: Table<UInt8>
    if let known = storages[key] {
      whole = known
    } else {
      whole = try bytes(tensor.storage)
      storages[key] = whole
      storageBytes += whole.count
    }
    let size = tensor.storage.type?.size ?? 1
    let (length, overflow) = tensor.storage.count.multipliedReportingOverflow(by: size)
    let (start, startOverflow) = tensor.storage.offset.multipliedReportingOverflow(by: size)
    guard !overflow, !startOverflow, start <= whole.count, length <= whole.count - start else {
      throw .badInput(
        "\(place): damaged or truncated: its storage of \(length) bytes has \(whole.count)")
    }
    let result = try StoredTensor(
      name: name, type: tensor.type, shape: tensor.shape, strides: tensor.strides,
      offset: tensor.offset, storage: whole.slice(start..<start + length), place: place)
    tensorBytes += result.byteCount
    guard tensorBytes <= storageBytes * Self.largestSharing + (16 << 20) else {
      throw .badInput("\(place): damaged: all tensors are views of the same few values")
    }
    return result
  }
}
