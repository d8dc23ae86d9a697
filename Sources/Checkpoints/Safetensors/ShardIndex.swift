import Files

/// Reads `model.safetensors.index.json` (Hugging Face transformers): which of the files beside it
/// holds which tensor.
struct ShardIndex {
  let path: String
  let bytes: Table<UInt8>
  private static let largestFile = 256 << 20

  func open() throws(AIGCError) -> Checkpoint {
    guard bytes.count <= Self.largestFile else {
      throw .badInput("\(path): too large for an index")
    }
    let (map, metadata) = try read()
    var shards: [String: Checkpoint] = [:]
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(map.count)
    for (name, shard) in map {
      if shards[shard] == nil { shards[shard] = try openShard(shard) }
      guard let tensor = shards[shard]?[name] else {
        throw .badInput("\(path): \(printable(shard)) has no tensor \(printable(name))")
      }
      tensors.append(tensor)
    }
    return try Checkpoint(path: path, format: .sharded, tensors: tensors, metadata: metadata)
  }

  private func read() throws(AIGCError) -> ([(name: String, shard: String)], [String: String]) {
    var map: [(name: String, shard: String)]?
    var metadata: [String: String] = [:]
    var scanner = JSONScanner(bytes, place: path)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "weight_map":
        guard map == nil else { throw scanner.error("weight_map twice") }
        var pairs: [(name: String, shard: String)] = []
        try scanner.object { (scanner, name) throws(AIGCError) in
          pairs.append((name, try scanner.string()))
        }
        map = pairs
      case "metadata" where scanner.peek() == UInt8(ascii: "{"):
        try scanner.object { (scanner, name) throws(AIGCError) in
          if let text = try scanner.scalarText() { metadata[name] = text }
        }
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard let map else { throw .badInput("\(path): no index of tensors: weight_map is missing") }
    return (map, metadata)
  }

  /// A file beside the index.
  private func openShard(_ name: String) throws(AIGCError) -> Checkpoint {
    guard !name.isEmpty, name != ".", !name.contains(".."), !name.utf8.contains(0),
      !name.utf8.contains(UInt8(ascii: "/"))
    else {
      throw .badInput("\(path): \(printable(name)) is no name of a file beside the index")
    }
    return try Checkpoint.open("\(parentFolder(of: path))/\(name)", index: path)
  }
}
