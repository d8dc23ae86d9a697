import Files
import Inference

/// What a language model reads a text in. A question behind the text has the states of the last token be about what is
/// asked; words before it take the attention that a model gives to whatever stands first.
struct TextPrompt: Sendable {
  /// What stands for the text in a prompt.
  static let mark = "{}"
  /// The text alone.
  static let plain = TextPrompt(before: "", after: "", head: 0, tail: 0)
  /// Bytes of a prompt.
  private static let mostBytes = 4096

  private let before: String
  private let after: String
  /// Tokens before the text, and behind it.
  let head: Int
  let tail: Int

  private init(before: String, after: String, head: Int, tail: Int) {
    (self.before, self.after, self.head, self.tail) = (before, after, head, tail)
  }

  /// Why a text is no prompt; nil: it is one.
  static func problem(_ prompt: String) -> String? {
    prompt.utf8.count <= mostBytes
      && prompt.split(separator: mark, omittingEmptySubsequences: false).count == 2
      ? nil
      : "the prompt \(printable(prompt)): it needs \(mark) once, where the text stands, and up to \(mostBytes) bytes"
  }

  /// - Throws: ``/Files/AIGCError``: usage for what is no prompt, or leaves no room for texts; what the model says of
  ///   characters that it does not have.
  init(_ prompt: String, _ model: any LanguageModel, limit: Int) throws(AIGCError) {
    if let problem = Self.problem(prompt) { throw .usage(problem) }
    let parts = prompt.split(separator: Self.mark, omittingEmptySubsequences: false)
    (before, after) = (String(parts[0]), String(parts[1]))
    // A space before the text belongs to the text's first token.
    let start = before.last == " " ? String(before.dropLast()) : before
    let outside = try start.isEmpty && after.isEmpty ? 0 : model.encode(start + after).count
    head = try start.isEmpty ? 0 : min(model.encode(start).count, outside)
    tail = outside - head
    guard outside * 2 <= limit else {
      throw .usage(
        "the prompt \(printable(prompt)) takes \(outside) of the \(limit) tokens that are read; pass a shorter `settings.prompt`"
      )
    }
  }

  /// The tokens of a text in the prompt, of which the text gives way where they are more than `limit`.
  /// - Returns: all tokens, and those of the text.
  func tokens(
    _ text: ArraySlice<UInt8>, _ model: any LanguageModel, limit: Int
  ) throws(AIGCError) -> (all: [Int32], text: Range<Int>) {
    var all = try model.encode(before + String(decoding: text, as: UTF8.self) + after)
    if all.count > limit { all = all.prefix(limit - tail) + all.suffix(tail) }
    let start = min(head, all.count)
    return (all, start..<max(start, all.count - tail))
  }
}
