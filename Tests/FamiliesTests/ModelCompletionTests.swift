import Files
import Glibc
import Testing
import Training

@testable import Commands
@testable import Families

@Suite struct ModelCompletionTests {
  @Test func namesAndPaths() throws {
    var pattern = Array("/tmp/aigc-completion-XXXXXX".utf8CString)
    let folder = try #require(mkdtemp(&pattern).map { String(cString: $0) })
    defer { removeTree(folder) }
    for name in ["tang", "tail", "vae"] {
      try makeFolder("\(folder)/\(name)")
      try write(
        "{\"format_version\":1,\"family\":\"ngram\",\"kind\":\"text\"}",
        to: "\(folder)/\(name)/config.json")
    }
    try write("", to: "\(folder)/tail.arpa")
    try makeFolder("\(folder)/task")
    let store = ModelStore(folders: [(.home, folder)])
    #expect(modelCandidates("t", store: store).filter { !$0.contains("/") } == ["tail", "tang"])
    #expect(modelCandidates("\"ta", store: store) == ["tail", "tang"])
    #expect(modelCandidates("none-of-them", store: store) == [])
    let paths = modelCandidates("\(folder)/ta", store: store)
    #expect(paths == ["tail.arpa", "tail/", "tang/", "task/"].map { "\(folder)/\($0)" }.sorted())
  }

  private func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path: path)
    try file.write(Array(text.utf8))
    try file.commit(sync: false)
  }
}
