import ArgumentParser
import Console
import Datasets
import Files
import Kernels
import NN
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
        \(VAETrainer.defaults.defaultsText(epochs: VAETrainer.defaultEpochs, heldOut: 0))
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
    if quantized.vq { try model.checkQuantized() }
    if table.isGiven { try checkTable() }
  }

  /// Refuses what a table has not.
  fileprivate func checkTable() throws {
    if pictures.isGiven || losses.mirror || model.conditional {
      throw ValidationError(
        "--labels, --image-size, --channels, --fit, --bad-pictures, --ignore-orientation, --limit, "
          + "--only, --without, --convolution, --mirror and --conditional are of pictures, not of tables"
      )
    }
    if model.network == .convolutional || model.likelihood == .bernoulli {
      throw ValidationError("tables have linear layers and the gaussian likelihood")
    }
  }

  func run() throws {
    let folder = try training.folder(family: Name.family, data: data)
    var trainer = try trainer(folder)
    let progress = TrainerProgressLine()
    trainer.report = { progress.show($0) }
    if training.dryRun {
      return try printPlan(trainer, folder: folder, resuming: training.resume)
    }
    let summary = training.resume ? try trainer.resume(in: folder) : try trainer.train(to: folder)
    progress.finish()
    try report(summary, folder, isTable: trainer.table != nil)
  }

  private func report(_ summary: TrainingSummary, _ folder: String, isTable: Bool) throws {
    let isQuantized = try VAEConfiguration.read(folder: folder).codebook != nil
    try printSummary(
      summary, folder: folder, json: common.json, items: isTable ? "rows" : "images",
      score: ("val_loss", "\(isQuantized ? "loss" : "-ELBO") on what was held out"),
      command: "sample \(Name.family) --out img.png",
      usage: isTable ? "score \(folder) TABLE" : nil)
  }

  private func trainer(_ folder: String) throws -> VAETrainer {
    var trainer = VAETrainer()
    trainer.kind = Name.kind
    trainer.data = data
    trainer.labels = pictures.labels
    trainer.model = try model.options()
    trainer.model.codebook = quantized.codebook
    trainer.table = table.options
    let saved = training.resume ? try VAEConfiguration.read(folder: folder) : nil
    trainer.options = saved?.training ?? VAETrainingOptions()
    losses.apply(to: &trainer.options)
    try adversarial.apply(to: &trainer.options)
    try check(saved)
    if let convolution = pictures.convolution { trainer.options.convolution = convolution }
    try training.configure(&trainer, folder: folder, settings(saved))
    trainer.pictures = pictures.options(keeping: trainer.trainer.settings)
    return trainer
  }
}

extension TrainVAE {
  /// Refuses what the model that is trained has not; what depends on a run that goes on is known here.
  private func check(_ saved: VAEConfiguration?) throws {
    let isQuantized = quantized.vq || saved?.codebook != nil
    let network = saved?.network ?? model.network ?? .linear
    if isQuantized, losses.isOfDivergence {
      throw AIGCError.usage("--beta, --kl-anneal, --free-bits are not of --vq: codes cost nothing")
    }
    if saved?.table != nil { try checkTable() }
    try pictures.check(hasConvolutions: isQuantized || network == .convolutional)
    if model.hidden != nil, network == .linear, !isQuantized {
      throw AIGCError.usage("--hidden is of --network convolutional; of linear ones: --layers")
    }
  }

  /// What a run keeps.
  /// - Parameter saved: the model of a run that goes on.
  private func settings(_ saved: VAEConfiguration?) -> [RunSetting] {
    let size = saved.map { PictureSize(width: $0.width, height: $0.height) }
    let (codebook, learned) = (saved?.codebook, saved?.table)
    return pictures.settings(size: size, channels: saved?.channels) + [
      RunSetting("--latent", model.latent, else: saved?.latent.description),
      RunSetting("--network", model.network?.rawValue, else: saved?.network.rawValue),
      RunSetting(
        "--layers", model.layers,
        else: saved?.layers.map { "\($0)" }.joined(separator: ",")),
      RunSetting("--hidden", model.hidden, else: saved?.hidden.description),
      RunSetting("--likelihood", model.likelihood?.rawValue, else: saved?.likelihood.rawValue),
      RunSetting("--conditional", isOn: model.conditional, else: saved?.classes.isEmpty == false),
      RunSetting("--vq", isOn: quantized.vq, else: codebook != nil),
      RunSetting("--codes", quantized.codes, else: codebook?.entries.description),
      RunSetting("--code-dim", quantized.dimension, else: codebook?.dimension.description),
      RunSetting("--codebook", quantized.update?.rawValue, else: codebook?.update.rawValue),
      RunSetting("--commitment", quantized.commitment, else: codebook?.commitment.description),
      RunSetting("--task", isOn: table.task == .tabular, else: learned != nil),
      RunSetting("--columns", table.columns), RunSetting("--label", table.label),
      RunSetting("--normal", table.normal),
    ]
  }
}

