import Datasets
import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Training

/// ROUGE beside rouge-score, from `Scripts/fixtures/rouge.py`.
@Suite struct RougeTests {
  private struct Case: Decodable {
    var candidate: String
    var references: [String]
    var plain: [String: [Double]]
    var stemmed: [String: [Double]]
  }

  private func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  @Test func equalsRougeScore() throws {
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(TestSupport.bytes(fixture("rouge.json"))))
    #expect(cases.count == 40)
    for one in cases {
      for (isStemmed, expected) in [(false, one.plain), (true, one.stemmed)] {
        let scores = try RougeScorer(RougeOptions(isStemmed: isStemmed))
          .score(Array(one.candidate.utf8), bytes(one.references))
        for (name, path) in RougeScores.measures {
          let (score, values) = (scores[keyPath: path], try #require(expected[name]))
          for (ours, theirs) in zip([score.precision, score.recall, score.f1], values) {
            #expect(abs(ours - theirs) < 1e-12, "\(name) of \(one.candidate)")
          }
        }
      }
    }
  }

  /// In ROUGE-1.5.5's terms ROUGE-L is that of the lines.
  @Test func followsTheScript() throws {
    let (text, goal) = (Array("b c\na d".utf8), Array("a b\nc d".utf8))
    let google = try RougeScorer().score(text, [goal])
    let script = try RougeScorer(RougeOptions(mode: .rouge155, isStemmed: false)).score(
      text, [goal])
    #expect(google.rougeL != google.rougeLsum)
    #expect(script.rougeL == google.rougeLsum && script.rougeLsum == google.rougeLsum)
    #expect(script.rouge1 == google.rouge1)
  }

  @Test func readsOtherScripts() throws {
    let scores = try RougeScorer().score(Array("今天天气很好".utf8), bytes(["今天天气不好", "Привет"]))
    #expect(abs(scores.rouge1.f1 - 5.0 / 6) < 1e-12 && abs(scores.rougeL.f1 - 5.0 / 6) < 1e-12)
  }

  @Test func readsLinesAndJSON() throws {
    let folder = try TemporaryFolder()
    let lines = try folder.write("a.txt", "the cat\r\n\n")
    let json = try folder.write(
      "b.jsonl", "{\"references\": [\"a dog\", \"the cat\"], \"id\": [1]}\n\n{\"summary\": \"x\"}\n"
    )
    let report = try RougeReport(candidates: lines, references: json, .init())
    #expect(report.count == 2 && report.scores.rouge1.f1 == 0.5)
    #expect(report.text.contains("2 texts, mode google, not stemmed"))
    #expect(report.members.map { $0.name }.prefix(2) == ["rouge1", "rouge2"])
  }

  @Test func refusesWhatDoesNotFit() throws {
    let folder = try TemporaryFolder()
    let one = try folder.write("one.txt", "a\n")
    let two = try folder.write("two.txt", "a\nb\n")
    func line(_ first: String, _ second: String) -> String? {
      refusal { _ = try RougeReport(candidates: first, references: second, .init()) }?.line
    }
    #expect(line(one, two)?.hasPrefix("4 \(one) has 1 text, \(two) more") == true)
    #expect(line(two, one)?.hasPrefix("4 \(one) has 1 text, \(two) more") == true)
    let empty = try folder.write("empty.txt", "")
    #expect(line(empty, empty)?.hasPrefix("3 ") == true)
    let other = try folder.write("c.jsonl", "{\"article\": \"a\"}\n")
    #expect(line(other, one)?.contains("line 1: 'summary' is missing") == true)
    let broken = try folder.write("d.jsonl", "{\"summary\": 3}\n")
    #expect(line(broken, one)?.contains("'summary' is not a text") == true)
  }
}
