import ArgumentParser
import Console
import Families
import Files

/// `aigc classify INPUT…`.
struct Classify: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract:
      "Say what images show, or what texts are: a line of path, class and probability, or of class, probability and text.",
    discussion: """
      Without --model images are expected. Of a classifier of texts each input is a file with a text \
      a line, - for standard input, or a text.
      """)

  @Argument(
    help: "Images, folders or archives of them, IDX files; or texts and files of them.",
    completion: .file())
  var inputs: [String]
  @Option(
    name: [.customLong("model"), .customShort("m")],
    help:
      "A classifier's name or path (default: the newest of images in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @OptionGroup(title: "Images") var reading: ImageReadingFlags
  @OptionGroup(title: "Texts") var texts: TextClassificationArguments
  @Option(parsing: .unconditional, help: "How many classes to name, the likeliest first.")
  var top = 1
  @Option(
    parsing: .unconditional,
    help:
      "Name only so many inputs, those whose class is least sure: what to label next (default: all)."
  )
  var mostUncertain: Int?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top \(top): a number from 1 up") }
    if let mostUncertain, mostUncertain < 1 {
      throw ValidationError("--most-uncertain \(mostUncertain): a number from 1 up")
    }
  }

  func run() throws {
    let path = try model.map { try ModelStore.standard().resolve($0) }
    if let path, try family(of: path) is TextClassifierFamily {
      return try classifyTexts(path)
    }
    guard !texts.isGiven else {
      throw AIGCError.usage(
        "--text, --explain and --lexicon are of texts: name a classifier of them by --model")
    }
    try ImageClassification(
      classifier: try openClassifier(model), images: inputs, reading: reading.reading, top: top,
      mostUncertain: mostUncertain
    ).run(json: common.json)
  }

  private func classifyTexts(_ path: String) throws(AIGCError) {
    guard !reading.reading.isGiven else {
      throw .usage("--bad-pictures and --ignore-orientation are of images; \(path) reads texts")
    }
    var classification = try TextClassification(try openTextClassifier(path), inputs, texts)
    (classification.top, classification.mostUncertain) = (top, mostUncertain)
    try classification.run(json: common.json)
  }
}
