import Datasets
import Files
import NN
import Training

/// How a classifier of texts is made, under the names of `--method`.
public enum TextClassifierMethod: String, Codable, CaseIterable, Sendable {
  /// How often features stand in texts of each class.
  case naiveBayes = "naive-bayes"
  /// Logistic regression on features weighted by naive Bayes (Wang and Manning 2012).
  case weightedRegression = "nb-logistic"
  /// The mean of learned vectors of n-grams, and a linear layer (fastText, Joulin et al. 2017).
  case linear
  /// Convolutions over word vectors (Kim 2014).
  case cnn
  /// An LSTM over word vectors.
  case lstm
  /// A linear layer on the states of a language model, or an encoder's vectors.
  case transfer

  /// Whether it is a network that learns by gradients of batches.
  public var isNetwork: Bool { self == .cnn || self == .lstm }
}

/// What the classes of a classifier of texts are.
public enum TextClassifierTaskKind: String, Codable, Sendable {
  /// Negative and positive, neutral perhaps.
  case sentiment
  /// Any.
  case labels

  /// What language models read texts in, unless another prompt is given.
  var prompt: String {
    switch self {
    case .sentiment: "Review: {}\nSentiment:"
    case .labels: "Text: {}\nLabel:"
    }
  }
}

/// `config.json` of a classifier of texts: everything needed to build it.
public struct TextClassifierConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "text-classifier".
  public var family = TextClassifierFamily.familyName
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model is for: "sentiment" or "text-classifier".
  public var kind: String
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the one of its kind to take when none is named.
  public var isDefault: Bool?
  /// How it was made.
  public var method: TextClassifierMethod
  /// The names of the classes, in the order of the outputs.
  public var classes: [String]
  /// How texts become features; nil for models of another kind.
  public var features: TextFeatures?
  /// The sizes of a network; nil for models of another kind.
  public var network: TextNetworkOptions?
  /// The words of a network's vocabulary, the unknown one and the padding among them.
  public var vocabularySize: Int?
  /// Which states of a language model are read.
  public var backbone: TextBackbone?
  /// By what scores are divided before they become probabilities (Guo et al. 2017), fitted on held-out texts.
  public var temperature: Double = 1
  /// The share of held-out texts whose class was found.
  public var accuracy: Double?
  /// Texts learned from, each as often as it was seen.
  public var trainingTexts = 0

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind, description
    case isDefault = "default"
    case method, classes, features, network, backbone, temperature, accuracy
    case vocabularySize = "vocab_size"
    case trainingTexts = "training_texts"
  }

  /// Creates the configuration of a model.
  /// - Parameters:
  ///   - task: what the classes are.
  ///   - method: how it is made.
  ///   - classes: their names.
  public init(task: TextClassifierTaskKind, method: TextClassifierMethod, classes: [String]) {
    kind = task == .sentiment ? "sentiment" : "text-classifier"
    self.method = method
    self.classes = classes
  }

  /// Scores that the model has for each feature: one for two classes, the difference of both.
  var scoreCount: Int { classes.count == 2 ? 1 : classes.count }

  /// Why it describes no model; nil: it does.
  var problem: String? {
    guard ["sentiment", "text-classifier"].contains(kind) else { return "'kind' \(kind)" }
    guard (2...65536).contains(classes.count) else {
      return
        "\(counted(classes.count, "class", plural: "classes")): a classifier tells 2 to 65536 apart"
    }
    guard temperature > 0, temperature < 1e6 else { return "'temperature' \(temperature): above 0" }
    switch method {
    case .naiveBayes, .weightedRegression, .linear:
      guard let features else { return "no 'features'" }
      return features.problem
    case .cnn, .lstm:
      guard let network, let vocabularySize else { return "no 'network' or no 'vocab_size'" }
      if let problem = network.problem { return problem }
      return ParameterPlan.problem {
        TextNetwork(self, network, words: vocabularySize, using: &$0)
      }
    case .transfer: return backbone == nil ? "no 'backbone'" : backbone?.problem
    }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or describes no model.
  public static func read(folder: String) throws(AIGCError) -> TextClassifierConfiguration {
    let result = try ModelConfiguration.decode(TextClassifierConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == TextClassifierFamily.familyName, result.formatVersion == 1 else {
      throw .badInput("\(place): no classifier of texts that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): no model: \(problem)") }
    return result
  }
}
