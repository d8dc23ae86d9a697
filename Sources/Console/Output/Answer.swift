import Files

/// Where the answer of a command goes: standard output, or the file of `--out`, which appears under
/// its name only when complete.
public final class Answer {
  private let file: OutputFile?
  /// Whether nobody is there to be told of finished work.
  private let isUnheard: Bool

  /// An answer to the file at `path`; nil, "-" and /dev/stdout mean standard output.
  /// - Parameters:
  ///   - path: of the file, or what means standard output.
  ///   - kind: what the file will hold, which its ending must not deny.
  /// - Throws: ``/Files/AIGCError``: as ``/Files/OutputFile/init(path:)``; usage for an ending of something else.
  public init(_ path: String?, _ kind: OutputKind = .text) throws(AIGCError) {
    isUnheard = false
    guard let path, !isStandardOutput(path) else {
      file = nil
      return
    }
    try kind.check(path)
    file = try OutputFile(path: path)
  }

  private init(isUnheard: Bool) {
    file = nil
    self.isUnheard = isUnheard
  }

  /// An answer that only says what was done: where the model stands, say. It goes to standard output, and
  /// that this was closed before the command began is no error.
  public static func ofFinishedWork() -> Answer {
    Answer(isUnheard: StandardOutput.isMissing)
  }

  /// Appends bytes to the answer; they may stay in a buffer until ``finish()``.
  /// - Throws: ``/Files/AIGCError`` (failed) on a full disk or a closed pipe.
  public func write(_ bytes: [UInt8]) throws(AIGCError) {
    if isUnheard { return }
    if let file { try file.write(bytes) } else { try StandardOutput.write(bytes) }
  }

  /// Appends the UTF-8 of a text to the answer.
  /// - Throws: ``/Files/AIGCError`` (failed) on a full disk or a closed pipe.
  public func write(_ text: String) throws(AIGCError) { try write(Array(text.utf8)) }

  /// Writes a piece of text that a reader is waiting for.
  public func stream(_ bytes: [UInt8]) throws(AIGCError) {
    guard let file else { return try StandardOutput.stream(bytes) }
    try file.write(bytes)
    try file.deliver()
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
    try write(json: members, array: name) { add throws(AIGCError) in
      for index in 0..<count { try add(element(index)) }
    }
  }

  /// The same with elements whose number is not known before: `elements` adds one after the other.
  public func write(
    json members: [JSONValue.Member], array name: String,
    elements: (_ add: (JSONValue) throws(AIGCError) -> Void) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    var bytes: [UInt8] = []
    JSONValue.object([.init("schema", 1)] + members + [.init(name, [])]).write(into: &bytes)
    bytes.removeLast(2)
    var isFirst = true
    try elements { (element) throws(AIGCError) in
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      element.write(into: &bytes)
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
