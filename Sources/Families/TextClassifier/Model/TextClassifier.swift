import Checkpoints
import Datasets
import Files
import Inference
import Training

/// A model that says of which class a text is: sentiment, topics, languages.
public final class TextClassifier: Sendable {
  /// What its `config.json` says.
  public let configuration: TextClassifierConfiguration
  /// The folder; messages show it.
  public let path: String
  let scorer: any TextScorer

  init(
    _ configuration: TextClassifierConfiguration, _ scorer: any TextScorer, path: String
  ) {
    (self.configuration, self.scorer, self.path) = (configuration, scorer, path)
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not fit
  ///   each other.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try TextClassifierConfiguration.read(folder: folder)
    let scorer: any TextScorer =
      switch configuration.method {
      case .naiveBayes, .weightedRegression, .linear:
        try NGramScorer(folder: folder, configuration)
      case .cnn, .lstm: try TextNetworkScorer(folder: folder, configuration)
      case .transfer: try TransferScorer(folder: folder, configuration)
      }
    self.init(configuration, scorer, path: folder)
  }

  /// The names of the classes, in the order of the outputs.
  public var classes: [String] { configuration.classes }

  /// What a user's words add.
  public struct Options: Sendable {
    /// Words with weights of their own; nil: none.
    public var lexicon: TextLexicon?

    /// Creates the options without a lexicon.
    public init(lexicon: TextLexicon? = nil) { self.lexicon = lexicon }
  }

  /// The scores of all classes for each text, divided by the model's temperature: natural logarithms of
  /// probabilities but for a number that is the same for all classes of a text.
  /// - Returns: [texts, classes].
  /// - Throws: ``/Files/AIGCError``: badInput for damaged weights, usage for a lexicon with classes that are not
  ///   negative and positive, interrupted after Ctrl-C.
  public func scores(
    _ texts: TextList, _ options: Options = Options()
  ) throws(AIGCError) -> [Float] {
    let temperature = Float(configuration.temperature)
    var result = try scorer.logits(texts).map { $0 / temperature }
    guard let lexicon = options.lexicon else { return result }
    let (negative, positive) = try polarity()
    for text in 0..<texts.count {
      let sum = lexicon.contributions(TextWords(texts[text]).words).reduce(0, +)
      result[text * classes.count + positive] += Float(sum / 2)
      result[text * classes.count + negative] -= Float(sum / 2)
    }
    return result
  }

  /// The probabilities of all classes for each text.
  /// - Returns: [texts, classes].
  /// - Throws: as ``scores(_:_:)``.
  public func probabilities(
    _ texts: TextList, _ options: Options = Options()
  ) throws(AIGCError) -> [Float] {
    Calibration.probabilities(
      try scores(texts, options), classes: classes.count, temperature: 1)
  }

  /// A word of a text with what it adds.
  public struct WordContribution: Sendable, Equatable {
    /// As the text has it.
    public var text: String
    /// To the margin of the class: its score less the mean of the others. All words together give how far
    /// the margin is from that of the empty text.
    public var contribution: Double
  }

  /// What each word of a text adds to the score of a class.
  /// - Parameters:
  ///   - text: the text.
  ///   - label: a number of ``classes``.
  ///   - options: as of the scores.
  /// - Throws: as ``scores(_:_:)``.
  public func explain(
    _ text: ArraySlice<UInt8>, label: Int, _ options: Options = Options()
  ) throws(AIGCError) -> [WordContribution] {
    let words = TextWords(text).words
    var values = try scorer.contributions(text, words, to: label)
      .map { $0 / configuration.temperature }
    if let lexicon = options.lexicon {
      let (negative, positive) = try polarity()
      let others = Double(classes.count - 1)
      // Half of a word's weight goes to positive, and half is taken from negative.
      let share =
        label == positive ? (1 + 1 / others) / 2 : label == negative ? -(1 + 1 / others) / 2 : 0
      for (index, value) in lexicon.contributions(words).enumerated() {
        values[index] += value * share
      }
    }
    return zip(words, values).map { word, value in
      let bytes = text[text.startIndex + Int(word.start)..<text.startIndex + Int(word.end)]
      return WordContribution(text: String(decoding: bytes, as: UTF8.self), contribution: value)
    }
  }

  private func polarity() throws(AIGCError) -> (negative: Int, positive: Int) {
    guard let negative = classes.firstIndex(of: "negative"),
      let positive = classes.firstIndex(of: "positive")
    else {
      throw .usage("\(path): a lexicon is of models with the classes negative and positive")
    }
    return (negative, positive)
  }

  /// Measures on labelled texts. Classes are matched by name, or by what sentiment a name stands for.
  /// - Throws: ``/Files/AIGCError``: mismatch for a class that the model does not have, and as ``scores(_:_:)``.
  public func evaluate(_ texts: LabelledTexts) throws(AIGCError) -> TextClassifierEvaluation {
    let matched = try texts.matched(to: classes, of: path)
    return TextClassifierEvaluation(
      Calibration(
        logits: try scorer.logits(matched.texts), labels: matched.labels, classes: classes.count),
      classes, temperature: configuration.temperature)
  }
}

/// How well a classifier tells classes of texts apart, and how well it knows how sure it is.
public struct TextClassifierEvaluation: Report {
  /// How often texts of each class were taken for each class.
  public let confusion: ConfusionMatrix
  /// The mean cross-entropy in nats.
  public let loss: Double
  /// How far probabilities are from how often they are right: the expected calibration error over 15 bins.
  public let calibrationError: Double
  /// The mean over classes of the F1 score.
  public let macroF1: Double

  init(_ calibration: Calibration, _ classes: [String], temperature: Double) {
    confusion = calibration.confusion(classes)
    loss = calibration.loss(temperature: temperature)
    calibrationError = calibration.error(temperature: temperature)
    macroF1 = confusion.macroF1
  }

  /// Accuracy, in all and of each class, loss, macro F1 and expected calibration error, as JSON.
  public var members: [JSONValue.Member] {
    confusion.members + [
      .init("macro_f1", .double(macroF1)), .init("loss", .double(loss)),
      .init("calibration_error", .double(calibrationError)),
    ]
  }

  /// The same in lines for people.
  public var text: String {
    confusion.text
      + "macro F1 \(Format.fixed(macroF1, 4))\nloss \(Format.fixed(loss, 4))\n"
      + "expected calibration error \(Format.fixed(calibrationError, 4))\n"
  }
}
