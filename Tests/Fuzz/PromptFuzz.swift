import Files
import TestSupport

@testable import Families

/// The target `prompts`: files of prompts, as lines and as JSONL, and each as a regular expression, too.
struct PromptFuzz: FuzzSubject {
  private let folder: String

  init(folder: String) { self.folder = folder }

  var seeds: [[UInt8]] {
    [
      "Once upon a time\n\n  there was\r\na dog\n",
      "{\"prompt\": \"a\\u00e9\\n\", \"x\": [1, {}]}\n{\"prompt\": \"\"}\n",
      "^(a|b[^c-e]{2,3})+?.*\\d\\bx$\n(?i)(?:\\w+ )*[.!?]\"?$\n",
    ].map { Array($0.utf8) }
  }

  var dictionary: [String] {
    [
      "\"prompt\":", "null", "\\ud800", "{", "}", "[", "]", "(", ")", "|", "{9999}", "{2,}", "*",
      "+?",
      "\\", "\n", "[^", "]-[", "(?:", "\u{2028}",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .usage] }

  func write(_ input: [UInt8]) throws {
    try TestSupport.write(input, to: "\(folder)/input")
    try TestSupport.write(input, to: "\(folder)/input.jsonl")
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes("\(folder)/input"), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let lines = String(decoding: try bytes("\(folder)/input"), as: UTF8.self)
    for line in lines.split(separator: "\n").prefix(20) {
      if let expression = try? RegularExpression(String(line)) {
        _ = expression.matches(String(lines.prefix(500)))
      }
    }
    _ = try? PromptSet(path: "\(folder)/input.jsonl")
    let prompts = try PromptSet(path: "\(folder)/input")
    precondition(!prompts.texts.isEmpty)
  }
}
