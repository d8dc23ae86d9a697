import Files

/// Reads what `torch.save` wrote before PyTorch 1.6: pickles one after the other (a magic number, a
/// version, the machine, the object, the keys of the storages) and then each storage, its count of
/// values before it (torch/serialization.py, `_legacy_load`).
struct TorchLegacyReader {
  let path: String
  let bytes: Table<UInt8>
  /// 0x1950a86a20f9469cfc6c, lowest byte first.
  private static let magic: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let version = 1001

  /// Whether a pickle is of `torch.save`: the magic number is its first value, in whatever frame.
  static func begins(_ bytes: Table<UInt8>) -> Bool {
    var unpickler = Unpickler(bytes.prefix(64), place: "", fileSize: 64)
    guard case .data(let range)? = try? unpickler.load().root else { return false }
    return range.map { bytes[$0] } == magic
  }

  func read() throws(AIGCError) -> Checkpoint {
    guard let stream = try stream() else {
      throw .badInput("\(path): a pickle, but not of torch.save: the magic number is missing")
    }
    let tree = try TorchTree(stream.pickle, place: path, size: stream.size)
    var assembly = TorchAssembly(path: path)
    let tensors = try assembly.tensors(of: tree) { (storage) throws(AIGCError) in
      guard let range = stream.storages[storage.key] else {
        throw .badInput("\(path): damaged: the storage \(printable(storage.key)) is missing")
      }
      return bytes.slice(range)
    }
    return try Checkpoint(
      path: path, format: .torchLegacy, tensors: tensors, metadata: tree.metadata,
      arrays: tree.arrays)
  }

  /// An object and the storages behind it.
  struct Stream {
    let pickle: Pickle
    /// Bytes of the pickle.
    let size: Int
    /// Where the values of each storage stand, by key.
    let storages: [String: Range<Int>]
  }

  /// - Returns: nil where the magic number is missing.
  func stream() throws(AIGCError) -> Stream? {
    var unpickler = Unpickler(bytes, place: path, fileSize: bytes.count)
    guard case .data(let range) = try unpickler.load().root,
      range.map({ bytes[$0] }) == Self.magic
    else { return nil }
    guard try unpickler.load().root == .int(Self.version) else {
      throw .badInput("\(path): not version \(Self.version) of torch.save's older format")
    }
    let machine = try unpickler.load()
    guard machine.member("little_endian", of: machine.root) != .bool(false) else {
      throw .badInput("\(path): written by a big-endian machine; save it anew with PyTorch")
    }
    let start = unpickler.position
    let pickle = try unpickler.load()
    let size = unpickler.position - start
    let keys = try unpickler.load()
    return Stream(
      pickle: pickle, size: size,
      storages: try place(keys, pickle, after: unpickler.position))
  }

  /// Where the bytes of each storage are.
  private func place(
    _ keys: Pickle, _ pickle: Pickle, after start: Int
  ) throws(AIGCError) -> [String: Range<Int>] {
    let sizes = try valueSizes(pickle)
    var position = start
    var ranges: [String: Range<Int>] = [:]
    for key in keys.elements(keys.root) ?? [] {
      guard let key = key.string, let size = sizes[key] else {
        throw .badInput("\(path): damaged: a storage that nothing refers to")
      }
      guard let count = bytes.load(Int64.self, at: position) else {
        throw .badInput("\(path): truncated: the storage \(printable(key)) is missing")
      }
      position += 8
      let (length, overflow) = Int(count).multipliedReportingOverflow(by: size)
      guard count >= 0, !overflow, length <= bytes.count - position else {
        throw .badInput(
          "\(path): damaged or truncated: a storage of \(count) values at byte \(position)")
      }
      ranges[key] = position..<position + length
      position += length
    }
    return ranges
  }

  /// Bytes a value of each storage, from all that the pickle says of storages.
  private func valueSizes(_ pickle: Pickle) throws(AIGCError) -> [String: Int] {
    let tensors = TorchTensors(pickle: pickle, place: path)
    var sizes: [String: Int] = [:]
    for index in pickle.objects.indices {
      guard let storage = try tensors.storage(.object(index)) else { continue }
      let size = storage.type?.size ?? 1
      guard sizes.updateValue(size, forKey: storage.key) ?? size == size else {
        throw .badInput("\(path): damaged: the storage \(printable(storage.key)) has two types")
      }
    }
    return sizes
  }
}
