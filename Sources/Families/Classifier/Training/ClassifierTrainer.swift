import Autograd
import Datasets
import Files
import Kernels
import NN
import Training

/// How a classifier is built and its pictures are changed.
struct ClassifierOptions: Sendable {
  var stages = [32, 64]
  var hidden = 128
  var dropout: Float = 0.4
  /// See ``AffineAugmentation``.
  var augmentation: Float = 1
  var isMirrored = false
  var convolution = ConvolutionMode.fast

  init() {}

  /// Those of a trained model.
  init(of configuration: ClassifierConfiguration) {
    (stages, hidden) = (configuration.stages, configuration.hidden)
    (dropout, augmentation) = (configuration.dropout, configuration.augmentation)
    (isMirrored, convolution) = (configuration.isMirrored, configuration.convolution)
  }
}

/// Trains classifiers: pictures with labels in, a model folder out.
struct ClassifierTrainer {
  /// See ``Datasets/PictureSet``.
  var data = ""
  /// A file of labels of MNIST's kind.
  var labels: String?
  var pictures = PictureOptions()
  var options = ClassifierOptions()
  var trainer = ClassifierTrainer.defaults
  /// Held-out pictures.
  var heldOut: String?
  /// Without them, so much of the data.
  var heldOutShare = 0.1
  /// Passes over the data, in place of ``Training/TrainerConfiguration/steps``.
  var epochs: Double?
  var report: (TrainerEvent) -> Void = { _ in }
  /// What there is to learn from, once it was read.
  private(set) var found: FoundPictures?

  static var defaults: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 1, schedule: Schedule(.oneCycle, peak: 4e-3))
    result.batchSize = 128
    result.logEvery = 50
    result.optimizer.weightDecay = 0.01
    return result
  }
  static let defaultEpochs = 8.0

  /// What came out of a run.
  struct Outcome {
    var summary: TrainingSummary
    /// Of the saved model, on the held-out pictures; nil without them.
    var confusion: ConfusionMatrix?
  }

  /// The model that would be trained; reads the data and sets the number of steps.
  /// - Parameter folder: of a run that goes on; nil: a new one is planned.
  /// - Throws: as ``train(to:)`` and ``resume(in:)``.
  mutating func plan(resuming folder: String?) throws(AIGCError) -> ClassifierConfiguration {
    if let folder {
      let (configuration, learned, _) = try saved(in: folder)
      setSteps(learned)
      return configuration
    }
    let (learned, _) = try read()
    setSteps(learned)
    return try configuration(of: learned)
  }

  /// Trains a new model in `folder`.
  /// - Throws: ``AIGCError``: see ``Training/Trainer/run(resuming:)``; badInput for data that cannot be
  ///   read; usage for sizes that make no model.
  mutating func train(to folder: String) throws(AIGCError) -> Outcome {
    let (learned, measured) = try read()
    return try run(configuration(of: learned), learned, measured, folder, resuming: false)
  }

  private func configuration(of learned: PictureSet) throws(AIGCError) -> ClassifierConfiguration {
    var configuration = ClassifierConfiguration(
      size: learned.size, channels: learned.channels, classes: learned.classes)
    configuration.stages = options.stages
    configuration.hidden = options.hidden
    configuration.dropout = options.dropout
    configuration.augmentation = options.augmentation
    configuration.isMirrored = options.isMirrored
    configuration.convolution = options.convolution
    configuration.ignoresOrientation = pictures.ignoresOrientation ? true : nil
    if let problem = configuration.problem { throw .usage("no model: \(problem)") }
    return configuration
  }

  /// Goes on with the run in `folder`, with the same pictures.
  /// - Throws: as ``train(to:)``, and mismatch when the pictures are not those of the run.
  mutating func resume(in folder: String) throws(AIGCError) -> Outcome {
    var (configuration, learned, measured) = try saved(in: folder)
    // Measured anew.
    configuration.doubt = nil
    return try run(configuration, learned, measured, folder, resuming: true)
  }

  /// The model of the run in `folder`, what it learns from and what it is measured on.
  private mutating func saved(
    in folder: String
  ) throws(AIGCError) -> (ClassifierConfiguration, PictureSet, PictureSet?) {
    let configuration = try ClassifierConfiguration.read(folder: folder)
    pictures.size = configuration.size
    pictures.channels = configuration.channels
    try pictures.keepOrientation(configuration.ignoresOrientation, of: folder)
    let (learned, measured) = try read()
    guard learned.classes == configuration.classes else {
      throw .mismatch("\(data): other classes than those of the run in \(folder)")
    }
    return (configuration, learned, measured)
  }

  /// The pictures to learn from and those to measure on.
  private mutating func read() throws(AIGCError) -> (PictureSet, PictureSet?) {
    let all = try openTrainingPictures(data, labels: labels, pictures, report)
    found = FoundPictures(all)
    guard all.labels != nil else {
      throw .badInput(
        "\(data): no labels: a folder for each class, or an IDX file of labels, is needed")
    }
    guard all.channels != 4 else {
      throw .usage("\(data): pictures with alpha; pass --channels 1 or 3")
    }
    if let heldOut {
      var options = pictures
      (options.size, options.channels) = (all.size, all.channels)
      let measured = try openTrainingPictures(heldOut, options, report)
      guard measured.labels != nil, measured.classes == all.classes else {
        throw .mismatch("\(heldOut): other classes than in \(data), or none")
      }
      return (all, measured)
    }
    return all.split(share: heldOutShare, seed: trainer.seed)
  }

  private mutating func run(
    _ configuration: ClassifierConfiguration, _ learned: PictureSet, _ measured: PictureSet?,
    _ folder: String, resuming: Bool
  ) throws(AIGCError) -> Outcome {
    guard learned.count > 0 else { throw .badInput("\(data): no pictures to learn from") }
    let perEpoch = setSteps(learned)
    if trainer.evalEvery == 0 { trainer.evalEvery = Int(perEpoch) }
    var random = RandomSource(seed: trainer.seed)
    let network = random.drawn { ClassifierNetwork(configuration, using: &$0) }
    let task = ClassifierTask(configuration, network, learned, heldOut: measured, trainer)
    task.report = report
    let loop = Trainer(task, trainer, folder: folder)
    loop.report = report
    loop.convolution = configuration.convolution
    var confusion: ConfusionMatrix?
    let summary = try loop.run(resuming: resuming) { () throws(AIGCError) in
      guard let measured else { return }
      let found = try measure(measured, folder)
      try ConfusionPlot(found).write(to: "\(folder)/confusion.png")
      confusion = found
    }
    return Outcome(summary: summary, confusion: confusion)
  }

  /// Measures the saved model on held-out pictures and notes in its folder how sure it is of them.
  private func measure(
    _ pictures: PictureSet, _ folder: String
  ) throws(AIGCError) -> ConfusionMatrix {
    let classifier = try Classifier(folder: folder)
    let (_, confusion, doubt) = try classifier.measure(pictures)
    var configuration = classifier.configuration
    configuration.doubt = doubt
    try ModelConfiguration.write(configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
    confusion.warnings.forEach { report(.warning($0)) }
    return confusion
  }

  /// - Returns: steps of an epoch.
  @discardableResult
  private mutating func setSteps(_ learned: PictureSet) -> Double {
    let perEpoch = Double(max(1, learned.count / max(1, min(trainer.batchSize, learned.count))))
    if let epochs { trainer.steps = max(1, Int(min((epochs * perEpoch).rounded(.up), 1e12))) }
    return perEpoch
  }
}
