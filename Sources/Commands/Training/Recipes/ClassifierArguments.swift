import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import NN
import Training

/// `aigc train classifier`.
struct ClassifierArguments: RecipeArguments {
  static let command = "classifier"
  static let abstract = "Train a convolutional network that tells classes of images apart."
  static var discussion: String {
    "DATA is a folder with a folder for each class, an archive of one, or MNIST's files.\n"
      + ClassifierRecipe().run.defaultsText()
  }

  @Argument(help: "Images with classes.", completion: .file())
  var data: String
  @OptionGroup(title: "Model") var model: ClassifierModelArguments
  @OptionGroup(title: "Images") var images: ImageArguments

  var source: (family: String, path: String) { ("classifier", data) }
  func usage(_ folder: String) -> String { "classify IMAGE --model \(folder)" }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = ClassifierRecipe()
    let model = try saved.map { (run) throws(AIGCError) in
      try ClassifierConfiguration.read(folder: run.folder)
    }
    recipe.settings.images = images.source(data, resuming: saved)
    if let model {
      recipe.settings.model = ClassifierOptions(of: model)
    } else {
      recipe.settings.model = try self.model.options()
      if let convolution = images.convolution { recipe.settings.model.convolution = convolution }
    }
    let settings =
      self.model.settings(recipe.settings.model)
      + images.settings(size: model?.size, channels: model?.channels) + [
        RunSetting(
          "--convolution", images.convolution?.rawValue,
          else: recipe.settings.model.convolution.rawValue)
      ]
    return FilledRecipe(recipe: recipe, settings: settings)
  }
}

/// The flags of a classifier's sizes and of how its images are changed.
struct ClassifierModelArguments: ParsableArguments {
  @Option(help: "Channels of the stages, each of which halves the sides (default 32,64).")
  var stages: String?
  @Option(parsing: .unconditional, help: "Units of the last hidden layer (default 128).")
  var hidden: Int?
  @Option(parsing: .unconditional, help: "Dropout rate before the last layer (default 0.4).")
  var dropout: Float?
  @Option(
    parsing: .unconditional,
    help: "How far images are turned, scaled and shifted by chance; 0: not (default 1).")
  var augment: Float?
  @Flag(help: "Turn half of the images left to right.")
  var mirror = false

  func validate() throws {
    if let augment, !(0...10).contains(augment) {
      throw ValidationError("--augment \(augment): 0 to 10")
    }
  }

  func options() throws(AIGCError) -> ClassifierOptions {
    var result = ClassifierOptions()
    if let stages { result.stages = try sizes("--stages", stages, such: "32,64") }
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
