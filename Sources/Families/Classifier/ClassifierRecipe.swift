import Autograd
import Datasets
import Files
import Kernels
import NN
import Training

/// How a classifier is built and its images are changed.
public struct ClassifierOptions: Codable, Equatable, Sendable {
  /// The channels of each stage of two convolutions, 1 to 8 stages; each halves width and height.
  public var stages = [32, 64]
  /// Units of the last hidden layer, 1 to 65536.
  public var hidden = 128
  /// The dropout rate before the output layer, from 0 to below 1.
  public var dropout: Float = 0.4
  /// How far images are turned, scaled and shifted by chance; 0: not.
  public var augmentation: Float = 1
  /// Whether images are mirrored at random.
  public var isMirrored = false
  /// How convolutions are computed, in training and afterwards.
  public var convolution = ConvolutionMode.fast

  /// Creates the options of stages with 32 and 64 channels, which learn from images that are
  /// turned, scaled and shifted but not mirrored.
  public init() {}

  /// Those of a trained model.
  public init(of configuration: ClassifierConfiguration) {
    (stages, hidden) = (configuration.stages, configuration.hidden)
    (dropout, augmentation) = (configuration.dropout, configuration.augmentation)
    (isMirrored, convolution) = (configuration.isMirrored, configuration.convolution)
  }
}

/// What the training of a classifier can be told.
public struct ClassifierSettings: Codable, Equatable, Sendable {
  /// The labelled images to learn from.
  public var images = ImageSource()
  /// The network, and how its images are changed.
  public var model = ClassifierOptions()

  /// Creates the default settings, still without images.
  public init() {}
}

/// Trains classifiers: images with labels in, a model folder out.
public struct ClassifierRecipe: TrainingRecipe {
  /// The images and the network.
  public var settings = ClassifierSettings()
  /// The run; by default 8 epochs in batches of 128 images with weight decay 0.01, a one-cycle
  /// learning rate that peaks at 4e-3, and a tenth of the images held out.
  public var run = RunOptions(Self.defaults, epochs: 8, heldOut: HeldOutData(share: 0.1))

  /// - Parameter path: a file, a folder or an archive of images.
  public init(images path: String = "") { settings.images.path = path }

  /// The name in `config.json`, "classifier".
  public var family: String { "classifier" }
  /// The images, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", [settings.images.path])] }

  private static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 1, schedule: Schedule(.oneCycle, peak: 4e-3))
    result.batchSize = 128
    result.logEvery = 50
    result.optimizer.weightDecay = 0.01
    return result
  }

  /// Opens the images, and says which network would learn from how many of which class.
  /// - Throws: ``/Files/AIGCError``: badInput for images that cannot be read or have no labels, usage for
  ///   settings that make no model, images with an alpha channel and a start from
  ///   ``/Training/TrainingStart/model(_:)``, mismatch where held-out images or those of a resumed
  ///   run have other classes.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let (configuration, images) = try open(start, report)
    let model = settings.model
    let members: [JSONValue.Member] = [
      .init("stages", .array(model.stages.map { .int($0) })), .init("hidden", .int(model.hidden)),
      .init("dropout", .float(model.dropout)), .init("augment", .float(model.augmentation)),
      .init("mirror", .bool(model.isMirrored)),
      .init("convolution", .string(model.convolution.rawValue)),
      .init("image_size", .string(configuration.size.description)),
      .init("channels", .int(configuration.channels)),
    ]
    return TrainingPlan(
      members + settings.images.planMembers, trainer(images.learned), found: images.found)
  }

  /// Opens the images and draws the network's weights from the seed. The finished model is measured
  /// on the held-out images, and its confusion matrix drawn as `confusion.png`.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``, and badInput where nothing is left to learn from.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<ConfusionMatrix> {
    var (configuration, images) = try open(start, report)
    let (learned, measured) = (images.learned, images.measured)
    // Measured anew.
    configuration.doubt = nil
    guard learned.count > 0 else {
      throw .badInput("\(settings.images.path): no images to learn from")
    }
    var trainer = trainer(learned)
    if trainer.evalEvery == 0 { trainer.evalEvery = stepsPerEpoch(learned) }
    var random = RandomSource(seed: trainer.seed)
    let network = random.drawn { ClassifierNetwork(configuration, using: &$0) }
    let task = ClassifierTask(configuration, network, learned, heldOut: measured, trainer)
    task.report = report
    return PreparedTraining(task, trainer, convolution: configuration.convolution) {
      (folder) throws(AIGCError) in
      guard let measured else { return nil }
      let confusion = try Self.measure(measured, folder)
      confusion.warnings.forEach { report(.warning($0)) }
      try confusion.plot.write(to: "\(folder)/confusion.png")
      return confusion
    }
  }

  /// The model, what it learns from and what it is measured on.
  private func open(
    _ start: TrainingStart, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> (configuration: ClassifierConfiguration, images: SplitImages) {
    var images = settings.images
    switch start {
    case .new:
      let split = try read(images, report)
      return (try configuration(of: split.learned), split)
    case .resumed(let folder):
      let saved = try ClassifierConfiguration.read(folder: folder)
      try images.keep(
        size: saved.size, channels: saved.channels, ignoresOrientation: saved.ignoresOrientation,
        of: folder)
      let split = try read(images, report)
      guard split.learned.classes == saved.classes else {
        throw .mismatch("\(images.path): other classes than those of the run in \(folder)")
      }
      return (saved, split)
    case .model(let path): throw .notTrainedFurther(path, family)
    }
  }

  private func configuration(of learned: ImageSet) throws(AIGCError) -> ClassifierConfiguration {
    let model = settings.model
    var result = ClassifierConfiguration(
      size: learned.size, channels: learned.channels, classes: learned.classes)
    (result.stages, result.hidden) = (model.stages, model.hidden)
    (result.dropout, result.augmentation) = (model.dropout, model.augmentation)
    (result.isMirrored, result.convolution) = (model.isMirrored, model.convolution)
    result.ignoresOrientation = settings.images.options.ignoresOrientation ? true : nil
    if let problem = result.problem { throw .usage("no model: \(problem)") }
    return result
  }

  private func read(
    _ images: ImageSource, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> SplitImages {
    let split = try images.split(run, sameClasses: true, report)
    guard split.learned.labels != nil else {
      throw .badInput(
        "\(images.path): no labels: a folder for each class, or an IDX file of labels, is needed")
    }
    guard split.learned.channels != 4 else {
      throw .usage("\(images.path): images with alpha; pass `images.channels` 1 or 3")
    }
    return split
  }

  /// Measures the saved model on held-out images and notes in its folder how sure it is of them.
  private static func measure(
    _ images: ImageSet, _ folder: String
  ) throws(AIGCError) -> ConfusionMatrix {
    let classifier = try Classifier(folder: folder)
    let (_, confusion, doubt) = try classifier.measure(images)
    var configuration = classifier.configuration
    configuration.doubt = doubt
    try ModelConfiguration.write(configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
    return confusion
  }

  private func stepsPerEpoch(_ learned: ImageSet) -> Int {
    max(1, learned.count / max(1, min(run.trainer.batchSize, learned.count)))
  }

  private func trainer(_ learned: ImageSet) -> TrainerConfiguration {
    run.resolved { $0 * Double(stepsPerEpoch(learned)) }
  }
}
