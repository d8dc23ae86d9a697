import Files

/// Reads what Python's `pickle` itself wrote of objects that hold tensors, such as NVlabs' `network-snapshot-….pkl`:
/// each storage stands in the pickle, as what `torch.save` wrote of it (torch/storage.py, `__reduce__`).
struct TorchPickleReader {
  let path: String
  let bytes: Table<UInt8>

  func read() throws(AIGCError) -> Checkpoint {
    var unpickler = Unpickler(bytes, place: path, fileSize: bytes.count)
    let pickle = try unpickler.load()
    let storages = EmbeddedStorages(path: path, bytes: bytes)
    let tree = try TorchTree(
      pickle, place: path, size: unpickler.position, embedded: storages)
    guard !tree.found.isEmpty || !tree.arrays.isEmpty else {
      throw .badInput(
        "\(path): a pickle, but not of torch.save: the magic number is missing, and no tensors are in it"
      )
    }
    var assembly = TorchAssembly(path: path)
    let tensors = try assembly.tensors(of: tree) { (storage) throws(AIGCError) in
      try storages.bytes(of: storage)
    }
    return try Checkpoint(
      path: path, format: .pickle, tensors: tensors, metadata: tree.metadata, arrays: tree.arrays)
  }
}

/// The storages that stand in a pickle, each in a file of `torch.save` of its own.
final class EmbeddedStorages {
  private let path: String
  private let bytes: Table<UInt8>
  /// What was read, by the first byte: many tensors may share one.
  private var known: [Int: (storage: TorchStorage, bytes: Table<UInt8>)] = [:]

  init(path: String, bytes: Table<UInt8>) { (self.path, self.bytes) = (path, bytes) }

  /// The storage in a range of the pickle.
  func storage(_ range: Range<Int>) throws(AIGCError) -> TorchStorage {
    if let found = known[range.lowerBound] { return found.storage }
    let part = bytes.slice(range)
    guard let stream = try TorchLegacyReader(path: path, bytes: part).stream(),
      var storage = try TorchTensors(pickle: stream.pickle, place: path).storage(
        stream.pickle.root),
      let place = stream.storages[storage.key]
    else {
      throw .badInput("\(path): damaged: byte \(range.lowerBound): no storage of torch.save")
    }
    // Each has a key of its own file.
    storage.key = "\(range.lowerBound)"
    known[range.lowerBound] = (storage, part.slice(place))
    return storage
  }

  func bytes(of storage: TorchStorage) throws(AIGCError) -> Table<UInt8> {
    guard let place = Int(storage.key), let found = known[place] else {
      throw .badInput("\(path): damaged: the storage \(printable(storage.key)) is missing")
    }
    return found.bytes
  }
}

extension Pickle {
  /// The bytes of `torch.storage._load_from_bytes(…)`; nil for another value.
  func embeddedStorage(_ value: PickleValue) -> Range<Int>? {
    guard case .call(let callee, let arguments)? = object(value)?.kind,
      global(callee) == "torch.storage._load_from_bytes",
      case .data(let range)? = elements(arguments)?.first
    else { return nil }
    return range
  }

  /// The attributes of an object of a class whose source NVlabs' `persistence` keeps with it; nil for another call.
  func persistentState(_ callee: PickleValue, _ arguments: PickleValue) -> PickleValue? {
    guard global(callee) == "torch_utils.persistence._reconstruct_persistent_obj",
      let meta = elements(arguments)?.first
    else { return nil }
    return member("state", of: meta)
  }
}
