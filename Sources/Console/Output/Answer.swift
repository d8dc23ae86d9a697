import Files

/// Where the answer of a command goes: standard output, or the file of `--out`, which appears under
/// its name only when complete.
public final class Answer {
  private let file: OutputFile?

  /// An answer to the file at `path`; nil and "-" mean standard output.
  public init(_ path: String?) throws(AIGCError) {
    file = if let path, path != "-" { try OutputFile(path: path) } else { nil }
  }

  public func write(_ bytes: [UInt8]) throws(AIGCError) {
    if let file { try file.write(bytes) } else { try StandardOutput.write(bytes) }
  }

  public func write(_ text: String) throws(AIGCError) { try write(Array(text.utf8)) }

  /// Writes a piece of text that a reader is waiting for.
  public func stream(_ bytes: [UInt8]) throws(AIGCError) {
    if let file { try file.write(bytes) } else { try StandardOutput.stream(bytes) }
  }

  /// One JSON object on one line, `schema` first.
  public func write(json members: [JSONValue.Member]) throws(AIGCError) {
    var bytes: [UInt8] = []
    JSONValue.object([.init("schema", 1)] + members).write(into: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    try write(bytes)
  }

  /// The same with a last member `name` of many elements, which are made one by one.
  public func write(
    json members: [JSONValue.Member], array name: String, count: Int,
    element: (Int) -> JSONValue
  ) throws(AIGCError) {
    var bytes: [UInt8] = []
    JSONValue.object([.init("schema", 1)] + members + [.init(name, [])]).write(into: &bytes)
    bytes.removeLast(2)
    for index in 0..<count {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      element(index).write(into: &bytes)
      if bytes.count >= 1 << 14 {
        try Interruption.check()
        try write(bytes)
        bytes.removeAll(keepingCapacity: true)
      }
    }
    bytes += "]}\n".utf8
    try write(bytes)
  }

  /// Completes the file. Standard output is flushed when the command ends.
  public func finish() throws(AIGCError) {
    if let file { try file.commit(sync: false) } else { try StandardOutput.flush() }
  }
}
