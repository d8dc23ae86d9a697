import Files

/// Reads the numbers and texts of a GGUF file one after the other; nothing is read beyond its end.
struct GGUFCursor {
  let path: String
  let bytes: Table<UInt8>
  private(set) var offset = 0

  init(path: String, bytes: Table<UInt8>) {
    self.path = path
    self.bytes = bytes
  }

  /// Bytes from here to the end.
  var left: Int { bytes.count - offset }

  /// - Throws: ``/Files/AIGCError`` (badInput) where the file ends before.
  mutating func read<Value: BitwiseCopyable>(_ type: Value.Type) throws(AIGCError) -> Value {
    guard let value = bytes.load(type, at: offset) else { throw ended() }
    offset += MemoryLayout<Value>.size
    return value
  }

  /// A number of things, each of which takes `size` bytes at least.
  mutating func count(of things: String, size: Int) throws(AIGCError) -> Int {
    let count = try read(UInt64.self)
    guard count <= UInt64(left / size) else {
      throw .badInput(
        "\(path): damaged or truncated: \(count) \(things) cannot stand in \(left) bytes")
    }
    return Int(count)
  }

  /// Where the bytes of a text stand.
  mutating func text() throws(AIGCError) -> Range<Int> {
    let length = try read(UInt64.self)
    guard length <= UInt64(left) else {
      throw .badInput(
        "\(path): damaged or truncated: a text of \(length) bytes with \(left) left in the file")
    }
    let range = offset..<offset + Int(length)
    offset = range.upperBound
    return range
  }

  /// A name: UTF-8 without NUL, of 1 to `longest` bytes.
  mutating func name(of thing: String, longest: Int) throws(AIGCError) -> String {
    let range = try text()
    guard !range.isEmpty, range.count <= longest else {
      throw .badInput(
        "\(path): damaged: the name of a \(thing) has \(range.count) bytes, not 1 to \(longest)")
    }
    let bytes = bytes.slice(range)
    guard !bytes.indices.contains(where: { bytes[$0] == 0 }),
      let name = String(validating: Array(bytes), as: UTF8.self)
    else {
      throw .badInput("\(path): damaged: the name of a \(thing) is not UTF-8 text without NUL")
    }
    return name
  }

  /// Passes `length` bytes over.
  mutating func skip(_ length: Int) throws(AIGCError) {
    guard length >= 0, length <= left else { throw ended() }
    offset += length
  }

  private func ended() -> AIGCError { .badInput("\(path): truncated: the file ends in its header") }
}
