import Files
import Testing

/// How `body` fails: the code of its error and the line that it says. Nil where `body` does not fail; an error that
/// is no ``AIGCError`` is an issue.
package func refusal(
  location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> AIGCError? {
  do {
    try body()
  } catch let error as AIGCError {
    return error
  } catch {
    Issue.record(error, sourceLocation: location)
  }
  return nil
}

extension AIGCError {
  /// Exit code and text: "3 a.txt: the file is empty".
  package var line: String { "\(code.rawValue) \(description)" }
}

/// Runs `body`, which must fail with an ``AIGCError`` of one of `codes`, in one line.
/// - Returns: what the error says; empty where there is none.
@discardableResult
package func refuses(
  _ codes: Set<AIGCError.Code> = [.badInput], _ comment: Comment? = nil,
  location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
  do {
    try body()
    Issue.record(comment ?? "accepted", sourceLocation: location)
  } catch let error as AIGCError {
    #expect(codes.contains(error.code), comment ?? "\(error)", sourceLocation: location)
    #expect(!error.description.contains("\n"), comment, sourceLocation: location)
    return error.description
  } catch {
    Issue.record(error, comment, sourceLocation: location)
  }
  return ""
}

/// One damage of a text file: what stands in it, and what takes its place.
package struct Damage: Sendable, CustomTestStringConvertible {
  package let old: String
  package let new: String
  /// What the refusal says of it, among other things.
  package let message: String

  package init(_ old: String, _ new: String, _ message: String = "") {
    (self.old, self.new, self.message) = (old, new, message)
  }

  package var testDescription: String { "\(old) → \(new)" }
}

extension TemporaryFolder {
  /// Damages a file, expects `open` to refuse it, and puts the file back as it was.
  package func expectRefusal(
    of damage: Damage, in name: String = "model/config.json",
    _ codes: Set<AIGCError.Code> = [.badInput, .mismatch],
    location: SourceLocation = #_sourceLocation, _ open: () throws -> Void
  ) throws {
    let whole = try text(file(name))
    let parts = whole.split(
      separator: damage.old, maxSplits: 1, omittingEmptySubsequences: false)
    #expect(parts.count == 2, "\(damage.old)", sourceLocation: location)
    try write(name, parts.joined(separator: damage.new))
    let found = refuses(codes, "\(damage.testDescription)", location: location, open)
    #expect(
      damage.message.isEmpty || found.contains(damage.message), "\(found)",
      sourceLocation: location)
    try write(name, whole)
  }
}
