import Datasets
import Files
import Inference
import Training

/// How lines of JSONL are learned from.
public struct RowOptions: Codable, Equatable, Sendable {
  /// Whether answers alone are learned: completions, and what the assistant says.
  public var masksPrompts = false
  /// Whether lines that make no row are left out, and not the end of the run.
  public var skipsBadLines = false

  /// Creates the options by which all of a line is learned.
  public init() {}
}

/// Lines of JSONL files as rows to learn from: `{"text": …}`, `{"prompt": …, "completion": …}` or
/// `{"messages": […]}`, which the model's template renders.
struct RowReader {
  let tokenizer: any Tokenizer
  /// Of the model; nil: it has none.
  let template: ChatTemplate?
  let options: RowOptions
  /// Tokens of a row that are learned from at most.
  let context: Int
  /// Rows that were cut to the context.
  private(set) var cut = 0
  /// What was wrong with lines that were left out, the first few.
  private(set) var skipped: [String] = []
  private(set) var skippedCount = 0

  private static let shownLines = 3

  init(
    _ tokenizer: any Tokenizer, _ template: ChatTemplate?, _ options: RowOptions, context: Int
  ) {
    (self.tokenizer, self.template, self.options, self.context) = (
      tokenizer, template, options, context
    )
  }

  /// Reads a file.
  /// - Parameter path: "-" is standard input.
  /// - Throws: ``/Files/AIGCError``: badInput for a file without rows, and for the first bad line, which it names,
  ///   unless these are left out; interrupted.
  mutating func read(_ path: String) throws(AIGCError) -> [TokenRow] {
    var lines = try TextLines(path: path)
    var rows: [TokenRow] = []
    while let line = try lines.next() {
      guard line.contains(where: { $0 > 32 }) else { continue }
      try Interruption.check()
      let place = "\(lines.name): line \(lines.number)"
      do throws(AIGCError) {
        rows.append(try row(line))
      } catch  where error.code != .interrupted && error.code != .failed {
        let text = "\(place): \(error.description)"
        guard options.skipsBadLines else {
          throw .badInput("\(text); `skipsBadLines` leaves such lines out")
        }
        skippedCount += 1
        if skipped.count < Self.shownLines { skipped.append(text) }
      }
    }
    guard !rows.isEmpty else { throw .badInput("\(path): no line to learn from") }
    return rows
  }

  /// What is said of the data that were read.
  var notes: [String] {
    var notes: [String] = []
    if cut > 0 { notes.append("\(counted(cut, "row")) cut to \(counted(context, "token"))") }
    if skippedCount > 0 {
      let shown = skipped.joined(separator: "; ")
      notes.append("\(counted(skippedCount, "bad line")) left out: \(shown)")
    }
    return notes
  }

  // MARK: One line

  private mutating func row(_ line: [UInt8]) throws(AIGCError) -> TokenRow {
    var scanner = JSONScanner(try Table(line), place: "")
    let value = try scanner.value()
    try scanner.finish()
    guard case .object(let members) = value else { throw .badInput("no JSON object") }
    func text(_ name: String) throws(AIGCError) -> String? {
      guard let value = members.last(where: { $0.name == name })?.value, value != .null else {
        return nil
      }
      guard case .string(let text) = value else { throw .badInput("'\(name)' is no text") }
      return text
    }
    if members.contains(where: { $0.name == "messages" }) {
      return try fitted(messages(Conversation(value)))
    }
    if let completion = try text("completion") {
      guard let prompt = try text("prompt") else {
        throw .badInput("a completion without a prompt")
      }
      let first = try tokenizer.encode(prompt: prompt, addsSpecialTokens: true)
      let all = first + ended(try tokenizer.encode(prompt: completion))
      return try fitted(row(all, answers: [first.count..<all.count]))
    }
    guard let text = try text("text") else {
      throw .badInput("'text', 'prompt' with 'completion', or 'messages' is needed")
    }
    let all = ended(try tokenizer.encode(prompt: text, addsSpecialTokens: true))
    return try fitted(row(all, answers: [0..<all.count]))
  }

  private func ended(_ tokens: [Int32]) -> [Int32] {
    guard tokenizer.endTokenEndsText, let end = tokenizer.endToken, tokens.last != end else {
      return tokens
    }
    return tokens + [end]
  }

  private func row(_ tokens: [Int32], answers: [Range<Int>]) -> TokenRow {
    TokenRow(tokens: tokens, learned: options.masksPrompts ? answers : [0..<tokens.count])
  }

  /// One token more than the context, since the first one is not learned.
  private mutating func fitted(_ row: TokenRow) throws(AIGCError) -> TokenRow {
    var result = row
    if row.tokens.count > context + 1 {
      result.tokens = Array(row.tokens.prefix(context + 1))
    }
    guard result.learnedCount > 0 else {
      throw .badInput(
        row.learnedCount > 0
          ? "the answer begins behind \(counted(context, "token")), which is all that fits"
          : "nothing to learn: fewer than two tokens, or no answer")
    }
    if result.tokens.count < row.tokens.count { cut += 1 }
    return result
  }

  // MARK: Conversations

  /// The text is cut where answers begin and end, and each piece becomes tokens by itself, as a prompt does
  /// that an answer follows.
  private func messages(_ conversation: Conversation) throws(AIGCError) -> TokenRow {
    guard let template else {
      throw .badInput("messages, and the model has no chat template")
    }
    guard conversation.messages.contains(where: { $0.role == "assistant" }) else {
      throw .badInput("messages without an answer of the assistant")
    }
    let whole = Array(try template.render(conversation, addsGenerationPrompt: false).utf8)
    var (tokens, answers, end): ([Int32], [Range<Int>], Int) = ([], [], 0)
    func add(_ upper: Int) throws(AIGCError) {
      let piece = String(decoding: whole[end..<upper], as: UTF8.self)
      if !piece.isEmpty { tokens += try tokenizer.encode(rendered: piece) }
      end = upper
    }
    for range in try answerRanges(conversation, template, whole) where range.lowerBound >= end {
      try add(range.lowerBound)
      let first = tokens.count
      try add(range.upperBound)
      answers.append(first..<tokens.count)
    }
    try add(whole.count)
    return row(tokens, answers: answers)
  }

  /// Where the assistant's answers stand, with the marks that end them. Where the template writes earlier turns otherwise
  /// once others follow, the last answer alone is known.
  private func answerRanges(
    _ conversation: Conversation, _ template: ChatTemplate, _ whole: [UInt8]
  ) throws(AIGCError) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    for (index, message) in conversation.messages.enumerated() where message.role == "assistant" {
      var part = conversation
      part.messages = Array(conversation.messages[..<index])
      let before = Array(try template.render(part, addsGenerationPrompt: true).utf8)
      part.messages = Array(conversation.messages[...index])
      let after = Array(try template.render(part, addsGenerationPrompt: false).utf8)
      let isLast = index == conversation.messages.count - 1
      if whole.starts(with: after), after.starts(with: before) {
        ranges.append(before.count..<after.count)
      } else if isLast, options.masksPrompts {
        throw .badInput("the model's chat template does not say where an answer begins")
      }
    }
    if ranges.isEmpty, options.masksPrompts {
      throw .badInput("the model's chat template does not say where an answer begins")
    }
    return ranges
  }
}
