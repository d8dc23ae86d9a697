import TestSupport
import Testing

@testable import Files

@Suite struct OutputTests {
  @Test func fileAppearsWholeOrNotAtAll() throws {
    let scratch = try TemporaryFolder()
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
    #expect(try text(path) == "the! whole, end")
    #expect(folderContents(scratch.path) == ["a.txt"])
  }

  @Test func folderIsExchanged() throws {
    let scratch = try TemporaryFolder()
    for text in ["old", "new"] {
      let folder = try OutputFolder(path: "\(scratch.path)/model/")
      try write(text, to: folder.file("x"))
      try write(ownConfiguration, to: folder.file("config.json"))
      try folder.commit()
    }
    #expect(folderContents(scratch.path) == ["model"])
    #expect(try text("\(scratch.path)/model/x") == "new")
  }

  @Test func mappedFileRefusesWhatIsNoFile() {
    #expect(throws: AIGCError.self) { try MappedFile(path: "/") }
    #expect(throws: AIGCError.self) { try MappedFile(path: "/no/such/file") }
  }

  @Test func sectionsOutsideAreRefused() throws {
    let scratch = try TemporaryFolder()
    let mapped = try MappedFile(path: scratch.write("b", [UInt8](repeating: 1, count: 100)))
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
