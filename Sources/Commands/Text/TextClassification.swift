import ArgumentParser
import Console
import Datasets
import Families
import Files

/// The flags by which classifiers of texts answer.
struct TextClassificationArguments: ParsableArguments {
  @Flag(
    name: .customLong("text"), help: "Take every input as text, even where a file has its name.")
  var isText = false
  @Flag(help: "Say what each word adds to the score of the likeliest class.")
  var explain = false
  @Option(
    help:
      "Words with weights of your own: a word, a tab and a weight a line, -4 to 4 (default: none).",
    completion: .file())
  var lexicon: String?

  var isGiven: Bool { isText || explain || lexicon != nil }
}

/// Classifies texts as they come, and writes a line or a JSON object for each.
struct TextClassification {
  let classifier: TextClassifier
  let inputs: [String]
  let flags: TextClassificationArguments
  /// How many classes are named.
  var top = 1
  /// Only so many texts are named, those that the classifier is least sure of; nil: all.
  var mostUncertain: Int?
  private let options: TextClassifier.Options

  /// Texts that are classified at a time.
  private static let batch = 1024

  init(
    _ classifier: TextClassifier, _ inputs: [String], _ flags: TextClassificationArguments
  ) throws(AIGCError) {
    (self.classifier, self.inputs, self.flags) = (classifier, inputs, flags)
    options = TextClassifier.Options(
      lexicon: try flags.lexicon.map { (path) throws(AIGCError) in try TextLexicon(path: path) })
  }

  /// - Parameter json: whether the answer is one JSON object.
  func run(json: Bool) throws(AIGCError) {
    let answer = try Answer(nil)
    if json {
      try answer.write(json: [], array: "results") { (add) throws(AIGCError) in
        try forResults { (result) throws(AIGCError) in try add(self.json(result)) }
      }
    } else {
      try forResults { (result) throws(AIGCError) in try answer.write(lines(result)) }
    }
    try answer.finish()
  }

  // MARK: Results

  private struct Result {
    var text: [UInt8]
    var probabilities: [Float]
    var words: [TextClassifier.WordContribution]
    var best: Int { probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0 }
    var certainty: Float { probabilities.max() ?? 0 }
  }

  private func forResults(_ body: (Result) throws(AIGCError) -> Void) throws(AIGCError) {
    var kept = mostUncertain.map { LeastCertain<Result>($0) { $0.certainty } }
    try forTexts { (texts) throws(AIGCError) in
      let results = try results(texts)
      kept?.add(results)
      if kept == nil { for result in results { try body(result) } }
    }
    for result in kept?.results ?? [] { try body(result) }
  }

  private func results(_ texts: TextList) throws(AIGCError) -> [Result] {
    let classes = classifier.classes.count
    let probabilities = try classifier.probabilities(texts, options)
    var found: [Result] = []
    for text in 0..<texts.count {
      // Only a long text can have so many words.
      if texts[text].count > TextWords.most, !TextWords(texts[text]).isWhole {
        Diagnostics.warning(
          "a text of \(texts[text].count) bytes: what lies behind its first \(TextWords.most) words is not read"
        )
      }
      var result = Result(
        text: Array(texts[text]),
        probabilities: Array(probabilities[text * classes..<(text + 1) * classes]), words: [])
      if flags.explain {
        result.words = try classifier.explain(texts[text], label: result.best, options)
      }
      found.append(result)
    }
    return found
  }

  // MARK: Inputs

  /// An existing file is one with a text a line, - standard input, anything else is text.
  private func forTexts(_ body: (TextList) throws(AIGCError) -> Void) throws(AIGCError) {
    var texts = TextList()
    func flush(_ limit: Int) throws(AIGCError) {
      guard texts.count >= limit else { return }
      try Interruption.check()
      try body(texts)
      texts = TextList()
    }
    for input in inputs {
      guard !flags.isText, input == "-" || fileExists(input) else {
        texts.append(input.utf8)
        try flush(Self.batch)
        continue
      }
      var lines = try TextLines(path: input)
      while let line = try lines.next() {
        if !line.isEmpty { texts.append(line) }
        try flush(Self.batch)
      }
    }
    try flush(1)
  }

  // MARK: Answers

  private func likeliest(_ result: Result) -> [(label: String, probability: Float)] {
    zip(classifier.classes, result.probabilities).enumerated()
      .sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
      .prefix(top).map { ($0.element.0, $0.element.1) }
  }

  private func lines(_ result: Result) -> [UInt8] {
    var bytes: [UInt8] = []
    for (label, probability) in likeliest(result) {
      bytes += "\(label)\t\(Format.fixed(Double(probability), 4))\t".utf8
      bytes += escaped(result.text) + [10]
    }
    for word in result.words {
      let value = Format.fixed(word.contribution, 4)
      bytes += "  \(word.contribution < 0 ? "" : "+")\(value)\t\(word.text)\n".utf8
    }
    return bytes
  }

  private func json(_ result: Result) -> JSONValue {
    let best = likeliest(result)
    var members = JSONValue.text(bytes: result.text)
    members += [
      .init("label", .string(best[0].label)), .init("probability", .float(best[0].probability)),
    ]
    if top > 1 {
      members.append(
        .init(
          "labels",
          .array(
            best.map {
              .object([
                .init("label", .string($0.label)), .init("probability", .float($0.probability)),
              ])
            })))
    }
    if flags.explain {
      members.append(
        .init(
          "words",
          .array(
            result.words.map {
              .object([
                .init("text", .string($0.text)), .init("contribution", .double($0.contribution)),
              ])
            })))
    }
    return .object(members)
  }
}
