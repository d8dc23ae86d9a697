import Files

/// An array of a GGUF file's metadata: its values stay in the mapped file until they are asked for.
public struct GGUFArray: Sendable {
  /// How many values there are.
  public let count: Int
  let kind: GGUFValue.Kind
  /// The values as they stand in the file, behind the array's own length.
  let bytes: Table<UInt8>
  /// Of texts: where each one's bytes begin, 8 bytes behind its length.
  private let starts: [Int]

  /// Reads an array's element type, its length and, for texts, where each of them begins.
  init(_ cursor: inout GGUFCursor) throws(AIGCError) {
    let number = try cursor.read(UInt32.self)
    guard let kind = GGUFValue.Kind(rawValue: number) else {
      throw .badInput("\(cursor.path): damaged: an array of an unknown type, \(number)")
    }
    guard kind != .array else {
      throw .badInput("\(cursor.path): an array of arrays in the metadata, which is not read")
    }
    self.kind = kind
    count = try cursor.count(of: "values of an array", size: kind.size ?? 8)
    let begin = cursor.offset
    var starts: [Int] = []
    if let size = kind.size {
      try cursor.skip(size * count)
    } else {
      starts.reserveCapacity(count)
      for _ in 0..<count { starts.append(try cursor.text().lowerBound - begin) }
    }
    self.starts = starts
    bytes = cursor.bytes.slice(begin..<cursor.offset)
  }

  private init(
    _ kind: GGUFValue.Kind, _ count: Int, _ bytes: [UInt8], _ starts: [Int] = []
  ) throws(AIGCError) {
    (self.kind, self.count, self.starts) = (kind, count, starts)
    self.bytes = try Table(bytes)
  }

  /// Texts, to be written.
  public init(_ texts: [String]) throws(AIGCError) {
    var (bytes, starts): ([UInt8], [Int]) = ([], [])
    for text in texts {
      bytes += littleEndianBytes(UInt64(text.utf8.count))
      starts.append(bytes.count)
      bytes += text.utf8
    }
    try self.init(.string, texts.count, bytes, starts)
  }

  /// Numbers of the type int32, to be written.
  public init(_ numbers: [Int32]) throws(AIGCError) {
    try self.init(.int32, numbers.count, numbers.flatMap { littleEndianBytes($0) })
  }

  /// Numbers of the type float32, to be written.
  public init(_ numbers: [Float]) throws(AIGCError) {
    try self.init(.float32, numbers.count, numbers.flatMap { littleEndianBytes($0.bitPattern) })
  }

  /// The values as texts; nil when they are others.
  public var strings: GGUFStrings? {
    kind == .string ? GGUFStrings(bytes: bytes, starts: starts) : nil
  }

  /// The values of an array of integers; nil for others, and where an Int does not hold one.
  public var ints: [Int]? {
    switch kind {
    case .uint8: bytes.map(as: UInt8.self) { Int($0) }
    case .int8: bytes.map(as: Int8.self) { Int($0) }
    case .uint16: bytes.map(as: UInt16.self) { Int($0) }
    case .int16: bytes.map(as: Int16.self) { Int($0) }
    case .uint32: bytes.map(as: UInt32.self) { Int($0) }
    case .int32: bytes.map(as: Int32.self) { Int($0) }
    case .int64: bytes.map(as: Int64.self) { Int($0) }
    case .uint64:
      bytes.map(as: UInt64.self) { $0 }.allSatisfy { $0 <= UInt64(Int.max) }
        ? bytes.map(as: UInt64.self) { Int($0) } : nil
    default: nil
    }
  }

  /// The values of an array of floating-point numbers or integers; nil for others.
  public var floats: [Float]? {
    switch kind {
    case .float32: bytes.array(of: Float.self)
    case .float64: bytes.map(as: Double.self) { Float($0) }
    default: ints?.map { Float($0) }
    }
  }

  /// The values of an array of truth values; nil for others.
  public var bools: [Bool]? { kind == .bool ? bytes.map(as: UInt8.self) { $0 != 0 } : nil }

  /// The first values, and how many there are.
  var summary: String {
    let shown = first(8)
    let values = shown.joined(separator: ", ")
    return count > shown.count ? "[\(values), …] (\(count) values)" : "[\(values)]"
  }

  private func first(_ most: Int) -> [String] {
    if let strings { return strings.prefix(most).map { printable($0) } }
    let start = GGUFArray(self, first: min(count, most))
    if let ints = start.ints { return ints.map { String($0) } }
    if let bools = start.bools { return bools.map { $0 ? "true" : "false" } }
    return (start.floats ?? []).map { "\($0)" }
  }

  private init(_ array: GGUFArray, first count: Int) {
    (self.count, kind, starts) = (count, array.kind, [])
    bytes = array.bytes.prefix(count * (array.kind.size ?? 0))
  }
}

/// The texts of an array in a GGUF file, a vocabulary say: each is decoded when it is asked for.
public struct GGUFStrings: RandomAccessCollection, Sendable {
  let bytes: Table<UInt8>
  let starts: [Int]

  public var startIndex: Int { 0 }
  public var endIndex: Int { starts.count }

  /// The text at `index`, with U+FFFD where it is not UTF-8.
  public subscript(index: Int) -> String { bytes.text(range(index)) }

  /// The same as bytes in the mapped file.
  public func bytes(at index: Int) -> Table<UInt8> { bytes.slice(range(index)) }

  private func range(_ index: Int) -> Range<Int> {
    let start = starts[index]
    let length = bytes.load(UInt64.self, at: start - 8) ?? 0
    // The length was within the file when the array was read; whoever cuts the file meanwhile
    // must not move the end beyond it.
    return start..<start + Int(Swift.min(length, UInt64(bytes.count - start)))
  }
}

func littleEndianBytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
}
