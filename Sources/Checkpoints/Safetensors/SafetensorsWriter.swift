import Files

/// A tensor to be written: a name, a shape and values row after row.
public struct NewTensor: Sendable {
  /// The name that the tensor gets in the file.
  public let name: String
  /// The type that the values have in the file.
  public let type: ScalarType
  /// The sizes of the axes, outermost first; empty for a single number.
  public let shape: [Int]
  let values: Values

  enum Values: Sendable {
    case floats([Float])
    case table(Table<Float>)
    case integers([Int64])
    case bytes(Table<UInt8>)
    /// Read when it is its turn.
    case stored(StoredTensor)
  }

  /// Numbers, rounded to `type`: F32, or F16 and BF16 to the nearest value (ties to even).
  public init(name: String, shape: [Int], floats: [Float], type: ScalarType = .f32) {
    self.init(name, type, shape, .floats(floats))
  }

  /// The same from a table.
  public init(name: String, shape: [Int], table: Table<Float>, type: ScalarType = .f32) {
    self.init(name, type, shape, .table(table))
  }

  /// I64.
  public init(name: String, shape: [Int], integers: [Int64]) {
    self.init(name, .i64, shape, .integers(integers))
  }

  /// Values of `type` as they are in memory (little-endian).
  public init(name: String, shape: [Int], bytes: Table<UInt8>, type: ScalarType = .u8) {
    self.init(name, type, shape, .bytes(bytes))
  }

  /// A tensor of another file, with its type.
  public init(_ tensor: StoredTensor, name: String? = nil) {
    self.init(name ?? tensor.name, tensor.type, tensor.shape, .stored(tensor))
  }

  /// The same tensor under another name.
  public func renamed(_ name: String) -> NewTensor { NewTensor(name, type, shape, values) }

  private init(_ name: String, _ type: ScalarType, _ shape: [Int], _ values: Values) {
    self.name = name
    self.type = type
    self.shape = shape
    self.values = values
  }

  /// Size of the values in the file.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the values do not fill the shape or cannot be `type`.
  func byteCount() throws(AIGCError) -> Int {
    let place = "tensor \(printable(name))"
    let count = try StoredTensor.count(of: shape, place: place)
    let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
    let given: Int
    let isFitting: Bool
    switch values {
    case .floats(let floats):
      (given, isFitting) = (floats.count, [.f32, .f16, .bf16].contains(type))
    case .table(let table): (given, isFitting) = (table.count, [.f32, .f16, .bf16].contains(type))
    case .integers(let integers): (given, isFitting) = (integers.count, type == .i64)
    case .bytes(let bytes):
      (given, isFitting) = (bytes.count / type.size, bytes.count % type.size == 0)
    case .stored(let tensor): (given, isFitting) = (tensor.count, true)
    }
    guard !overflow, given == count, isFitting else {
      throw .mismatch("\(place): \(given) values cannot be \(type.rawValue) of shape \(shape)")
    }
    return size
  }
}

/// Writes the safetensors format, byte for byte as the reference implementation does: tensors by
/// size of their type, then name; metadata, which that one leaves in any order, by key.
public enum SafetensorsWriter {
  /// Values turned and written at a time.
  private static let block = 1 << 20

  /// Writes a file in one step.
  /// - Parameters:
  ///   - tensors: in any order; names must differ.
  ///   - metadata: texts for the file's `__metadata__`.
  ///   - path: where the file is to stand.
  ///   - sync: see ``/Files/OutputFile/commit(sync:)``.
  /// - Throws: ``/Files/AIGCError``: mismatch when values do not fill their shape or two tensors have one
  ///   name, failed when the disk refuses.
  public static func write(
    _ tensors: [NewTensor], metadata: [String: String] = [:], to path: String, sync: Bool
  ) throws(AIGCError) {
    let rank = Dictionary(
      uniqueKeysWithValues: ScalarType.allCases.enumerated().map { ($1, -$0) })
    let ordered = tensors.sorted {
      let (left, right) = (rank[$0.type] ?? 0, rank[$1.type] ?? 0)
      // Bytes, not characters: Swift's own order of texts is another.
      return left != right
        ? left < right : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    let header = try header(ordered, metadata)
    let file = try OutputFile(path: path)
    try file.write(littleEndian(UInt64(header.count)) + header)
    for tensor in ordered { try write(tensor, to: file) }
    try file.commit(sync: sync)
  }

  private static func header(
    _ tensors: [NewTensor], _ metadata: [String: String]
  ) throws(AIGCError) -> [UInt8] {
    var members: [[UInt8]] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { quoted($0.key) + ":".utf8 + quoted($0.value) }
      members.append(
        quoted("__metadata__") + ":{".utf8 + pairs.joined(separator: ",".utf8) + "}".utf8)
    }
    var names: Set<String> = []
    var offset = 0
    for tensor in tensors {
      guard tensor.name != "__metadata__", names.insert(tensor.name).inserted else {
        throw .mismatch("two tensors are called \(printable(tensor.name)), or one __metadata__")
      }
      let (end, overflow) = offset.addingReportingOverflow(try tensor.byteCount())
      guard !overflow else { throw .mismatch("the tensors are too large for a file") }
      let shape = tensor.shape.map { String($0) }.joined(separator: ",")
      let value =
        #":{"dtype":"\#(tensor.type.rawValue)","shape":[\#(shape)],"data_offsets":[\#(offset),\#(end)]}"#
      members.append(quoted(tensor.name) + value.utf8)
      offset = end
    }
    var text: [UInt8] = [UInt8(ascii: "{")]
    text += members.joined(separator: ",".utf8)
    text.append(UInt8(ascii: "}"))
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    guard text.count <= SafetensorsReader.largestHeader else {
      throw .mismatch("names and metadata of \(text.count) bytes; safetensors allows 100 MB")
    }
    return text
  }

  /// A JSON text with the escapes of serde_json.
  private static func quoted(_ text: String) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var output: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): output += [UInt8(ascii: "\\"), byte]
      case 8: output += "\\b".utf8
      case 9: output += "\\t".utf8
      case 10: output += "\\n".utf8
      case 12: output += "\\f".utf8
      case 13: output += "\\r".utf8
      case 0..<0x20:
        output += "\\u00".utf8
        output += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
    return output
  }

  private static func littleEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  private static func write(_ tensor: NewTensor, to file: OutputFile) throws(AIGCError) {
    switch tensor.values {
    case .bytes(let bytes): try file.write(bytes)
    case .stored(let stored): try file.write(stored.bytes())
    case .table(let table):
      try write(table.count, tensor.type, to: file) { table.slice($0).rawBytes }
    case .floats(let floats):
      try write(floats.count, tensor.type, to: file) { (range) throws(AIGCError) in
        try Table(Array(floats[range])).rawBytes
      }
    case .integers(let integers):
      for start in stride(from: 0, to: integers.count, by: block) {
        try file.write(Table(Array(integers[start..<min(start + block, integers.count)])))
      }
    }
  }

  /// Writes `count` Floats, which `values` gives as bytes, as `type`.
  private static func write(
    _ count: Int, _ type: ScalarType, to file: OutputFile,
    _ values: (Range<Int>) throws(AIGCError) -> Table<UInt8>
  ) throws(AIGCError) {
    for start in stride(from: 0, to: count, by: block) {
      let bytes = try values(start..<min(start + block, count))
      switch type {
      case .f16: try file.write(Table(bytes.map(as: Float.self) { Float16($0).bitPattern }))
      case .bf16: try file.write(Table(bytes.map(as: Float.self) { brainBits($0) }))
      default: try file.write(bytes)
      }
    }
  }
}
