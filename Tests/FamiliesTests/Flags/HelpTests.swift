import Files
import Glibc
import Testing

@testable import Commands
@testable import Families

/// The help of every verb, word for word: a change shows in the diff.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct HelpTests {
  private static let folder = parentFolder(of: parentFolder(of: #filePath)) + "/Fixtures/help"

  @Test func textsAreThoseOfTheFixtures() throws {
    let names = folderContents(Self.folder)
    let verbs = CommandTree.leaves.map { "aigc-\($0.verb.replacing(" ", with: "-")).txt" }
    #expect(Set(verbs).isSubset(of: names) && names.count > verbs.count)
    let output = "/tmp/aigc-help-\(getpid()).txt"
    defer { removeTree(output) }
    for name in names {
      let verb = name.dropLast(4).split(separator: "-").dropFirst().joined(separator: " ")
      #expect(shell("COLUMNS=80 \"$AIGC\" \(verb) --help >\(output)") == 0, "\(name)")
      let (found, kept) = try (bytes(output), bytes("\(Self.folder)/\(name)"))
      #expect(
        found == kept, "aigc \(verb) --help: meant? then Scripts/fixtures/help.py .build/debug/aigc"
      )
    }
  }

  private func bytes(_ path: String) throws -> String {
    try String(decoding: MappedFile(path: path).bytes().array(of: UInt8.self), as: UTF8.self)
  }
}
