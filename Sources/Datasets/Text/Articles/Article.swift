import Files

/// A text with what people made of it: a line of a JSONL file with the keys `article`, `summary`, `references`
/// and `query`, each of which may be missing. Other keys are passed over.
public struct Article: Sendable {
  /// The text; nil where the line has none.
  public var article: [UInt8]?
  /// A summary of it.
  public var summary: [UInt8]?
  /// All summaries of it, those of people.
  public var references: [[UInt8]] = []
  /// What was asked of it.
  public var query: [UInt8]?

  /// What a summary is compared with: the references, else the one summary.
  public var goals: [[UInt8]] { references.isEmpty ? summary.map { [$0] } ?? [] : references }

  /// Reads a line.
  /// - Parameters:
  ///   - line: of a JSONL file.
  ///   - place: what the line is in messages.
  /// - Throws: ``/Files/AIGCError`` (badInput) for what is no JSON object, and for texts of another type.
  public init(_ line: [UInt8], place: String) throws(AIGCError) {
    var scanner = JSONScanner(try Table(line), place: place)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "article": article = try Self.text(&scanner, key)
      case "summary": summary = try Self.text(&scanner, key)
      case "query": query = try Self.text(&scanner, key)
      case "references":
        if scanner.peek() == UInt8(ascii: "[") {
          try scanner.array { (scanner) throws(AIGCError) in
            if let text = try Self.text(&scanner, key) { references.append(text) }
          }
        } else if let text = try Self.text(&scanner, key) {
          references = [text]
        }
      default: try scanner.skip()
      }
    }
    try scanner.finish()
  }

  private static func text(
    _ scanner: inout JSONScanner, _ key: String
  ) throws(AIGCError) -> [UInt8]? {
    if try scanner.takeNull() { return nil }
    guard scanner.peek() == UInt8(ascii: "\"") else {
      throw scanner.error("'\(key)' is not a text")
    }
    var text: [UInt8] = []
    try scanner.string(into: &text)
    return text
  }
}

/// The articles of a JSONL file, one after another; empty lines are passed over.
public struct ArticleReader {
  private var lines: TextLines

  /// - Parameter path: "-" is standard input.
  /// - Throws: ``/Files/AIGCError``: as ``TextLines/init(path:)``.
  public init(path: String) throws(AIGCError) { lines = try TextLines(path: path) }

  /// Reads on where `lines` stand.
  public init(_ lines: TextLines) { self.lines = lines }

  /// What the article that was read last is called in messages: "a.jsonl: line 3".
  public var place: String { "\(lines.name): line \(lines.number)" }

  /// The next article; nil after the last.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a line that is no JSON object.
  public mutating func next() throws(AIGCError) -> Article? {
    while let line = try lines.next() {
      guard line.contains(where: { $0 > 32 }) else { continue }
      return try Article(line, place: place)
    }
    return nil
  }

  /// Whether a file holds JSON objects by its name.
  public static func isJSONL(named path: String) -> Bool {
    let name = path.lowercased()
    return name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz")
  }

  /// Whether a file holds JSON objects, by its name, else by its first letter.
  /// - Parameters:
  ///   - path: of the file.
  ///   - lines: of the file, nothing read yet.
  public static func isJSONL(_ path: String, _ lines: inout TextLines) throws(AIGCError) -> Bool {
    let name = path.lowercased()
    if isJSONL(named: path) { return true }
    if name.hasSuffix(".txt") || name.hasSuffix(".txt.gz") { return false }
    return try lines.peek() == UInt8(ascii: "{")
  }
}
