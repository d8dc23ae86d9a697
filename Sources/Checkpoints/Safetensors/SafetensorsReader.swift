import Files

/// Reads the safetensors format (https://github.com/huggingface/safetensors, README "Format"): the
/// length of the header in 8 bytes, the header in JSON, the values. Stricter than the README in what
/// the reference implementation is strict in too: the values must leave no holes and not overlap.
struct SafetensorsReader {
  let path: String
  let bytes: Table<UInt8>
  /// The reference implementation's limit.
  static let largestHeader = 100_000_000

  private struct Entry {
    var name: String
    var type = ScalarType.u8
    var shape: [Int] = []
    var begin = 0
    var end = 0
  }

  func read() throws(AIGCError) -> Checkpoint {
    guard let length = bytes.load(UInt64.self, at: 0) else {
      throw .badInput("\(path): too short for a safetensors file: \(bytes.count) bytes")
    }
    guard length <= UInt64(Self.largestHeader), length <= UInt64(bytes.count - 8) else {
      throw .badInput(
        "\(path): damaged or truncated: a header of \(length) bytes in a file of \(bytes.count)")
    }
    let header = bytes.slice(8..<8 + Int(length))
    let values = bytes.slice(8 + Int(length)..<bytes.count)
    let (entries, metadata) = try readHeader(header)
    return try Checkpoint(
      path: path, format: .safetensors, tensors: try place(entries, values), metadata: metadata)
  }

  private func readHeader(
    _ header: Table<UInt8>
  ) throws(AIGCError) -> ([Entry], [String: String]) {
    var entries: [Entry] = []
    var metadata: [String: String]?
    var scanner = JSONScanner(header, place: "\(path): header")
    guard header.count > 0, header[0] == UInt8(ascii: "{") else {
      throw scanner.error("'{' is missing")
    }
    try scanner.object { (scanner, name) throws(AIGCError) in
      if name == "__metadata__" {
        guard metadata == nil else { throw scanner.error("__metadata__ twice") }
        metadata = try self.metadata(&scanner)
      } else {
        entries.append(try self.entry(&scanner, name))
      }
    }
    try scanner.finish()
    return (entries, metadata ?? [:])
  }

  private func metadata(_ scanner: inout JSONScanner) throws(AIGCError) -> [String: String] {
    var metadata: [String: String] = [:]
    try scanner.object { (scanner, key) throws(AIGCError) in
      guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
        throw scanner.error("the key \(printable(key)) twice in __metadata__")
      }
    }
    return metadata
  }

  private func entry(
    _ scanner: inout JSONScanner, _ name: String
  ) throws(AIGCError) -> Entry {
    var entry = Entry(name: name)
    var seen: Set<String> = []
    let place = "\(path): tensor \(printable(name))"
    try scanner.object { (scanner, key) throws(AIGCError) in
      guard ["dtype", "shape", "data_offsets"].contains(key) else { return try scanner.skip() }
      guard seen.insert(key).inserted else { throw scanner.error("the key \(key) twice") }
      switch key {
      case "dtype": entry.type = try ScalarType(spelling: try scanner.string(), place: place)
      case "shape": entry.shape = try scanner.sizes(limit: StoredTensor.largestRank)
      default:
        let offsets = try scanner.sizes(limit: 2)
        guard offsets.count == 2 else { throw scanner.error("data_offsets need two numbers") }
        (entry.begin, entry.end) = (offsets[0], offsets[1])
      }
    }
    guard seen.count == 3 else {
      throw .badInput("\(place): dtype, shape or data_offsets is missing in the header")
    }
    return entry
  }

  /// The tensors in the order of their values, each of which begins where the last one ended.
  private func place(
    _ entries: [Entry], _ values: Table<UInt8>
  ) throws(AIGCError) -> [StoredTensor] {
    // Tensors without values begin where others do; sorting must not change their order.
    let order = entries.indices.sorted {
      (entries[$0].begin, entries[$0].end, $0) < (entries[$1].begin, entries[$1].end, $1)
    }
    var tensors: [StoredTensor] = []
    tensors.reserveCapacity(entries.count)
    var start = 0
    for entry in order.map({ entries[$0] }) {
      let place = "\(path): tensor \(printable(entry.name))"
      guard entry.begin <= entry.end, entry.end <= values.count else {
        throw .badInput(
          "\(place): damaged or truncated: bytes \(entry.begin) to \(entry.end) of \(values.count)")
      }
      guard entry.begin == start else {
        let what = entry.begin < start ? "overlap those of another" : "leave a hole before them"
        throw .badInput("\(place): damaged: its values \(what)")
      }
      start = entry.end
      tensors.append(
        try StoredTensor(
          name: entry.name, type: entry.type, shape: entry.shape,
          storage: values.slice(entry.begin..<entry.end), place: place))
    }
    guard start == values.count else {
      throw .badInput("\(path): damaged: \(values.count - start) bytes after the last tensor")
    }
    return tensors
  }
}
