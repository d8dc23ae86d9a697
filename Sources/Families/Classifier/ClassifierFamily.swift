import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

/// Classifiers of images: convolutional networks.
public struct ClassifierFamily: ImageMeasuringFamily {
  /// The name in `config.json` and after `aigc train`, "classifier".
  public let name = "classifier"
  /// What its models are for, "classifier": they make nothing.
  public let kind = "classifier"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// Measures accuracy, in all and of each class, and cross-entropy on labelled images. Images of
  /// classes that the model does not know are left out, where all of its own are there.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read and for a damaged model,
  ///   mismatch for images without classes or of other classes than the model's.
  public func evaluate(
    _ path: String, on file: String, _ reading: ImageReading, _ notices: NoticeHandler
  ) throws(AIGCError) -> any Report {
    let classifier = try Classifier(folder: path)
    var options = classifier.imageOptions
    reading.apply(to: &options, isIgnored: options.ignoresOrientation)
    var images = try openImages(file, options, notices)
    guard images.labels != nil else { throw .mismatch("\(file): images without classes") }
    let unknown = images.classes.filter { !classifier.classes.contains($0) }
    if !unknown.isEmpty, images.classes.count - unknown.count == classifier.classes.count {
      // It learned some of the classes only.
      options.classes = .only(classifier.classes)
      images = try ImageSet.open(file, options)
      let list = unknown.prefix(12).joined(separator: ", ")
      notices(.note("left out: the classes that the model does not know: \(list)"))
    }
    guard images.classes == classifier.classes else {
      throw .mismatch("\(file): other classes than those of \(path)")
    }
    let (loss, confusion, _) = try classifier.measure(images)
    confusion.warnings.forEach { notices(.warning($0)) }
    return ClassifierEvaluation(confusion: confusion, loss: loss)
  }

  /// The size of images, stages, hidden units, classes, parameters and how many images were learned
  /// from.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let configuration = try ClassifierConfiguration.read(folder: path)
    let checkpoint = try Checkpoint.open("\(path)/\(Classifier.weightsFile)")
    let network = try Classifier.network(checkpoint, configuration)
    return [
      .init("pictures", .string("\(configuration.size), \(configuration.channels) channels")),
      .init("stages", .array(configuration.stages.map { .int($0) })),
      .init("hidden", .int(configuration.hidden)),
      .init("classes", .array(configuration.classes.map { .string($0) })),
      .init("parameters", .int(network.parameterCount)),
      .init("training_pictures", .int(configuration.trainingImages)),
    ]
  }

  /// Writes the model again with its weights in another type: in a model folder, as this family has
  /// no other format.
  /// - Throws: ``/Files/AIGCError``: usage when the output stands there and may not be replaced, badInput
  ///   and mismatch for a damaged model, failed when the disk refuses.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    let configuration = try ClassifierConfiguration.read(folder: path)
    let checkpoint = try Checkpoint.open("\(path)/\(Classifier.weightsFile)")
    let network = try Classifier.network(checkpoint, configuration)
    let type = options.type ?? checkpoint["classifier.1.weight"]?.type ?? .f32
    let folder = try RunFolder.path(
      family: name, data: path, out: output, force: options.force)
    try write(configuration, network, type: type, to: folder)
  }

  /// The names and shapes of the tensors in a `state_dict` with the modules `features` and
  /// `classifier`.
  public var importForm: ImportForm? {
    ImportForm(
      tensors:
        "features.0.weight [maps, channels, 3, 3], features.7.weight … for each further stage, "
        + "classifier.1.weight [hidden, values] and classifier.4.weight [classes, hidden]")
  }

  /// A `state_dict` of the network that `ClassifierNetwork` describes: sizes from the shapes; images
  /// are taken to be square, classes are called by their numbers.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard checkpoint["features.0.weight"] != nil, checkpoint["classifier.1.weight"] != nil,
      checkpoint["classifier.4.weight"] != nil
    else { return nil }
    var stages: [Int] = []
    // Seven layers a stage.
    while stages.count < 8, let weight = checkpoint["features.\(7 * stages.count).weight"] {
      stages.append(weight.shape.first ?? 0)
    }
    let first = try checkpoint.tensor("features.0.weight").shape
    let hidden = try checkpoint.tensor("classifier.1.weight").shape
    let last = try checkpoint.tensor("classifier.4.weight").shape
    guard first.count == 4, hidden.count == 2, last.count == 2, let width = stages.last, width > 0,
      hidden[1] % width == 0, hidden[1] > 0, hidden[1] < 1 << 40, (2...65536).contains(last[0])
    else {
      throw .mismatch(
        "\(checkpoint.path): the shapes make no classifier: \(checkpoint.summary)")
    }
    let cells = hidden[1] / width
    let side = Int(Double(cells).squareRoot().rounded())
    guard side * side == cells, side << stages.count <= ImageSize.longestSide else {
      throw .mismatch("\(checkpoint.path): a classifier of \(cells) cells: no square image")
    }
    var configuration = ClassifierConfiguration(
      size: ImageSize(width: side << stages.count, height: side << stages.count),
      channels: first[1], classes: (0..<last[0]).map { "\($0)" })
    configuration.stages = stages
    configuration.hidden = hidden[0]
    if let problem = configuration.problem { throw .mismatch("\(checkpoint.path): \(problem)") }
    let network = try Classifier.network(checkpoint, configuration)
    return { [configuration] () throws(AIGCError) in
      try write(configuration, network, type: .f32, to: folder)
    }
  }

  /// Writes a model folder.
  func write(
    _ configuration: ClassifierConfiguration, _ network: ClassifierNetwork, type: ScalarType,
    to folder: String
  ) throws(AIGCError) {
    let output = try OutputFolder(path: folder)
    try StateDictionary.write(
      network.namedParameters, to: output.file(Classifier.weightsFile), type: type)
    try ModelConfiguration.write(configuration, to: output.file(ModelConfiguration.fileName))
    try output.commit()
  }
}

/// How well a classifier tells classes apart.
public struct ClassifierEvaluation: Report {
  /// How often images of each class were taken for each class.
  public var confusion: ConfusionMatrix
  /// The mean cross-entropy in nats.
  public var loss: Double

  /// The accuracy, that of each class and the mean cross-entropy in nats, as JSON.
  public var members: [JSONValue.Member] { confusion.members + [.init("loss", .double(loss))] }
  /// The same in lines for people.
  public var text: String { "\(confusion.text)loss \(Format.fixed(loss, 4))\n" }
}
