import Files
import FoundationEssentials
import TestSupport
import Testing

@testable import Datasets

@Suite struct TokenizerJSONTests {
  private static let folder = fixture("tokenizer-json")

  private struct Example: Decodable {
    var file: String
    var text: String
    var ids: [Int32]
    var plain: [Int32]
  }

  /// Against the package `tokenizers`; see Scripts/fixtures/tokenizer_json.py.
  @Test func textsHaveTheReferencesIds() throws {
    let data = Data(try bytes("\(Self.folder)/texts.json"))
    let examples = try JSONDecoder().decode([Example].self, from: data)
    #expect(examples.count > 60)
    for name in ["pairs", "strings"] {
      let path = "\(Self.folder)/\(name).json"
      let tokenizer = try BPETokenizer(tokenizerJSON: path)
      #expect(tokenizer.addsPrefixSpace == (name == "strings") && tokenizer.endToken == 0)
      // What is written and read again is the same tokenizer.
      let copy = try TemporaryFolder()
      try tokenizer.write { "\(copy.path)/\($0)" }
      let again = try BPETokenizer(folder: copy.path)
      for var one in [tokenizer, again] {
        for example in examples where example.file == name {
          one.parsesSpecialTokens = true
          let text = try table(example.text)
          let ids = try one.encode(text, name: "t")
          #expect(ids == example.ids, "\(name): \(example.text.debugDescription)")
          if one.addsPrefixSpace {
            let ranges = try one.ranges(of: text, name: "t")
            #expect(ranges.count == ids.count && ranges.last?.upperBound ?? 0 == text.count)
            #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
          } else if !example.text.unicodeScalars.contains(where: {
            "éĠ".unicodeScalars.contains($0)
          }) {
            // These two added tokens are tokens of single bytes too.
            #expect(try roundTrips(one, Array(example.text.utf8)))
          }
          one.parsesSpecialTokens = false
          #expect(
            try one.encode(text, name: "t") == example.plain,
            "\(name), plain: \(example.text.debugDescription)")
        }
      }
    }
  }

  /// Scripts/fixtures/tokenizer_json.py check: `tokenizers` reads this file with the same ids.
  @Test func writesWhatTheReferenceReads() throws {
    let folder = try TemporaryFolder()
    try BPETokenizer(tokenizerJSON: "\(Self.folder)/pairs.json").write { "\(folder.path)/\($0)" }
    #expect(
      try bytes("\(folder.path)/tokenizer.json")
        == bytes("\(Self.folder)/written.json"))
    let configuration = try JSONValue(
      parsing: MappedFile(path: "\(folder.path)/tokenizer_config.json").bytes())
    guard case .object(let members) = configuration else {
      Issue.record("no object")
      return
    }
    #expect(members.contains(.init("tokenizer_class", "GPT2Tokenizer")))
    #expect(members.contains(.init("eos_token", "<|endoftext|>")))
  }

  @Test func blocksDoNotCutAddedTokens() throws {
    let tokens = ["a\nb", "\n\nx", "<|e|>"].enumerated().map {
      AddedToken(id: Int32($0.offset), content: Array($0.element.utf8))
    }
    let text = try table(String(repeating: "a\nb c\n\nx a\n<|e|>\n", count: 30))
    func pieces(_ tokens: [AddedToken], _ blockSize: Int) throws -> (blocks: Int, words: [[UInt8]])
    {
      let corpus = PieceCorpus(
        text, name: "t", addedTokens: try AddedTokenMatcher(tokens), blockSize: blockSize)
      let words = try corpus.map { block in
        var words: [[UInt8]] = []
        block.forEach { index in
          words.append(block.withWord(index) { $0.start.bytes($0.length) })
        }
        return words
      }
      return (corpus.count, words.flatMap { $0 })
    }
    let cut = try pieces(tokens, 5)
    #expect(cut.blocks == 1)
    #expect(try pieces(tokens, 1 << 20).words == cut.words)
    let others = try pieces(Array(tokens.dropFirst()), 5)
    #expect(others.blocks > 10)
    #expect(try pieces(Array(tokens.dropFirst()), 1 << 20).words == others.words)
  }

  /// Post-processors of a sequence in a sequence, however deep, are those of one list.
  @Test func sequencesOfSequences() throws {
    var nested = Self.template("1", "2")
    for level in 0..<50 {
      let other = level == 25 ? #",{"type":"ByteLevel"}"# : ""
      nested = #"{"processors":[\#(nested)\#(other)],"type":"Sequence"}"#
    }
    let marks = try Self.tokenizer(#"{"type":"Sequence","processors":[\#(nested)]"#).marks
    #expect(marks.start == [1] && marks.end == [2])
  }

  /// Of the tokens before a text `decode(ids, skip_special_tokens=True)` of `tokenizers` leaves out those that are
  /// marks, wherever they come, and shows those that are text.
  @Test func marksBeforeTextsAreNotShown() throws {
    for (first, expected) in [("512", "a\"a\""), ("64", "`a\"`a\"")] {
      let tokenizer = try Self.tokenizer(String(Self.template(first, "2").dropLast()))
      let ids = try tokenizer.encode(prompt: "a", addsSpecialTokens: true)
      #expect(ids.map { String($0) } == [first, "65", "2"])
      #expect(decode(tokenizer, ids + ids) == expected)
    }
  }

  /// The tokenizer of written.json with another post-processor, whose object is not closed.
  private static func tokenizer(_ processor: String) throws -> BPETokenizer {
    let old = #""post_processor":{"type":"ByteLevel""#
    let parts = try text("\(folder)/written.json").split(
      separator: old, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    let copy = try TemporaryFolder()
    try copy.write("tokenizer.json", parts.joined(separator: "\"post_processor\":\(processor)"))
    return try BPETokenizer(tokenizerJSON: copy.file("tokenizer.json"))
  }

  /// A template of two ids around the text.
  private static func template(_ before: String, _ behind: String) -> String {
    let tokens = [before, behind].map { #""\#($0)":{"ids":[\#($0)]}"# }.joined(separator: ",")
    let steps = [before, behind].map { #"{"SpecialToken":{"id":"\#($0)"}}"# }
    return
      #"{"type":"TemplateProcessing","single":[\#(steps[0]),{"Sequence":{"id":"A"}},\#(steps[1])]"#
      + #","special_tokens":{\#(tokens)}}"#
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let whole = String(decoding: try bytes("\(Self.folder)/written.json"), as: UTF8.self)
    func load(_ old: String, _ new: String) throws -> String? {
      let parts = whole.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
      #expect(parts.count == 2, "\(old)")
      return refusal {
        try folder.write("tokenizer.json", parts.joined(separator: new))
        _ = try BPETokenizer(folder: folder.path)
      }.map { String($0.line.dropFirst("3 \(folder.path)/tokenizer.json: ".count)) }
    }
    let grows =
      #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(String(repeating: "a", count: 32))"}"#
    let unsupported = "is not supported"
    let ids = (0..<600).map { _ in "0" }.joined(separator: ",")
    for (old, new, expected) in [
      (#""type":"BPE""#, #""type":"WordPiece""#, "model 'WordPiece' \(unsupported)"),
      (#""normalizer":null"#, #""normalizer":{"type":"NFKC"}"#, "normalizer 'NFKC' \(unsupported)"),
      (
        #""normalizer":null"#,
        #""normalizer":{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}"#,
        "normalizer 'Lowercase' \(unsupported)"
      ),
      (
        #""pre_tokenizer":{"type":"ByteLevel""#, #""pre_tokenizer":{"type":"Whitespace""#,
        "pre_tokenizer 'Whitespace' \(unsupported)"
      ),
      (
        #""pre_tokenizer":{"type":"ByteLevel""#,
        #""pre_tokenizer":{"type":"Split","behavior":"Isolated","pattern":{"Regex":"\\d+"}"#,
        #"the pattern '\d+' \#(unsupported)"#
      ),
      (
        #""pre_tokenizer":{"type":"ByteLevel""#,
        #""pre_tokenizer":{"type":"Metaspace","replacement":"_""#,
        "a Metaspace of '_' \(unsupported)"
      ),
      (
        #""normalizer":null,"pre_tokenizer":"#,
        #""normalizer":\#(String(repeating: " ", count: 1 << 18))null,"pre_tokenizer":"#,
        "a normalizer of more than 262144 bytes \(unsupported)"
      ),
      (
        #""normalizer":null,"pre_tokenizer":"#,
        #""normalizer":{"type":"Sequence","normalizers":[\#(grows),\#(grows)]},"pre_tokenizer":"#,
        "a normalizer that makes a text more than 256 times as long \(unsupported)"
      ),
      (
        #""use_regex":true"#, #""use_regex":false"#,
        "pre_tokenizer without use_regex \(unsupported)"
      ),
      (
        #""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"WordPiece""#,
        "decoder 'WordPiece' \(unsupported)"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"RobertaProcessing""#,
        "post_processor 'RobertaProcessing' \(unsupported)"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"TemplateProcessing","single":[]"#,
        "a post_processor that is not one text \(unsupported)"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}]"#,
        "post_processor: 'x' is none of its special_tokens"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"TemplateProcessing","special_tokens":{"x":{"ids":[\#(ids)]}},"single":[{"SpecialToken":{"id":"x"}},{"SpecialToken":{"id":"x"}},{"Sequence":{"id":"A"}}]"#,
        "post_processor: more than 1024 tokens around a text"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"TemplateProcessing","special_tokens":{"x":{"ids":[-1]}},"single":[{"Sequence":{"id":"A"}}]"#,
        "post_processor: 'x' has no list of ids"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"x":"A"}}]"#,
        "post_processor: 'id' is missing"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#,
        #""post_processor":{"type":"Sequence","x":"\#(String(repeating: " ", count: 1 << 18))""#,
        "a post_processor of more than 262144 bytes \(unsupported)"
      ),
      (
        #""post_processor":{"type":"ByteLevel""#, #""post_processor":{"type":"Sequence""#,
        "a Sequence without processors \(unsupported)"
      ),
      (#""dropout":null"#, #""dropout":0.1"#, "dropout 0.1 \(unsupported)"),
      (#""single_word":false"#, #""single_word":true"#, "byte "),
      (
        #""id":512,"content":"<|pad|>""#, #""id":513,"content":"<|pad|>""#,
        "added token '<|pad|>', id 513: "
      ),
      (
        #""id":512,"content":"<|pad|>""#, #""id":7,"content":"<|pad|>""#,
        "added token '<|pad|>', id 7: "
      ),
      (#""id":0,"#, #""id":4294967296,"#, "byte "),
      (#""!":1"#, #""!":2"#, "id 2 comes twice"),
      (#""!":1"#, #""!":4294967296"#, "byte "),
      (#""!":1"#, #""\#("\"")":1"#, "byte "),
      (
        #""merges":["#, #""merges":["zzz q","#,
        "merge 0 names a token that is not in the vocabulary"
      ),
      (#""merges":["#, #""merges":[["a","b","c"],"#, "byte "),
      (#""merges":["#, #""merges":[["a"],"#, "byte "),
      (#""merges":["#, #""merges":["ab","#, "merge 0 is not two tokens with a space between them"),
      (#""merges":["#, #""merges":["~ ~","#, "merge 0 makes a token that is not in the vocabulary"),
      (#""merges":["#, #""other":["#, "no tokenizer: model.vocab or model.merges is missing"),
      (#""version":"1.0""#, #""version":\#(String(repeating: "[", count: 1000))"#, "byte "),
      (#"}}"#, "}", "byte "),
    ] {
      let result = try load(old, new)
      #expect(result?.hasPrefix(expected) == true, "\(new): \(result ?? "accepted")")
      #expect(result?.contains("\n") == false)
    }
    for size in stride(from: 0, to: whole.utf8.count - 2, by: 997) {
      let result = refusal {
        try folder.write("tokenizer.json", Array(whole.utf8.prefix(size)))
        _ = try BPETokenizer(folder: folder.path)
      }?.line
      #expect(result?.hasPrefix("3 ") == true)
    }
  }
}
