import Archives
import Files

/// A file of named tensors, open for reading.
public struct Checkpoint: Sendable {
  /// How the tensors are stored.
  public enum Format: String, Sendable {
    case safetensors
    /// Several files and `model.safetensors.index.json`, which says what is where.
    case sharded
    /// A zip file of `torch.save`, PyTorch 1.6 and later.
    case torchZip = "torch-zip"
    /// What `torch.save` wrote before.
    case torchLegacy = "torch-legacy"
    /// What Python's `pickle` wrote of objects with tensors.
    case pickle
    /// What llama.cpp and the programs around it read.
    case gguf
  }

  /// The path that was opened: of several files, that of the index.
  public let path: String
  /// How the tensors are stored.
  public let format: Format
  /// In the order of the file.
  public let tensors: [StoredTensor]
  /// `__metadata__` of safetensors; for PyTorch the numbers and short texts beside the tensors, by
  /// dotted names: "epoch", "args.lr"; for GGUF ``gguf`` as text, long arrays
  /// abbreviated.
  public let metadata: [String: String]
  /// Of a GGUF file, its metadata as it stands there.
  public let gguf: GGUFMetadata?
  /// Names of NumPy's arrays in a file of PyTorch, which are not read.
  public let arrays: [String]
  private let indices: [String: Int]

  /// - Throws: ``/Files/AIGCError`` (badInput) when two tensors have one name.
  init(
    path: String, format: Format, tensors: [StoredTensor], metadata: [String: String],
    arrays: [String] = [], gguf: GGUFMetadata? = nil
  ) throws(AIGCError) {
    self.path = path
    self.format = format
    self.tensors = tensors
    self.metadata = metadata
    self.arrays = arrays
    self.gguf = gguf
    var indices: [String: Int] = [:]
    indices.reserveCapacity(tensors.count)
    for (index, tensor) in tensors.enumerated() {
      guard indices.updateValue(index, forKey: tensor.name) == nil else {
        throw .badInput("\(path): two tensors are called \(printable(tensor.name))")
      }
    }
    self.indices = indices
  }

  /// The tensor of that name.
  public subscript(name: String) -> StoredTensor? { indices[name].map { tensors[$0] } }

  /// The tensor of that name.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is none.
  public func tensor(_ name: String) throws(AIGCError) -> StoredTensor {
    guard let tensor = self[name] else {
      throw .mismatch("\(path): no tensor is called \(printable(name))")
    }
    return tensor
  }

  /// How many values all tensors have together.
  public var valueCount: Int {
    // Views may add up to more than memory, in a hostile file to more than an Int.
    tensors.reduce(0) { sum, tensor in
      let (total, overflow) = sum.addingReportingOverflow(tensor.count)
      return overflow ? .max : total
    }
  }

  // MARK: Opening

  /// Opens a file of tensors; what it is shows in its first bytes: safetensors, the index of
  /// safetensors (or PyTorch) files, a zip or an older file of `torch.save`, GGUF.
  ///
  /// Nothing that a PyTorch file asks for is run. The values stay in the file until they are read.
  /// - Throws: ``/Files/AIGCError`` (badInput), one line that names the file and what is wrong with it.
  public static func open(_ path: String) throws(AIGCError) -> Checkpoint {
    try open(path, index: nil)
  }

  /// Opens a file that `index` names; an index cannot name another, or itself.
  static func open(_ path: String, index: String?) throws(AIGCError) -> Checkpoint {
    let file = try MappedFile(path: path)
    let bytes = try file.bytes()
    switch format(of: bytes, path: path) {
    case .safetensors?: return try SafetensorsReader(path: path, bytes: bytes).read()
    case .sharded?:
      if let index { throw .badInput("\(index): \(path) is no file of tensors but JSON text") }
      return try ShardIndex(path: path, bytes: bytes).open()
    case .torchZip?: return try TorchZipReader(path: path, bytes: bytes).read()
    case .torchLegacy?: return try TorchLegacyReader(path: path, bytes: bytes).read()
    case .pickle?: return try TorchPickleReader(path: path, bytes: bytes).read()
    case .gguf?: return try GGUFFile(path: path, bytes: bytes).checkpoint()
    case nil:
      throw .badInput(
        "\(path): no file of tensors: neither safetensors nor GGUF, nor written by torch.save")
    }
  }

  /// Whether the file at `path` looks like one that ``open(_:)`` reads, by its first bytes or, where
  /// these are damaged, by its name.
  public static func recognizes(_ path: String) -> Bool {
    guard !isFolder(path), let bytes = try? MappedFile(path: path).bytes() else { return false }
    switch format(of: bytes, path: path) {
    case .sharded?: return path.hasSuffix(".json")
    case nil:
      return [".pth", ".pt", ".ckpt", ".bin", ".pkl", ".gguf"].contains { path.hasSuffix($0) }
    default: return true
    }
  }

  private static func format(of bytes: Table<UInt8>, path: String) -> Format? {
    // The first byte of a header's length may be any, so safetensors is asked for first.
    if let length = bytes.load(UInt64.self, at: 0),
      length <= UInt64(SafetensorsReader.largestHeader),
      bytes.load(UInt8.self, at: 8) == UInt8(ascii: "{")
    {
      return .safetensors
    }
    if bytes.load(UInt32.self, at: 0) == GGUFFile.magic { return .gguf }
    if bytes.load(UInt32.self, at: 0) == ZipArchive.localSignature { return .torchZip }
    if bytes.load(UInt8.self, at: 0) == PickleCode.protocolVersion {
      return TorchLegacyReader.begins(bytes) ? .torchLegacy : .pickle
    }
    if path.hasSuffix(".safetensors") { return .safetensors }
    let isSpace: (UInt8) -> Bool = { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
    if let first = bytes.prefix(64).indices.first(where: { !isSpace(bytes[$0]) }) {
      return bytes[first] == UInt8(ascii: "{") ? .sharded : nil
    }
    return nil
  }
}