extension TrainingOptions {
  /// Puts the flags into a trainer; what is not given is the family's default.
  fileprivate func configure(
    _ trainer: inout VAETrainer, folder: String, _ settings: [RunSetting]
  ) throws(AIGCError) {
    var configuration = try base(VAETrainer.defaults, folder: folder)
    var options = self
    // The number of steps of an epoch is known when the pictures are read.
    trainer.epochs = epochs ?? (steps == nil && !resume ? VAETrainer.defaultEpochs : nil)
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
  _ trainer: VAETrainer, folder: String, resuming: Bool
) throws(AIGCError) {
  var trainer = trainer
  let configuration = try trainer.plan(resuming: resuming ? folder : nil)
  let (run, options) = (trainer.trainer, trainer.options)
  let isTable = configuration.table != nil
  var members: [JSONValue.Member] = [
    .init("model", .string(folder)), .init("family", .string(configuration.family)),
    .init(
      "image_size",
      isTable ? .null : .string("\(configuration.width)x\(configuration.height)")),
    .init("channels", isTable ? .null : .int(configuration.channels)),
    .init("latent", .int(configuration.latent)),
    .init("network", .string(configuration.network.rawValue)),
    .init("layers", .array(configuration.layers.map { .int($0) })),
    .init("likelihood", .string(configuration.likelihood.rawValue)),
    .init("classes", .int(configuration.classes.count)),
    .init("codes", JSONValue(configuration.codebook?.entries)),
    .init("code_dim", JSONValue(configuration.codebook?.dimension)),
    .init("hidden", configuration.network == .linear ? .null : .int(configuration.hidden)),
    .init("commitment", configuration.codebook.map { .float($0.commitment) } ?? .null),
    .init("codebook", JSONValue(configuration.codebook?.update.rawValue)),
    .init("parameters", .int(parameterCount(configuration))), .init("beta", .float(options.beta)),
    .init("kl_anneal", .int(options.annealingSteps)),
    .init("free_bits", .float(options.freeBits)), .init("mirror", .bool(options.isMirrored)),
    .init("convolution", .string(options.convolution.rawValue)),
    .init("columns", JSONValue(configuration.table?.columns.count)),
    .init("label", JSONValue(configuration.table?.label)),
  ]
  members += heldOutMembers(trainer.heldOut, share: trainer.heldOutShare)
  members += adversarialMembers(configuration, options)
  if configuration.table == nil { members += trainer.pictures.planMembers }
  try Answer(nil).write(
    json: members + run.planMembers() + (trainer.found?.members ?? []))
}

/// What `--dry-run` says of a VAE-GAN's losses.
private func adversarialMembers(
  _ configuration: VAEConfiguration, _ options: VAETrainingOptions
) -> [JSONValue.Member] {
  guard configuration.vaeKind == .vaegan else { return [] }
  return [
    .init("reconstruction", .string(options.reconstruction.rawValue)),
    .init("judge_samples", .bool(options.drawsLatents)),
    .init("feature_weight", .float(options.featureWeight)),
    .init("adversarial_weight", .float(options.adversarialWeight)),
    .init("r1", .float(options.r1 ?? 0)), .init("d_lr", .float(options.discriminatorRate)),
  ]
}

private func parameterCount(_ configuration: VAEConfiguration) -> Int {
  guard let codebook = configuration.codebook else {
    return ParameterPlan.shapes { VAENetworks(configuration, using: &$0) }.parameterCount
  }
  return ParameterPlan.shapes { QuantizedNetworks(configuration, codebook, using: &$0) }
    .parameterCount
}
