import Files
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

@Suite struct ModelCompletionTests {
  @Test func namesAndPaths() throws {
    let temporary = try TemporaryFolder()
    let folder = temporary.path
    for name in ["tang", "tail", "vae"] {
      try temporary.write(
        "\(name)/config.json", "{\"format_version\":1,\"family\":\"ngram\",\"kind\":\"text\"}")
    }
    try temporary.write("tail.arpa", "")
    try makeFolder("\(folder)/task")
    let store = ModelStore(folders: [(.home, folder)])
    #expect(modelCandidates("t", store: store).filter { !$0.contains("/") } == ["tail", "tang"])
    #expect(modelCandidates("\"ta", store: store) == ["tail", "tang"])
    #expect(modelCandidates("none-of-them", store: store) == [])
    let paths = modelCandidates("\(folder)/ta", store: store)
    #expect(paths == ["tail.arpa", "tail/", "tang/", "task/"].map { "\(folder)/\($0)" }.sorted())
  }
}
