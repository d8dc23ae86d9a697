import Files
import TestSupport
import Testing

@testable import Training

@Suite struct RunFolderTests {
  @Test func names() {
    #expect(RunFolder.dataName("a/corpus.txt") == "corpus")
    #expect(RunFolder.dataName("corpus.txt.gz") == "corpus")
    #expect(RunFolder.dataName("v1.2.txt") == "v1.2")
    #expect(RunFolder.dataName("folder/") == "folder")
    #expect(RunFolder.dataName(".hidden") == ".hidden")
    #expect(RunFolder.dataName("-") == "stdin")
    #expect(RunFolder.dataName("..") == "data")
    #expect(RunFolder.dataName("two words.txt") == "two-words")
  }

  @Test func countsUp() throws {
    let folder = try TemporaryFolder()
    let runs = "\(folder.path)/runs"
    func next() throws -> String {
      try RunFolder.path(family: "ngram", data: "c.txt", out: nil, force: false, runs: runs)
    }
    #expect(try next() == "\(runs)/ngram-c")
    try makeFolder("\(runs)/ngram-c")
    #expect(try next() == "\(runs)/ngram-c-2")
    try makeFolder("\(runs)/ngram-c-2")
    #expect(try next() == "\(runs)/ngram-c-3")
  }

  @Test func outIsNotOverwritten() throws {
    let folder = try TemporaryFolder()
    func check(_ name: String, force: Bool) throws -> String {
      try RunFolder.path(
        family: "f", data: "d", out: "\(folder.path)/\(name)", force: force)
    }
    #expect(try check("new", force: false) == "\(folder.path)/new")
    try folder.write(
      "model/config.json", #"{"family":"ngram","format_version":1,"kind":"text"}"#)
    #expect(throws: AIGCError.self) { try check("model", force: false) }
    #expect(try check("model", force: true) == "\(folder.path)/model")
    try folder.write("letters/mother.txt", "dear")
    refuses([.usage]) { _ = try check("letters", force: true) }
  }
}
