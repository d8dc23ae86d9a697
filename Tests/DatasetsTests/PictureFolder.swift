import Files
import Glibc
import Testing

/// A folder of a test's own, removed with its value.
final class PictureFolder {
  let path: String

  init() throws {
    var pattern = Array("/tmp/aigc-pictures-XXXXXX".utf8CString)
    let made = pattern.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
    }
    path = try #require(made)
  }

  deinit { removeTree(path) }

  /// Writes a file, with the folders that it needs.
  /// - Returns: its path.
  @discardableResult
  func write(_ bytes: [UInt8], _ name: String) throws -> String {
    let file = "\(path)/\(name)"
    try makeFolder(parentFolder(of: file))
    let output = try OutputFile(path: file)
    try output.write(bytes)
    try output.commit(sync: false)
    return file
  }
}

/// The bytes of a file.
func contents(_ path: String) throws -> [UInt8] {
  try MappedFile(path: path).bytes().array(of: UInt8.self)
}

/// A file of `Fixtures/pictures`.
func pictureFixture(_ name: String) -> String {
  "\(parentFolder(of: #filePath))/Fixtures/pictures/\(name)"
}
