import ArgumentParser
import Console
import Files
import Kernels
import Training

/// `aigc train vae|vaegan`.
struct TrainVAE<Name: VAEFamilyName>: ConsoleCommand {
  static var configuration: CommandConfiguration {
    let isPlain = Name.kind == .vae
    return CommandConfiguration(
      commandName: Name.family,
      abstract: isPlain
        ? "Train a variational autoencoder on pictures."
        : "Train an autoencoder whose reconstructions a discriminator judges, on pictures.",
      discussion: """
        DATA is a file of pictures of MNIST's kind (.gz too), a folder of PNG and JPEG files, \
        whose sub-folders are classes, or an archive of them (.tar, .zip). Without flags the \
        networks are pixels-256-128-20 and back\(isPlain ? "" : ", and pixels-256-128-1").
        The folder of the run shows how it goes: samples.png, reconstructions.png, loss.png, \
        log.jsonl.
        """)
  }

  @Argument(help: "Pictures: a file, a folder or an archive.", completion: .file())
  var data: String
  @OptionGroup(title: "Pictures") var pictures: PictureArguments
  @OptionGroup(title: "Model") var model: VAEModelArguments
  @OptionGroup(title: "VQ-VAE") var quantized: QuantizedArguments
  @OptionGroup(title: "Tables") var table: VAETableArguments
  @OptionGroup(title: "Losses") var losses: VAELossArguments
  @OptionGroup(title: "VAE-GAN") var adversarial: VAEGANArguments
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if Name.kind == .vaegan, quantized.vq { throw ValidationError("--vq is of train vae") }
    if Name.kind == .vae, adversarial.isGiven {
      throw ValidationError(
        "--reconstruction, --judge-samples, --feature-weight, --adversarial-weight, --r1, --d-lr "
          + "are of train vaegan")
    }
    if Name.kind == .vaegan, table.isGiven { throw ValidationError("tables are of train vae") }
    if quantized.vq, losses.isOfDivergence {
      throw ValidationError("--beta, --kl-anneal, --free-bits are not of --vq: codes cost nothing")
    }
    if quantized.vq, table.isGiven { throw ValidationError("--vq is of pictures, not of tables") }
  }

  func run() throws {
    let folder = try training.folder(family: Name.family, data: data)
    var trainer = VAETrainer()
    trainer.kind = Name.kind
    trainer.data = data
    trainer.labels = pictures.labels
    trainer.pictures = pictures.options
    trainer.model = try model.options()
    trainer.model.codebook = quantized.codebook
    trainer.table = table.options
    trainer.options =
      training.resume ? try VAETrainer.savedOptions(in: folder) : VAETrainingOptions()
    losses.apply(to: &trainer.options)
    adversarial.apply(to: &trainer.options)
    if let convolution = pictures.convolution { trainer.options.convolution = convolution }
    try training.configure(&trainer, folder: folder)
    let progress = TrainerProgressLine()
    trainer.report = { progress.show($0) }
    if training.dryRun { return try printPlan(trainer, folder: folder) }
    let summary = training.resume ? try trainer.resume(in: folder) : try trainer.train(to: folder)
    progress.finish()
    let isQuantized = try VAEConfiguration.read(folder: folder).codebook != nil
    try printSummary(
      summary, folder: folder, json: common.json,
      items: trainer.table == nil ? "images" : "rows",
      score: ("val_loss", "\(isQuantized ? "loss" : "-ELBO") on what was held out"),
      command: "sample \(Name.family) --out img.png",
      usage: trainer.table == nil ? nil : "score \(folder) TABLE")
  }
}

extension TrainingOptions {
  /// Puts the flags into a trainer; what is not given is the family's default.
  fileprivate func configure(
    _ trainer: inout VAETrainer, folder: String
  ) throws(AIGCError) {
    var configuration = try base(VAETrainer.defaults, folder: folder)
    var options = self
    // The number of steps of an epoch is known when the pictures are read.
    trainer.epochs = epochs ?? (steps == nil && !resume ? VAETrainer.defaultEpochs : nil)
    options.epochs = nil
    try options.apply(to: &configuration)
    trainer.trainer = configuration
    trainer.heldOut = val
    if let valSplit { trainer.heldOutShare = valSplit }
  }
}

/// `--dry-run`: the resolved settings.
private func printPlan(_ trainer: VAETrainer, folder: String) throws(AIGCError) {
  var trainer = trainer
  let configuration = try trainer.plan()
  let (run, options) = (trainer.trainer, trainer.options)
  try Answer(nil).write(
    json: [
      .init("model", .string(folder)), .init("family", .string(configuration.family)),
      .init("image_size", .string("\(configuration.width)x\(configuration.height)")),
      .init("channels", .int(configuration.channels)), .init("latent", .int(configuration.latent)),
      .init("network", .string(configuration.network.rawValue)),
      .init("layers", .array(configuration.layers.map { .int($0) })),
      .init("likelihood", .string(configuration.likelihood.rawValue)),
      .init("classes", .int(configuration.classes.count)),
      .init("codes", JSONValue(configuration.codebook?.entries)),
      .init("code_dim", JSONValue(configuration.codebook?.dimension)),
      .init("parameters", .int(parameterCount(configuration))), .init("beta", .float(options.beta)),
      .init("steps", .int(run.steps)), .init("batch_size", .int(run.batchSize)),
      .init("lr", .float(run.schedule.peak)),
      .init("schedule", .string(run.schedule.shape.rawValue)),
      .init("optimizer", .string(run.optimizer.kind.rawValue)),
      .init("seed", .int(Int(clamping: run.seed))),
    ] + (trainer.found?.members ?? []))
}

private func parameterCount(_ configuration: VAEConfiguration) -> Int {
  var nothing = RandomSource.zeros
  guard let codebook = configuration.codebook else {
    return VAENetworks(configuration, using: &nothing).parameterCount
  }
  return QuantizedNetworks(configuration, codebook, using: &nothing).parameterCount
}
