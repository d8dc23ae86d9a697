import Files
import Glibc
import Testing

/// A folder of a test's own, removed with its value.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var pattern = Array("\(root)/aigc-tests-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&pattern).map { String(cString: $0) })
  }

  deinit { removeTree(path) }

  /// The path of a file or a folder in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and makes the folders that it needs.
  /// - Returns: its path.
  @discardableResult
  package func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    if name.contains("/") { try makeFolder(parentFolder(of: file(name))) }
    try TestSupport.write(bytes, to: file(name))
    return file(name)
  }

  /// Writes a text, as bytes are written.
  /// - Returns: the path.
  @discardableResult
  package func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }
}
