import Datasets
import Files
import Glibc
import Synchronization

/// A folder that goes with the test.
final class TestFolder: Sendable {
  let path: String
  private static let number = Atomic<Int>(0)

  init() throws {
    let index = Self.number.add(1, ordering: .relaxed).newValue
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = "\(root)/aigc-datasets-tests-\(getpid())-\(index)"
    try makeFolder(path)
  }
  deinit { removeTree(path) }

  func write(_ name: String, _ text: some Sequence<UInt8>) throws {
    let output = try OutputFile(path: "\(path)/\(name)")
    try output.write(Array(text))
    try output.commit(sync: false)
  }

  func write(_ name: String, _ text: String) throws { try write(name, text.utf8) }
}

func bytes(ofFile path: String) throws -> [UInt8] {
  try MappedFile(path: path).bytes().withUnsafeBuffer { Array($0) }
}

/// A folder of the package's `Tests`.
func testsFolder(_ name: String, file: String = #filePath) -> String {
  let parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
  return parts.joined(separator: "/") + "/" + name
}

/// The folder of larger data; nil, with a note, when there is none.
func testData() -> String? {
  guard let folder = getenv("AIGC_TEST_DATA") else {
    print("skipped: AIGC_TEST_DATA is not set")
    return nil
  }
  return String(cString: folder)
}

/// Checks what all tokenizers promise: the bytes of the ids are the text, ranges follow.
func roundTrips(_ tokenizer: any Tokenizer, _ text: [UInt8]) throws -> Bool {
  let table = try Table(text)
  let ids = try tokenizer.encode(table, name: "t")
  let ranges = try tokenizer.ranges(of: table, name: "t")
  let parts = zip(ids, ranges).map { (tokenizer.bytes(of: $0), Array(text[$1])) }
  return ids.flatMap { tokenizer.bytes(of: $0) } == text && ids.count == ranges.count
    && parts.allSatisfy { $0 == $1 }
    && ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }
}

func decode(_ tokenizer: any Tokenizer, _ ids: [Int32]) -> String {
  var decoder = tokenizer.makeDecoder()
  let text = ids.flatMap { decoder.append($0) } + decoder.finish()
  return String(decoding: text, as: UTF8.self)
}
