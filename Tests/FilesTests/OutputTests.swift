import Glibc
import Testing

@testable import Files

/// A folder of its own for one test, removed afterwards.
final class Scratch {
  let path: String
  init() {
    var name = Array("/tmp/aigc-files-XXXXXX".utf8CString)
    path = mkdtemp(&name).map { String(cString: $0) } ?? "/tmp"
  }
  deinit { removeTree(path) }
}

@Suite struct OutputTests {
  @Test func fileAppearsWholeOrNotAtAll() throws {
    let scratch = Scratch()
    let path = "\(scratch.path)/a.txt"
    do {
      let file = try OutputFile(path: path)
      try file.write("half")
    }
    #expect(folderContents(scratch.path).isEmpty)
    let file = try OutputFile(path: path)
    try file.write("____ whole")
    try file.overwriteStart(with: try Table(Array("the!".utf8)))
    try file.write(", end")
    try file.commit(sync: true)
    let bytes = try MappedFile(path: path).bytes()
    #expect(String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) == "the! whole, end")
    #expect(folderContents(scratch.path) == ["a.txt"])
  }

  @Test func folderIsExchanged() throws {
    let scratch = Scratch()
    for text in ["old", "new"] {
      let folder = try OutputFolder(path: "\(scratch.path)/model/")
      let file = try OutputFile(path: folder.file("x"))
      try file.write(text)
      try file.commit(sync: false)
      let configuration = try OutputFile(path: folder.file("config.json"))
      try configuration.write("{\"family\":\"x\"}")
      try configuration.commit(sync: false)
      try folder.commit()
    }
    #expect(folderContents(scratch.path) == ["model"])
    let bytes = try MappedFile(path: "\(scratch.path)/model/x").bytes()
    #expect(bytes.indices.map { bytes[$0] } == Array("new".utf8))
  }

  @Test func mappedFileRefusesWhatIsNoFile() {
    #expect(throws: AIGCError.self) { try MappedFile(path: "/") }
    #expect(throws: AIGCError.self) { try MappedFile(path: "/no/such/file") }
  }

  @Test func sectionsOutsideAreRefused() throws {
    let scratch = Scratch()
    let file = try OutputFile(path: "\(scratch.path)/b")
    try file.write([UInt8](repeating: 1, count: 100))
    try file.commit(sync: false)
    let mapped = try MappedFile(path: "\(scratch.path)/b")
    for (offset, count) in [
      (0, 26), (100, 1), (-4, 1), (2, 1), (0, Int.max), (Int.max, 1), (0, -1),
    ] {
      #expect(throws: AIGCError.self) {
        try mapped.table(of: UInt32.self, at: offset, count: count)
      }
    }
    #expect(try mapped.table(of: UInt32.self, at: 96, count: 1)[0] == 0x0101_0101)
  }

  @Test func paths() {
    #expect(parentFolder(of: "a/b/c") == "a/b")
    #expect(parentFolder(of: "c") == ".")
    #expect(lastComponent(of: "a/b/c.txt") == "c.txt")
    #expect(lastComponent(of: "a/b/") == "b")
  }
}
