import ArgumentParser
import Console
import Files
import Training

/// `aigc train classifier DATA`.
struct TrainClassifier: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "classifier",
    abstract: "Train a convolutional network that tells classes of pictures apart.",
    discussion:
      "DATA is a folder with a folder for each class, an archive of one, or MNIST's files.\n"
      + ClassifierTrainer.defaults.defaultsText(
        epochs: ClassifierTrainer.defaultEpochs, heldOut: 0.1))

  @Argument(help: "Pictures with classes.", completion: .file())
  var data: String
  @OptionGroup(title: "Model") var model: ClassifierArguments
  @OptionGroup(title: "Pictures") var pictures: PictureArguments
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let folder = try training.folder(family: "classifier", data: data)
    var trainer = try trainer(folder)
    let progress = TrainerProgressLine()
    trainer.report = { progress.show($0) }
    if training.dryRun {
      return try printPlan(trainer, folder: folder, resuming: training.resume)
    }
    let outcome = try training.resume ? trainer.resume(in: folder) : trainer.train(to: folder)
    progress.finish()
    try printOutcome(outcome, folder: folder, json: common.json)
  }

  private func trainer(_ folder: String) throws -> ClassifierTrainer {
    var trainer = ClassifierTrainer()
    trainer.data = data
    trainer.labels = pictures.labels
    let saved = training.resume ? try ClassifierConfiguration.read(folder: folder) : nil
    trainer.options = try saved.map { ClassifierOptions(of: $0) } ?? model.options()
    if !training.resume, let convolution = pictures.convolution {
      trainer.options.convolution = convolution
    }
    let settings =
      model.settings(trainer.options)
      + pictures.settings(size: saved?.size, channels: saved?.channels) + [
        RunSetting(
          "--convolution", pictures.convolution?.rawValue,
          else: trainer.options.convolution.rawValue)
      ]
    try training.configure(&trainer, folder: folder, settings)
    trainer.pictures = pictures.options(keeping: trainer.trainer.settings)
    return trainer
  }
}

/// The flags of a classifier's sizes and of how its pictures are changed.
struct ClassifierArguments: ParsableArguments {
  @Option(help: "Channels of the stages, each of which halves the sides (default 32,64).")
  var stages: String?
  @Option(parsing: .unconditional, help: "Units of the last hidden layer (default 128).")
  var hidden: Int?
  @Option(parsing: .unconditional, help: "Dropout rate before the last layer (default 0.4).")
  var dropout: Float?
  @Option(
    parsing: .unconditional,
    help: "How far pictures are turned, scaled and shifted by chance; 0: not (default 1).")
  var augment: Float?
  @Flag(help: "Turn half of the pictures left to right.")
  var mirror = false

  func validate() throws {
    if let augment, !(0...10).contains(augment) {
      throw ValidationError("--augment \(augment): 0 to 10")
    }
  }

  func options() throws(AIGCError) -> ClassifierOptions {
    var result = ClassifierOptions()
    if let stages {
      let words = stages.split(separator: ",", omittingEmptySubsequences: false)
      result.stages = words.compactMap { Int($0) }
      guard result.stages.count == words.count else {
        throw .usage("--stages \(stages): numbers such as 32,64")
      }
    }
    if let hidden { result.hidden = hidden }
    if let dropout { result.dropout = dropout }
    if let augment { result.augmentation = augment }
    result.isMirrored = mirror
    return result
  }

  /// What a run keeps of it.
  /// - Parameter options: what is in force.
  func settings(_ options: ClassifierOptions) -> [RunSetting] {
    [
      RunSetting(
        "--stages", stages, else: options.stages.map { "\($0)" }.joined(separator: ",")),
      RunSetting("--hidden", hidden, else: "\(options.hidden)"),
      RunSetting("--dropout", dropout, else: "\(options.dropout)"),
      RunSetting("--augment", augment, else: "\(options.augmentation)"),
      RunSetting("--mirror", isOn: mirror, else: options.isMirrored),
    ]
  }
}

