import ArgumentParser
import Datasets
import Families
import Files
import Training

/// `aigc train vqvae`.
struct VQVAEArguments: RecipeArguments {
  static let command = VQVAEFamily.name
  static let abstract = "Train an autoencoder whose latents are codes (VQ-VAE) on images."
  static var discussion: String {
    """
    DATA is a file of images of MNIST's kind (.gz too), a folder of PNG and JPEG files, or an \
    archive of them (.tar, .zip), of sides that the convolutions can halve. At the end of the \
    training the prior is learned that draws codes.
    The folder of the run shows how it goes: samples.png, reconstructions.png, loss.png, \
    log.jsonl.
    \(VQVAERecipe().run.defaultsText())
    """
  }

  @Argument(help: "Images: a file, a folder or an archive.", completion: .file())
  var data: String
  @OptionGroup(title: "Images") var images: ImageArguments
  @OptionGroup(title: "Model") var model: VQVAEModelArguments
  @OptionGroup(title: "Model") var codebook: CodebookArguments
  @Flag(help: "Turn half of the images left to right.")
  var mirror = false

  var source: (family: String, path: String) { (Self.command, data) }
  func usage(_ folder: String) -> String { "sample vqvae --out img.png --model \(folder)" }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = VQVAERecipe()
    let model = try saved.map { (run) throws(AIGCError) in
      try VAEConfiguration.read(folder: run.folder)
    }
    recipe.settings.images = images.source(data, resuming: saved)
    if let layers = self.model.layers {
      recipe.settings.layers = try sizes("--layers", layers, such: "32,64")
    }
    recipe.settings.likelihood = self.model.likelihood
    recipe.settings.codebook = codebook.codebook
    recipe.settings.training = model?.training ?? VAETrainingOptions()
    if mirror { recipe.settings.training.isMirrored = true }
    if let convolution = images.convolution { recipe.settings.training.convolution = convolution }
    return FilledRecipe(recipe: recipe, settings: settings(model))
  }

  /// What a run keeps.
  /// - Parameter saved: the model of a run that goes on.
  private func settings(_ saved: VAEConfiguration?) -> [RunSetting] {
    let size = saved.map { ImageSize(width: $0.width, height: $0.height) }
    return images.settings(size: size, channels: saved?.channels)
      + codebook.settings(saved?.codebook) + [
        RunSetting(
          "--layers", model.layers,
          else: saved?.layers.map { "\($0)" }.joined(separator: ",")),
        RunSetting("--likelihood", model.likelihood?.rawValue, else: saved?.likelihood.rawValue),
      ]
  }
}

/// The flags of a VQ-VAE's networks.
struct VQVAEModelArguments: ParsableArguments {
  @Option(
    help: "Channels of the encoder's convolutions, each of which halves the sides (default 32,64).")
  var layers: String?
  @Option(
    help: """
      How pixels are distributed: bernoulli (default; grey values as probabilities) or gaussian \
      (default for colours), its deviation learned.
      """)
  var likelihood: VAEConfiguration.Likelihood?
}
