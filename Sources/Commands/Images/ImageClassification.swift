import Console
import Datasets
import Families
import Files
import Training

/// Classifies images, and writes a line or a JSON object for each.
struct ImageClassification {
  let classifier: Classifier
  let images: [String]
  let reading: ImageReading
  /// How many classes are named.
  let top: Int
  /// Only so many images are named, those that the classifier is least sure of; nil: all.
  let mostUncertain: Int?

  private struct Result {
    var name: String
    var probabilities: [Float]
    var certainty: Float { probabilities.max() ?? 0 }
  }

  private typealias Finding = (label: String, probability: Float)

  /// - Parameter json: whether the answer is one JSON object.
  func run(json: Bool) throws(AIGCError) {
    let answer = try Answer(nil)
    if json {
      try answer.write(json: [], array: "results") { (add) throws(AIGCError) in
        try forResults { (result) throws(AIGCError) in
          for found in likeliest(result) { try add(self.json(result.name, found)) }
        }
      }
    } else {
      try forResults { (result) throws(AIGCError) in
        try answer.write(likeliest(result).map { line(result.name, $0) }.joined())
      }
    }
    try answer.finish()
  }

  private func forResults(_ body: (Result) throws(AIGCError) -> Void) throws(AIGCError) {
    var options = classifier.imageOptions
    reading.apply(to: &options, isIgnored: options.ignoresOrientation)
    var kept = mostUncertain.map { LeastCertain<Result>($0) { $0.certainty } }
    try forImages(images, options, Diagnostics.show) { (set) throws(AIGCError) in
      try classify(set) { (results) throws(AIGCError) in
        kept?.add(results)
        if kept == nil { for result in results { try body(result) } }
      }
    }
    for result in kept?.results ?? [] { try body(result) }
  }

  private func classify(
    _ set: ImageSet, _ body: ([Result]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let classes = classifier.classes.count
    var doubts: [Float] = []
    for first in stride(from: 0, to: set.count, by: 512) {
      let range = first..<min(first + 512, set.count)
      let probabilities = try classifier.probabilities(set.values(Array(range)))
      doubts += Classifier.doubts(probabilities, classes: classes)
      try body(
        range.enumerated().map { place, index in
          Result(
            name: set.name(of: index),
            probabilities: Array(probabilities[place * classes..<(place + 1) * classes]))
        })
    }
    SampleSize.ofFeatures(
      of: set.path, doubts: doubts, usual: classifier.usualDoubt, losesColors: set.losesColors,
      flag: "--model"
    ).forEach { Diagnostics.warning($0) }
  }

  private func likeliest(_ result: Result) -> [Finding] {
    zip(classifier.classes, result.probabilities).sorted { $0.1 > $1.1 }.prefix(top)
      .map { ($0.0, $0.1) }
  }

  private func line(_ name: String, _ found: Finding) -> String {
    "\(name)\t\(found.label)\t\(Format.fixed(Double(found.probability), 4))\n"
  }

  private func json(_ name: String, _ found: Finding) -> JSONValue {
    .object([
      .init("path", .string(name)), .init("label", .string(found.label)),
      .init("probability", .float(found.probability)),
    ])
  }
}
