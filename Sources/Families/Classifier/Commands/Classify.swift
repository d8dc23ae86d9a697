import ArgumentParser
import Console
import Datasets
import Files
import Training

/// `aigc classify PICTURES…`.
struct Classify: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Say what pictures show: a line of path, class and probability for each.")

  @Argument(help: "Pictures, folders or archives of them, IDX files.", completion: .file())
  var pictures: [String]
  @Option(
    name: [.customLong("model"), .customShort("m")],
    help: "A classifier's name or path (default: the newest in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @Option(help: "A picture that cannot be read is skipped, with a warning, or ends it (fail).")
  var badPictures = PictureOptions.BadPictures.fail
  @Option(parsing: .unconditional, help: "How many classes to name, the likeliest first.")
  var top = 1
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if top < 1 { throw ValidationError("--top \(top): a number from 1 up") }
  }

  func run() throws {
    let classifier = try openClassifier(model)
    let answer = try Answer(nil)
    var results: [JSONValue] = []
    for path in try pictures.flatMap({ try files($0) }) {
      guard let set = try open(path, classifier) else { continue }
      for first in stride(from: 0, to: set.count, by: 512) {
        let range = first..<min(first + 512, set.count)
        let probabilities = try classifier.probabilities(set.values(Array(range)))
        for (place, index) in range.enumerated() {
          let name = set.count == 1 ? path : "\(path):\(index)"
          let found = likeliest(classifier, probabilities, place)
          if common.json {
            results += found.map { result(name, $0) }
          } else {
            try answer.write(found.map { line(name, $0) }.joined())
          }
        }
      }
    }
    if common.json {
      try answer.write(json: [], array: "results", count: results.count) { results[$0] }
    }
    try answer.finish()
  }

  /// nil for a bad picture that is skipped.
  private func open(_ path: String, _ classifier: Classifier) throws(AIGCError) -> PictureSet? {
    do throws(AIGCError) {
      return try PictureSet.open(path, classifier.pictureOptions)
    } catch  where badPictures == .skip && error.code == .badInput {
      Diagnostics.warning("left out: \(error)")
      return nil
    }
  }

  private typealias Finding = (label: String, probability: Float)

  private func likeliest(
    _ classifier: Classifier, _ probabilities: [Float], _ place: Int
  ) -> [Finding] {
    let classes = classifier.classes
    let row = probabilities[place * classes.count..<(place + 1) * classes.count]
    return zip(classes, row).sorted { $0.1 > $1.1 }.prefix(top).map { ($0.0, $0.1) }
  }

  private func line(_ name: String, _ found: Finding) -> String {
    "\(name)\t\(found.label)\t\(Format.fixed(Double(found.probability), 4))\n"
  }

  private func result(_ name: String, _ found: Finding) -> JSONValue {
    .object([
      .init("path", .string(name)), .init("label", .string(found.label)),
      .init("probability", .float(found.probability)),
    ])
  }

  /// The pictures in a folder, at any depth; other paths as they are.
  private func files(_ path: String) throws(AIGCError) -> [String] {
    guard isFolder(path) else { return [path] }
    var found: [String] = []
    for name in folderContents(path).sorted() where !name.hasPrefix(".") {
      let inner = "\(path)/\(name)"
      let isPicture = ["png", "jpg", "jpeg", "pgm", "ppm"].contains {
        name.lowercased().hasSuffix(".\($0)")
      }
      if isFolder(inner) || isPicture { found += try files(inner) }
    }
    return found
  }
}

/// The chosen classifier, or with no name the newest in `runs/`, else the bundled one, which is then
/// named on standard error.
func openClassifier(_ name: String?) throws(AIGCError) -> Classifier {
  if let name {
    let path = try ModelStore.standard().resolve(name)
    let family = try family(of: path)
    guard family.kind == "classifier" else {
      throw .mismatch("\(path): a model of kind '\(family.kind)'; a classifier is needed here")
    }
    return try Classifier(folder: path)
  }
  return try Classifier(folder: defaultModelPath(kind: "classifier"))
}
