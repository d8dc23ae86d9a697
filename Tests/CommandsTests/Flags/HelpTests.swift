import Files
import TestSupport
import Testing

@testable import Commands
@testable import Families

/// The help of every verb, word for word: a change shows in the diff.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct HelpTests {
  private static let folder = fixture("help")

  @Test func textsAreThoseOfTheFixtures() throws {
    let names = folderContents(Self.folder)
    let verbs = CommandTree.leaves.map { "aigc-\($0.verb.replacing(" ", with: "-")).txt" }
    #expect(Set(verbs).isSubset(of: names) && names.count > verbs.count)
    let temporary = try TemporaryFolder()
    let output = temporary.file("help.txt")
    for name in names {
      // Verbs of several words, and one whose word has a hyphen.
      let verb =
        CommandTree.leaves.map { $0.verb }.first {
          "aigc-\($0.replacing(" ", with: "-")).txt" == name
        }
        ?? name.dropLast(4).split(separator: "-").dropFirst().joined(separator: " ")
      #expect(shell("COLUMNS=80 \"$AIGC\" \(verb) --help >\(output)") == 0, "\(name)")
      let (found, kept) = try (text(output), text("\(Self.folder)/\(name)"))
      #expect(
        found == kept, "aigc \(verb) --help: meant? then Scripts/fixtures/help.py .build/debug/aigc"
      )
    }
  }
}
