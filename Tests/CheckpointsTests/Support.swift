import Files
import Glibc
import Synchronization
import Testing

@testable import Checkpoints

/// A folder that goes with the test.
final class TemporaryFolder: Sendable {
  let path: String
  private static let number = Atomic<Int>(0)

  init() throws {
    let index = Self.number.add(1, ordering: .relaxed).newValue
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = "\(root)/aigc-checkpoints-tests-\(getpid())-\(index)"
    try makeFolder(path)
  }
  deinit { removeTree(path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let output = try OutputFile(path: file(name))
    try output.write(bytes)
    try output.commit(sync: false)
    return file(name)
  }
}

func fixture(_ name: String, file: String = #filePath) -> String {
  "\(parentFolder(of: file))/Fixtures/\(name)"
}

func bytes(_ path: String) throws -> [UInt8] {
  try MappedFile(path: path).bytes().array(of: UInt8.self)
}

/// Opens a file and reads all its values in every way.
@discardableResult
func readAll(_ path: String) throws -> Checkpoint {
  let checkpoint = try Checkpoint.open(path)
  for tensor in checkpoint.tensors {
    #expect(try tensor.bytes().count == tensor.byteCount)
    #expect(try tensor.floats().count == tensor.count)
    if !tensor.type.isFloatingPoint { #expect(try tensor.integers().count == tensor.count) }
    if let table = tensor.floatTable() { #expect(table.count == tensor.count) }
  }
  return checkpoint
}

/// Runs `body`, which must fail with badInput and one line.
@discardableResult
func refuses(
  _ code: AIGCError.Code = .badInput, _ comment: Comment? = nil,
  location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) -> String {
  do {
    try body()
    Issue.record(comment ?? "accepted", sourceLocation: location)
  } catch let error as AIGCError {
    #expect(error.code == code, comment ?? "\(error)", sourceLocation: location)
    #expect(!error.description.contains("\n"), comment, sourceLocation: location)
    return error.description
  } catch {
    Issue.record(error, comment, sourceLocation: location)
  }
  return ""
}

/// A safetensors file of a header and bytes of values.
func safetensors(_ header: String, _ values: Int = 0) -> [UInt8] {
  let text = Array(header.utf8)
  return littleEndian(UInt64(text.count)) + text + [UInt8](repeating: 0, count: values)
}

func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
  (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> Value($0 * 8)) }
}
