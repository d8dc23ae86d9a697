import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import NN
import Training

/// `aigc train vae|vaegan`.
struct VAEArguments<Name: VAEFamilyName>: RecipeArguments {
  static var command: String { Name.family }
  static var abstract: String {
    Name.kind == .vae
      ? "Train a variational autoencoder on images."
      : "Train an autoencoder whose reconstructions a discriminator judges, on images."
  }
  static var discussion: String {
    """
    DATA is a file of images of MNIST's kind (.gz too), a folder of PNG and JPEG files, \
    whose sub-folders are classes, or an archive of them (.tar, .zip). Without flags the \
    networks are pixels-256-128-20 and back\(Name.kind == .vae ? "" : ", and pixels-256-128-1").
    The folder of the run shows how it goes: samples.png, reconstructions.png, loss.png, \
    log.jsonl.
    \(VAERecipe(Name.kind).run.defaultsText())
    """
  }

  @Argument(help: "Images: a file, a folder or an archive.", completion: .file())
  var data: String
  @OptionGroup(title: "Images") var images: ImageArguments
  @OptionGroup(title: "Model") var model: VAEModelArguments
  @OptionGroup(title: "VQ-VAE") var quantized: QuantizedArguments
  @OptionGroup(title: "Tables") var table: VAETableArguments
  @OptionGroup(title: "Losses") var losses: VAELossArguments
  @OptionGroup(title: "VAE-GAN") var adversarial: VAEGANArguments

  var source: (family: String, path: String) { (Name.family, data) }
  func usage(_ folder: String) -> String {
    table.task == .tabular
      ? "score \(folder) TABLE" : "sample \(Name.family) --out img.png --model \(folder)"
  }

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
    if quantized.vq, table.isGiven { throw ValidationError("--vq is of images, not of tables") }
    if quantized.vq { try model.checkQuantized() }
    if table.isGiven, let tableProblem { throw ValidationError(tableProblem) }
  }

  /// Which of the flags a table does not have.
  private var tableProblem: String? {
    if images.isGiven || losses.mirror || model.conditional {
      return
        "--labels, --image-size, --channels, --fit, --bad-pictures, --ignore-orientation, --limit, "
        + "--only, --without, --convolution, --mirror and --conditional are of images, not of tables"
    }
    guard model.network != .convolutional, model.likelihood != .bernoulli else {
      return "tables have linear layers and the gaussian likelihood"
    }
    return nil
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    let model = try saved.map { (run) throws(AIGCError) in
      try VAEConfiguration.read(folder: run.folder)
    }
    try check(model)
    var options = model?.training ?? VAETrainingOptions()
    losses.apply(to: &options)
    try adversarial.apply(to: &options)
    if let convolution = images.convolution { options.convolution = convolution }
    let source = images.source(data, resuming: saved)
    let settings = settings(model)
    if quantized.vq || model?.codebook != nil {
      return FilledRecipe(
        recipe: try codes(source, options, self.model.options()), settings: settings)
    }
    var recipe = VAERecipe(Name.kind)
    recipe.settings.images = source
    recipe.settings.model = try self.model.options()
    recipe.settings.table = table.options
    recipe.settings.training = options
    return FilledRecipe(recipe: recipe, settings: settings)
  }

  /// A VQ-VAE, under the name that it had as a VAE.
  private func codes(
    _ images: ImageSource, _ options: VAETrainingOptions, _ model: VAEModelOptions
  ) throws(AIGCError) -> VQVAERecipe {
    guard !model.isConditional else {
      throw .usage("--vq: a VQ-VAE learns no classes; leave --conditional out")
    }
    var recipe = VQVAERecipe(family: Name.family)
    recipe.settings.images = images
    if let layers = model.layers { recipe.settings.layers = layers }
    recipe.settings.likelihood = model.likelihood
    recipe.settings.codebook = quantized.codebook.codebook
    recipe.settings.training = options
    return recipe
  }
}

extension VAEArguments {
  /// Refuses what the model that is trained has not; what depends on a run that goes on is known here.
  private func check(_ saved: VAEConfiguration?) throws(AIGCError) {
    let isQuantized = quantized.vq || saved?.codebook != nil
    let network = saved?.network ?? model.network ?? .linear
    if isQuantized, losses.isOfDivergence {
      throw .usage("--beta, --kl-anneal, --free-bits are not of --vq: codes cost nothing")
    }
    if saved?.table != nil, let tableProblem { throw .usage(tableProblem) }
    try images.check(hasConvolutions: isQuantized || network == .convolutional)
    if model.hidden != nil, network == .linear, !isQuantized {
      throw .usage("--hidden is of --network convolutional; of linear ones: --layers")
    }
  }

  /// What a run keeps.
  /// - Parameter saved: the model of a run that goes on.
  private func settings(_ saved: VAEConfiguration?) -> [RunSetting] {
    let size = saved.map { ImageSize(width: $0.width, height: $0.height) }
    let (codebook, learned) = (saved?.codebook, saved?.table)
    return images.settings(size: size, channels: saved?.channels) + [
      RunSetting("--latent", model.latent, else: saved?.latent.description),
      RunSetting("--network", model.network?.rawValue, else: saved?.network.rawValue),
      RunSetting(
        "--layers", model.layers,
        else: saved?.layers.map { "\($0)" }.joined(separator: ",")),
      RunSetting("--hidden", model.hidden, else: saved?.hidden.description),
      RunSetting("--likelihood", model.likelihood?.rawValue, else: saved?.likelihood.rawValue),
      RunSetting("--conditional", isOn: model.conditional, else: saved?.classes.isEmpty == false),
      RunSetting("--vq", isOn: quantized.vq, else: codebook != nil),
      RunSetting("--task", isOn: table.task == .tabular, else: learned != nil),
      RunSetting("--columns", table.columns), RunSetting("--label", table.label),
      RunSetting("--normal", table.normal),
    ] + quantized.codebook.settings(codebook)
  }
}
