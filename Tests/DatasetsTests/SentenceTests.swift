import Files
import TestSupport
import Testing

@testable import Datasets

/// Where sentences end.
@Suite struct SentenceTests {
  private func sentences(_ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    return try SentenceScanner.sentences(of: bytes).map {
      String(decoding: bytes[$0.range], as: UTF8.self)
    }
  }

  /// Each row is a text cut by bars.
  @Test(arguments: [
    "It rained. |We stayed. |Why? |No idea! |Fine",
    "Mr. Smith met Dr. J. R. Jones at 3 p.m. in St. Louis. |They spoke.",
    "He moved to the U.S. in 1999. |He lives in the U.S. |The town is small.",
    "See Fig. 3 and Eq. 4, e.g. the left one, i.e. ours. |It is from Aug. 5.",
    "We use Swift 6.3.1 and 3.14 of it. |See https://a.b/c.html?d=e.f for more. |Done.",
    "Smith et al. (2010) did it; cf. Sec. 2. |We did too.",
    "\"Why?\" he asked. |\"No,\" she said. |\"Never.\" |He left.",
    "(It was late.) |We slept. |\"We slept.\" |Then we woke [all of us]. |Good.",
    "Well ... maybe. |So it goes... |Then it ends.",
    "Wait… what? |Yes… |Now.",
    "And I. |Then you. |Is it vitamin C. |The other one?",
    "1. First we go. |2. Then we come. |In 1999. |Then 2000.",
    "今天下雨。|我们不去！|为什么？|“因为冷。”|他说。|好",
    "他来了。|She left. |我走了。",
    "One\nline and\nanother. |Next",
    "A title\n\n|A paragraph. |Its end\n \n|Another",
    "Points:\n|- one\n|- two\n|* three",
    "Apples, Inc. made it. |The firm Apples Inc. |It was good, etc. |But no.",
    "No. 5 is alive. |I said no. |Vol. 2 came.",
    "Really?! |Yes!!! |OK.",
    "a cat sleeps . |it is late ! |so . . . it goes .",
    "Ends with closers.')] |Next. |Last",
    "राम आया।|सीता गई।| Ok",
  ])
  func cuts(row: String) throws {
    let expected = row.split(separator: "|").map { part in
      var text = part[...]
      while text.last?.isWhitespace == true { text.removeLast() }
      while text.first?.isWhitespace == true { text.removeFirst() }
      return String(text)
    }
    #expect(try sentences(row.replacing("|", with: "")) == expected)
  }

  @Test func countsParagraphs() throws {
    let found = try SentenceScanner.sentences(of: Array("Aa. Bb.\n\nCc.\n\n\n\nDd.\u{C}Ee.".utf8))
    #expect(found.map { $0.paragraph } == [0, 0, 1, 2, 3])
  }

  @Test func survivesAnything() throws {
    var state: UInt64 = 9
    for length in [0, 1, 2, 3, 50, 4000] {
      for _ in 0..<40 {
        let bytes = (0..<length).map { _ -> UInt8 in
          state = state &* 6_364_136_223_846_793_005 &+ 1
          return length == 50
            ? [46, 32, 10, 0xE3, 0x80, 0x82, 65, 97, 34][Int(state >> 33) % 9] : UInt8(state >> 56)
        }
        let found = try SentenceScanner.sentences(of: bytes)
        #expect(
          zip(found, found.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound })
        #expect(found.allSatisfy { !$0.range.isEmpty && $0.range.upperBound <= length })
      }
    }
    for text in [".", "。", "a", " ", "\n\n", "...", "?!", "\u{2026}"] { _ = try sentences(text) }
  }

  @Test func cutsWhatIsTooLong() throws {
    let text = [UInt8](repeating: 97, count: 3 * SentenceScanner.longest)
    let found = try SentenceScanner.sentences(of: text)
    #expect(found.count == 3 && found.allSatisfy { $0.range.count == SentenceScanner.longest })
    let wide = Array(String(repeating: "字", count: SentenceScanner.longest).utf8)
    for place in try SentenceScanner.sentences(of: wide) {
      #expect(String(validating: wide[place.range], as: UTF8.self) != nil)
    }
  }
}

/// Articles from JSONL.
@Suite struct ArticleTests {
  @Test func readsWhatIsThere() throws {
    let line =
      #"{"id": {"a": [1]}, "article": "A\nb", "references": ["x", null, "y"], "query": null}"#
    let article = try Article(Array(line.utf8), place: "here")
    #expect(article.article == Array("A\nb".utf8) && article.query == nil)
    #expect(article.goals.count == 2)
    #expect(try Article(Array(#"{"summary": "s"}"#.utf8), place: "").goals == [[115]])
    #expect(try Article(Array(#"{"references": "s"}"#.utf8), place: "").goals == [[115]])
  }

  @Test func refusesWhatIsNone() {
    for line in [
      "[]", "{", "x", #"{"article": 3}"#, #"{"article": "a"} x"#, #"{"references": [[]]}"#,
    ] {
      #expect(
        refuses { _ = try Article(Array(line.utf8), place: "f: line 2") }.hasPrefix("f: line 2"))
    }
  }
}
