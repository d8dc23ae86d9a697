import ArgumentParser
import Console
import Families
import Files

/// `aigc sentiment INPUT…`.
struct Sentiment: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "sentiment",
    abstract:
      "Say whether texts are positive or negative: a line of class, probability and text for each.",
    discussion: """
      With --explain, a line for each word: what it adds to the logarithm of how much likelier the \
      class is than the other. All words together give the difference to the empty text.
      """)

  @Argument(
    help: "A file with a text a line (.gz too), - for standard input; anything else is a text.",
    completion: .file())
  var inputs: [String]
  @Option(
    name: [.customLong("model"), .customShort("m")],
    help:
      "A classifier of texts, by name or path (default: the newest of sentiment in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @OptionGroup var flags: TextClassificationArguments
  @OptionGroup var common: CommonOptions

  init() {}

  func run() throws {
    let path =
      try model.map { try ModelStore.standard().resolve($0) }
      ?? defaultModelPath(kind: "sentiment")
    try TextClassification(try openTextClassifier(path), inputs, flags).run(json: common.json)
  }
}

/// Opens a classifier of texts.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another kind.
func openTextClassifier(_ path: String) throws(AIGCError) -> TextClassifier {
  let family = try family(of: path)
  guard family is TextClassifierFamily else {
    throw .mismatch(
      "\(path): a model of kind '\(family.kind)'; a classifier of texts is needed here")
  }
  return try TextClassifier(folder: path)
}
