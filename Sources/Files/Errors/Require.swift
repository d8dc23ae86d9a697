import Glibc

/// Ends the program with a message when its caller breaks a rule that no input can break: as
/// `precondition`, whose message is lost in release builds.
/// - Parameters:
///   - condition: what must hold.
///   - message: names the type and what it was given: "Tensor: 3 values for the shape [2, 2]".
///   - file: of the call, for the message.
///   - line: of the call, for the message.
@inlinable
public func require(
  _ condition: Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition { endProgram(message(), file, line) }
}

@usableFromInline @inline(never)
func endProgram(_ message: String, _ file: StaticString, _ line: UInt) -> Never {
  let text = Array("\(file):\(line): \(message)\n".utf8)
  _ = write(STDERR_FILENO, text, text.count)
  abort()
}

extension AIGCError {
  /// Refuses what a caller hands to a function that throws.
  /// - Throws: ``AIGCError`` (usage) with the message where the condition does not hold.
  package static func check(
    _ condition: Bool, _ message: @autoclosure () -> String
  ) throws(AIGCError) {
    if !condition { throw .usage(message()) }
  }
}
