import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc classify IMAGES…`.
struct Classify: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Say what images show: a line of path, class and probability for each.")

  @Argument(help: "Images, folders or archives of them, IDX files.", completion: .file())
  var images: [String]
  @Option(
    name: [.customLong("model"), .customShort("m")],
    help: "A classifier's name or path (default: the newest in runs/, else the bundled one).",
    completion: .model)
  var model: String?
  @OptionGroup var reading: ImageReadingFlags
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
    var options = classifier.imageOptions
    reading.reading.apply(to: &options, isIgnored: options.ignoresOrientation)
    try forImages(images, options, Diagnostics.show) { (set) throws(AIGCError) in
      try classify(set, classifier, answer, &results)
    }
    if common.json {
      try answer.write(json: [], array: "results", count: results.count) { results[$0] }
    }
    try answer.finish()
  }

  private func classify(
    _ set: ImageSet, _ classifier: Classifier, _ answer: Answer, _ results: inout [JSONValue]
  ) throws(AIGCError) {
    var doubts: [Float] = []
    for first in stride(from: 0, to: set.count, by: 512) {
      let range = first..<min(first + 512, set.count)
      let probabilities = try classifier.probabilities(set.values(Array(range)))
      doubts += Classifier.doubts(probabilities, classes: classifier.classes.count)
      for (place, index) in range.enumerated() {
        let found = likeliest(classifier, probabilities, place)
        if common.json {
          results += found.map { result(set.name(of: index), $0) }
        } else {
          try answer.write(found.map { line(set.name(of: index), $0) }.joined())
        }
      }
    }
    SampleSize.ofFeatures(
      of: set.path, doubts: doubts, usual: classifier.usualDoubt, losesColors: set.losesColors,
      flag: "--model"
    ).forEach { Diagnostics.warning($0) }
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
}
