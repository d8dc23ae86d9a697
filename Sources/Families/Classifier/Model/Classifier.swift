import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// A trained classifier of images.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public final class Classifier: FeatureExtractor, @unchecked Sendable {
  /// The name of the weights' file inside a model folder.
  public static let weightsFile = "model.safetensors"

  /// What `config.json` says of the model: sizes, classes and how it was trained.
  public let configuration: ClassifierConfiguration
  private let network: ClassifierNetwork
  private let path: String
  private var batch: Int { imagesAtOnce(largestMap: configuration.largestMap, upTo: 256) }

  init(_ configuration: ClassifierConfiguration, _ network: ClassifierNetwork, path: String) {
    self.configuration = configuration
    self.network = network
    self.path = path
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when files are missing or damaged, mismatch when they do not
  ///   fit each other.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try ClassifierConfiguration.read(folder: folder)
    let checkpoint = try Checkpoint.open("\(folder)/\(Self.weightsFile)")
    let network = try Self.network(checkpoint, configuration)
    self.init(configuration, network, path: folder)
  }

  /// The network of a file.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged file, mismatch for one of another model.
  static func network(
    _ checkpoint: Checkpoint, _ configuration: ClassifierConfiguration
  ) throws(AIGCError) -> ClassifierNetwork {
    let network = ParameterPlan.shapes { ClassifierNetwork(configuration, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    return network
  }

  /// The size of the images that it takes, in pixels.
  public var size: ImageSize { configuration.size }
  /// The channels of the images that it takes, 1 or 3.
  public var channels: Int { configuration.channels }
  /// The names of the classes, in the order of the outputs.
  public var classes: [String] { configuration.classes }
  /// The number of features of an image: the units of the last hidden layer.
  public var featureCount: Int { configuration.hidden }
  /// The name of the model's folder with ": last hidden layer".
  public var featuresName: String { "\(lastComponent(of: path)): last hidden layer" }

  /// The form in which ``probabilities(_:)`` takes images.
  public var imageOptions: ImageOptions {
    var result = ImageOptions(size: configuration.size, channels: configuration.channels)
    result.ignoresOrientation = configuration.ignoresOrientation == true
    return result
  }

  /// Computes the activations of the last hidden layer, [images, hidden], the likeliest class of
  /// each image, and the doubt of it.
  /// - Parameter values: [images, height, width, channels], -1 to 1.
  /// - Throws: ``/Files/AIGCError``: badInput when damaged weights give scores that are not numbers,
  ///   interrupted after Ctrl-C.
  public func features(
    _ values: [Float]
  ) throws(AIGCError) -> (features: [Float], classes: [Int], doubts: [Float]) {
    var (features, classes, doubts): ([Float], [Int], [Float]) = ([], [], [])
    try forBatches(values) { hidden, logits in
      features += hidden.values
      classes += Self.best(logits)
      doubts += Self.doubts(softmax(logits).values, classes: logits.shape[1])
    }
    return (features, classes, doubts)
  }

  /// The mean doubt of held-out images after training; nil: not measured.
  public var usualDoubt: Double? { configuration.doubt }

  /// For each image 1 less the probability of its likeliest class.
  /// - Parameters:
  ///   - probabilities: [images, classes].
  ///   - classes: their number.
  public static func doubts(_ probabilities: [Float], classes: Int) -> [Float] {
    stride(from: 0, to: probabilities.count, by: classes).map { first in
      1 - (probabilities[first..<first + classes].max() ?? 1)
    }
  }

  /// The probabilities of all classes for each image.
  /// - Parameter values: [images, height, width, channels], -1 to 1.
  /// - Returns: [images, classes].
  public func probabilities(_ values: [Float]) throws(AIGCError) -> [Float] {
    var result: [Float] = []
    try forBatches(values) { _, logits in result += softmax(logits).values }
    return result
  }

  /// Measures on images with labels.
  /// - Parameter images: in this model's form; labels are its classes.
  /// - Returns: the mean cross-entropy, what was taken for what, and the mean doubt.
  public func measure(
    _ images: ImageSet
  ) throws(AIGCError) -> (loss: Double, confusion: ConfusionMatrix, doubt: Double) {
    var confusion = ConfusionMatrix(classes: classes)
    var (total, doubt) = (0.0, 0.0)
    let labels = images.labels ?? []
    for first in stride(from: 0, to: labels.count, by: batch) {
      let range = first..<min(first + batch, labels.count)
      try forBatches(images.values(Array(range))) { _, logits in
        let targets = Array(labels[range])
        total += Double(crossEntropy(logits, targets).item) * Double(range.count)
        doubt += Self.doubts(softmax(logits).values, classes: logits.shape[1]).reduce(0) {
          $0 + Double($1)
        }
        for (label, predicted) in zip(targets, Self.best(logits)) {
          confusion.add(Int(label), predicted: predicted)
        }
      }
    }
    let count = Double(max(labels.count, 1))
    return (total / count, confusion, doubt / count)
  }

  private func forBatches(
    _ values: [Float], _ body: (_ hidden: Tensor, _ logits: Tensor) -> Void
  ) throws(AIGCError) {
    let shape = [configuration.height, configuration.width, configuration.channels]
    let length = shape.reduce(1, *)
    try AIGCError.check(
      values.count % length == 0,
      "\(values.count) values are no images of \(length)")
    let context = Context.inference
    for first in stride(from: 0, to: values.count, by: batch * length) {
      try Interruption.check()
      let part = Array(values[first..<min(first + batch * length, values.count)])
      let hidden = network.hidden(Tensor(part, Shape([part.count / length] + shape)), context)
      let logits = network.logits(hidden: hidden, context)
      for output in [hidden, logits] {
        try DamagedWeights.check(
          output, "scores", of: path.isEmpty ? nil : "\(path)/\(Self.weightsFile)",
          network.namedParameters)
      }
      body(hidden, logits)
    }
  }

  /// The class of the largest value of each row.
  private static func best(_ logits: Tensor) -> [Int] {
    let (values, count) = (logits.values, logits.shape[1])
    return stride(from: 0, to: values.count, by: count).map { first in
      (0..<count).max { values[first + $0] < values[first + $1] } ?? 0
    }
  }
}

/// Opens the classifier that the user wrote as a name or a path.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another kind.
public func loadClassifier(_ nameOrPath: String) throws(AIGCError) -> Classifier {
  let path = try ModelStore.standard().resolve(nameOrPath)
  let family = try family(of: path)
  guard family.kind == "classifier" else {
    throw .mismatch("\(path): a model of kind '\(family.kind)'; a classifier is needed here")
  }
  return try Classifier(folder: path)
}