extension TrainingOptions {
  /// Puts the flags into a trainer; what is not given is the family's default.
  fileprivate func configure(
    _ trainer: inout ClassifierTrainer, folder: String, _ settings: [RunSetting]
  ) throws(AIGCError) {
    var configuration = try base(ClassifierTrainer.defaults, folder: folder)
    var options = self
    // The number of steps of an epoch is known when the pictures are read.
    trainer.epochs =
      epochs ?? (steps == nil && !resume ? ClassifierTrainer.defaultEpochs : nil)
    options.epochs = nil
    try options.apply(to: &configuration)
    try keepHeldOut(
      path: &trainer.heldOut, share: &trainer.heldOutShare, settings, in: &configuration,
      folder: folder)
    trainer.trainer = configuration
  }
}

/// `--dry-run`: the resolved settings.
private func printPlan(
  _ trainer: ClassifierTrainer, folder: String, resuming: Bool
) throws(AIGCError) {
  var trainer = trainer
  let configuration = try trainer.plan(resuming: resuming ? folder : nil)
  let (options, run) = (trainer.options, trainer.trainer)
  let members: [JSONValue.Member] = [
    .init("model", .string(folder)), .init("family", "classifier"),
    .init("stages", .array(options.stages.map { .int($0) })),
    .init("hidden", .int(options.hidden)), .init("dropout", .float(options.dropout)),
    .init("augment", .float(options.augmentation)), .init("mirror", .bool(options.isMirrored)),
    .init("convolution", .string(options.convolution.rawValue)),
  ]
  let sizes: [JSONValue.Member] = [
    .init("image_size", .string(configuration.size.description)),
    .init("channels", .int(configuration.channels)),
  ]
  try Answer(nil).write(
    json: members + heldOutMembers(trainer.heldOut, share: trainer.heldOutShare) + sizes
      + trainer.pictures.planMembers
      + run.planMembers(epochs: trainer.epochs) + (trainer.found?.members ?? []))
}

private func printOutcome(
  _ outcome: ClassifierTrainer.Outcome, folder: String, json: Bool
) throws(AIGCError) {
  let answer = Answer.ofFinishedWork()
  let summary = outcome.summary
  if json {
    try answer.write(
      json: [
        .init("model", .string(folder)), .init("steps", .int(summary.steps)),
        .init("loss", JSONValue(summary.loss)),
        .init("val_loss", JSONValue(summary.bestValidationLoss)),
        .init("seconds", .double(summary.seconds)), .init("images", .int(summary.items)),
      ] + (outcome.confusion?.members ?? []))
  } else {
    Diagnostics.note(
      "\(counted(summary.steps, "step")) in \(Format.time(seconds: summary.seconds)), "
        + "\(counted(summary.items, "image"))")
    if let confusion = outcome.confusion { Diagnostics.note(confusion.text) }
    try answer.write("\(folder)\n")
    Diagnostics.note("use it: aigc classify PICTURE --model \(folder)")
  }
  try answer.finish()
}

extension ConfusionMatrix {
  /// For `--json`.
  var members: [JSONValue.Member] {
    let each = classes.indices.map { label in
      JSONValue.Member(classes[label], accuracy(label).map { .double($0) } ?? .null)
    }
    return [
      .init("accuracy", .double(accuracy)), .init("evaluated_images", .int(total)),
      .init("classes", .object(each)),
    ]
  }

  /// For people: the accuracy, then that of each class.
  var text: String {
    func percent(_ share: Double) -> String { "\(Format.fixed(share * 100, 2))%" }
    let width = classes.reduce(0) { max($0, Format.columns($1)) }
    let each = classes.indices.compactMap { label in
      accuracy(label).map { "  \(padded(classes[label], width))  \(percent($0))" }
    }
    return (["accuracy \(percent(accuracy)) of \(total)"] + each).joined(separator: "\n")
  }
}
