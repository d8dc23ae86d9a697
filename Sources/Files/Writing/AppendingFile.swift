import Glibc

/// A file that grows by whole records while a run goes on (logs): each append is one `write` at the
/// end, so what a killed process leaves is cut in its last record at most.
public final class AppendingFile {
  /// The path that was opened, as messages show it.
  public let path: String
  private let descriptor: Int32

  /// What may stand at the path.
  public enum Opening: Sendable {
    /// Go on with the file that is there, or start one.
    case appending
    /// Start an empty file; an old one is emptied.
    case empty
    /// Start a file; one that is there is an error.
    case new
  }

  /// - Throws: ``AIGCError`` (failed) when the folder is missing or not writable.
  public init(path: String, _ opening: Opening) throws(AIGCError) {
    self.path = path
    var flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    switch opening {
    case .appending: break
    case .empty: flags |= O_TRUNC
    case .new: flags |= O_EXCL
    }
    descriptor = open(path, flags, 0o644)
    guard descriptor >= 0 else { throw .failed("\(path): cannot write: \(systemErrorText())") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Appends one record.
  /// - Throws: ``AIGCError`` (failed) when the disk refuses.
  public func append(_ bytes: [UInt8]) throws(AIGCError) {
    var rest = bytes
    while !rest.isEmpty {
      let size = Glibc.write(descriptor, rest, rest.count)
      if size < 0 {
        if errno == EINTR { continue }
        throw .failed("\(path): cannot write: \(systemErrorText())")
      }
      rest.removeFirst(size)
    }
  }
}
