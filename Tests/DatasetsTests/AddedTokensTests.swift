import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

/// Added tokens that overlap against the package `tokenizers`; see Scripts/fixtures/added_tokens.py.
@Suite struct AddedTokensTests {
  private struct Row: Decodable {
    var kind: String
    /// `added_tokens` of the file.
    var added: String
    var texts: [String]
    var ids: [[Int32]]
    /// With special tokens as text.
    var plain: [[Int32]]
  }

  @Test func textsHaveTheReferencesIds() throws {
    let rows = try JSONDecoder().decode(
      [Row].self, from: Data(bytes(fixture("added-tokens.json"))))
    #expect(rows.count > 20)
    for row in rows {
      let base = try MappedFile(path: fixture("tokenizer-kinds/\(row.kind).json")).bytes()
      guard case .object(var members) = try JSONValue(parsing: base),
        let place = members.firstIndex(where: { $0.name == "added_tokens" })
      else { continue }
      members[place].value = try JSONValue(parsing: table(row.added))
      let folder = try TemporaryFolder()
      try folder.write("tokenizer.json", JSONValue.object(members).text)
      var tokenizer = try BPETokenizer(tokenizerJSON: folder.file("tokenizer.json"))
      for (index, text) in row.texts.enumerated() {
        let table = try table(text)
        for (parses, expected) in [(true, row.ids[index]), (false, row.plain[index])] {
          tokenizer.parsesSpecialTokens = parses
          let ids = try tokenizer.encode(table, name: "t", addsSpecialTokens: false)
          #expect(
            ids == expected, "\(row.kind), \(parses): \(text.debugDescription) with \(row.added)")
        }
      }
    }
  }
}
