import Files
import Glibc
import Testing

/// The folder of the package.
package let packageFolder = parentFolder(of: parentFolder(of: parentFolder(of: #filePath)))

/// A file or a folder below `Tests/<target>/Fixtures`.
/// - Parameter target: the test target whose fixtures are meant; nil: that of the caller.
package func fixture(
  _ name: String, of target: String? = nil, caller: String = #filePath
) -> String {
  let tests = "\(packageFolder)/Tests"
  let own = caller.dropFirst(tests.utf8.count + 1).prefix { $0 != "/" }
  return "\(tests)/\(target ?? String(own))/Fixtures/\(name)"
}

/// The folder of larger data, which `AIGC_TEST_DATA` names; nil, with a note, when there is none.
package func testData() -> String? {
  guard let folder = getenv("AIGC_TEST_DATA") else {
    print("skipped: AIGC_TEST_DATA is not set")
    return nil
  }
  return String(cString: folder)
}

/// The bytes of a file, as they are.
package func bytes(_ path: String) throws -> [UInt8] {
  try MappedFile(path: path).bytes().array(of: UInt8.self)
}

/// The text of a file.
package func text(_ path: String) throws -> String {
  String(decoding: try bytes(path), as: UTF8.self)
}

/// Writes a file, without waiting for the disk.
package func write(_ bytes: [UInt8], to path: String) throws {
  let file = try OutputFile(path: path)
  try file.write(bytes)
  try file.commit(sync: false)
}

/// Writes a text file, without waiting for the disk.
package func write(_ text: String, to path: String) throws {
  try write(Array(text.utf8), to: path)
}

/// Expects files of two folders to be the same, byte by byte.
package func expectSameFiles(
  _ names: [String], in first: String, and second: String,
  location: SourceLocation = #_sourceLocation
) throws {
  for name in names {
    let isSame = try bytes("\(first)/\(name)") == bytes("\(second)/\(name)")
    #expect(isSame, "\(name)", sourceLocation: location)
  }
}
