import Datasets
import Files

/// What a model is asked to continue while it learns from rewards.
public struct PromptSet: Sendable {
  /// The prompts in the order of the file.
  public var texts: [String] = []
  /// What each is called in messages.
  private(set) var places: [String] = []

  /// The most prompts that are read.
  public static let most = 1 << 20
  /// The most bytes of a prompt.
  static let longest = 1 << 20

  /// Reads a file: one prompt a line, or JSON objects with `prompt`, by its name (`.jsonl`) or its first letter.
  /// Empty lines are passed over; prompts keep their spaces.
  /// - Parameter path: "-" is standard input; may be packed.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a file that cannot be read, bytes that are not UTF-8, a line that
  ///   is no object with a text `prompt`, and where there are no prompts or too many.
  public init(path: String) throws(AIGCError) {
    var lines = try TextLines(path: path)
    let isJSON = try ArticleReader.isJSONL(path, &lines)
    while let line = try lines.next() {
      guard line.contains(where: { $0 > 32 }) else { continue }
      let place = "\(lines.name): line \(lines.number)"
      let bytes = isJSON ? try Self.prompt(line, place) : line
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .badInput("\(place): not UTF-8")
      }
      guard bytes.count <= Self.longest else {
        throw .badInput("\(place): a prompt of more than \(Self.longest) bytes")
      }
      guard texts.count < Self.most else {
        throw .badInput("\(lines.name): more than \(Self.most) prompts")
      }
      texts.append(text)
      places.append(place)
    }
    guard !texts.isEmpty else { throw .badInput("\(lines.name): no prompts") }
  }

  private static func prompt(_ line: [UInt8], _ place: String) throws(AIGCError) -> [UInt8] {
    var scanner = JSONScanner(try Table(line), place: place)
    var prompt: [UInt8]?
    try scanner.object { (scanner, key) throws(AIGCError) in
      guard key == "prompt" else { return try scanner.skip() }
      guard scanner.peek() == UInt8(ascii: "\"") else {
        throw scanner.error("'prompt' is not a text")
      }
      var text: [UInt8] = []
      try scanner.string(into: &text)
      prompt = text
    }
    try scanner.finish()
    guard let prompt else { throw .badInput("\(place): no 'prompt'") }
    return prompt
  }

  /// The prompts in a model's tokens.
  /// - Parameters:
  ///   - policy: the model.
  ///   - room: the most tokens that are written behind a prompt.
  /// - Throws: ``/Files/AIGCError``: badInput for a prompt that leaves too little room in the model's context,
  ///   mismatch for one that the vocabulary cannot write.
  func encoded(_ policy: any TextPolicy, room: Int) throws(AIGCError) -> [[Int32]] {
    var result: [[Int32]] = []
    for (text, place) in zip(texts, places) {
      try Interruption.check()
      let tokens: [Int32]
      do throws(AIGCError) {
        tokens = try policy.tokenizer.encode(prompt: text, addsSpecialTokens: true)
      } catch  where error.code != .interrupted {
        throw AIGCError(error.code, "\(place): \(error.description)")
      }
      if let context = policy.contextSize, policy.inputs(tokens).count + room > context {
        throw .badInput(
          "\(place): a prompt of \(counted(tokens.count, "token")) and `maxTokens` \(room) do not fit the model's "
            + "context of \(context)")
      }
      result.append(tokens)
    }
    return result
  }
}
