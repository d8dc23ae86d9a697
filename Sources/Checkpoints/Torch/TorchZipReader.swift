import Archives
import Files

/// Reads what `torch.save` writes since PyTorch 1.6: a zip file with a pickle, `data.pkl`, and the
/// bytes of each storage in `data/<key>` (torch/serialization.py, `_load`).
struct TorchZipReader {
  let path: String
  let bytes: Table<UInt8>
  private static let largestPickle = 256 << 20

  func read() throws(AIGCError) -> Checkpoint {
    var archive = try ZipArchive(path: path, bytes: bytes)
    // All entries stand in one folder, which has the file's first name. "constants.pkl" of a
    // TorchScript file is not asked for.
    let pickles = archive.entries.map { $0.name }.filter {
      $0 == "data.pkl" || $0.hasSuffix("/data.pkl")
    }
    guard let name = pickles.min(by: { $0.utf8.count < $1.utf8.count }) else {
      throw .badInput("\(path): a zip file, but not of torch.save: data.pkl is missing")
    }
    let folder = String(name.dropLast("data.pkl".count))
    // PyTorch does not pack it; packed by others it becomes a tenth.
    let largest = min(Self.largestPickle, (1 << 20) + bytes.count * 32)
    guard archive.size(of: name) ?? 0 <= largest else {
      throw .badInput("\(path): damaged: data.pkl is larger than \(largest) bytes")
    }
    let isBigEndian = try byteOrder(&archive, folder)
    let contents = try archive.contents(of: name)
    let place = "\(path): data.pkl"
    var unpickler = Unpickler(contents, place: place, fileSize: bytes.count)
    let tree = try TorchTree(
      unpickler.load(), place: place, size: min(contents.count, bytes.count))
    var assembly = TorchAssembly(path: path)
    let tensors = try assembly.tensors(of: tree) { (storage) throws(AIGCError) in
      let data = try archive.contents(of: "\(folder)data/\(storage.key)")
      guard isBigEndian else { return data }
      return try swapped(data, storage)
    }
    return try Checkpoint(
      path: path, format: .torchZip, tensors: tensors, metadata: tree.metadata,
      arrays: tree.arrays)
  }

  private func byteOrder(
    _ archive: inout ZipArchive, _ folder: String
  ) throws(AIGCError) -> Bool {
    let name = "\(folder)byteorder"
    guard archive.contains(name), archive.size(of: name) ?? 0 <= 64 else { return false }
    let order = try archive.contents(of: name)
    switch order.text(order.indices) {
    case "little": return false
    case "big": return true
    case let text: throw .badInput("\(path): the byte order \(printable(text)) is not known")
    }
  }

  /// A storage of another kind of machine, its values turned round.
  private func swapped(
    _ data: Table<UInt8>, _ storage: TorchStorage
  ) throws(AIGCError) -> Table<UInt8> {
    guard let size = storage.type?.size else {
      throw .badInput("\(path): a storage without a type in big-endian order is not read")
    }
    switch size {
    case 1: return data
    case 2: return try Table(data.map(as: UInt16.self) { $0.byteSwapped }).rawBytes
    case 4: return try Table(data.map(as: UInt32.self) { $0.byteSwapped }).rawBytes
    default: return try Table(data.map(as: UInt64.self) { $0.byteSwapped }).rawBytes
    }
  }
}
