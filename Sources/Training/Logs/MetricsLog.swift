import Files

/// One line of a log.
public struct MetricsRow: Sendable, Equatable {
  /// The last step that the line is about.
  public let step: Int
  /// All of the line, `step` too.
  public let members: [JSONValue.Member]

  /// Creates a line from its step and all of its members, `step` included.
  public init(step: Int, members: [JSONValue.Member]) {
    self.step = step
    self.members = members
  }

  /// The number `name`; nil when the line has none or it is null (a value that is not finite).
  public subscript(name: String) -> Double? {
    members.first { $0.name == name }?.value.number
  }
}

/// The figures of a training run, one JSON object a line: `{"step":10,"loss":2.31,"lr":0.001}`. The
/// names that the tools of this package know: `step`, `loss`, `val_loss`, `lr`, `items_per_second`,
/// `seconds`; a family adds its own.
public final class MetricsLog {
  /// The file's name inside a run's folder.
  public static let fileName = "log.jsonl"

  /// The path of the log.
  public let path: String
  private let file: AppendingFile

  /// Starts a log; an old one at `path` is emptied.
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder is missing or not writable.
  public init(path: String) throws(AIGCError) {
    self.path = path
    file = try AppendingFile(path: path, .empty)
  }

  /// Opens the log of a run that goes on after `step`: lines of later steps are dropped, as is a
  /// last line that a kill has cut. The file changes in one step, so a second kill loses nothing.
  /// Without a file one is started.
  /// - Throws: ``/Files/AIGCError``: badInput when a line before the last is damaged, failed when the
  ///   disk refuses.
  public init(path: String, resumingAfter step: Int) throws(AIGCError) {
    self.path = path
    if fileExists(path) { try Self.truncate(path, after: step) }
    file = try AppendingFile(path: path, .appending)
  }

  /// Appends one line.
  /// - Parameters:
  ///   - step: the last step that the line is about.
  ///   - members: what the line says, beside its step. Numbers that are not finite are written as null.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func append(step: Int, _ members: [JSONValue.Member]) throws(AIGCError) {
    var bytes: [UInt8] = []
    JSONValue.object([.init("step", .int(step))] + members).write(into: &bytes)
    bytes.append(UInt8(ascii: "\n"))
    try file.append(bytes)
  }

  /// All lines of the log at `path`, in their order. A damaged last line is left out.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing or another line is damaged.
  public static func read(_ path: String) throws(AIGCError) -> [MetricsRow] {
    var rows: [MetricsRow] = []
    try scan(path) { row, _ in rows.append(row) }
    return rows
  }

  private static func truncate(_ path: String, after step: Int) throws(AIGCError) {
    var kept: [Range<Int>] = []
    try scan(path) { row, range in
      if row.step <= step { kept.append(range) }
    }
    let bytes = try MappedFile(path: path).bytes()
    let size = kept.reduce(0) { $0 + $1.count + 1 }
    if size == bytes.count { return }
    let output = try OutputFile(path: path)
    for range in kept {
      try output.write(range.map { bytes[$0] } + [UInt8(ascii: "\n")])
    }
    try output.commit(sync: true)
  }

  /// Calls `body` with each line and the place of its bytes, without the newline. Empty lines and a
  /// damaged last line are passed over.
  private static func scan(
    _ path: String, _ body: (MetricsRow, Range<Int>) -> Void
  ) throws(AIGCError) {
    let bytes = try MappedFile(path: path).bytes()
    var damage: AIGCError?
    var (start, line) = (0, 0)
    while start < bytes.count {
      line += 1
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
      let range = start..<end
      start = end + 1
      if range.isEmpty { continue }
      if let damage { throw damage }
      do {
        body(try row(bytes.slice(range)), range)
      } catch {
        damage = .badInput("\(path): line \(line): \(error.description)")
      }
    }
  }

  private static func row(_ bytes: Table<UInt8>) throws(AIGCError) -> MetricsRow {
    guard case .object(let members) = try JSONValue(parsing: bytes) else {
      throw .badInput("a JSON object is needed")
    }
    guard case .int(let step)? = members.first(where: { $0.name == "step" })?.value else {
      throw .badInput("'step' is missing or not a whole number")
    }
    return MetricsRow(step: step, members: members)
  }
}
