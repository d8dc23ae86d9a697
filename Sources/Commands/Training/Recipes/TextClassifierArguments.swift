import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// Which of two names a classifier of texts is trained under.
protocol TextClassifierName: Sendable {
  static var command: String { get }
  static var task: TextClassifierTaskKind { get }
}

/// `aigc train sentiment`.
enum SentimentName: TextClassifierName {
  static let command = "sentiment"
  static let task = TextClassifierTaskKind.sentiment
}

/// `aigc train text-classifier`.
enum TextClassifierLabelsName: TextClassifierName {
  static let command = "text-classifier"
  static let task = TextClassifierTaskKind.labels
}

/// `aigc train sentiment` and `aigc train text-classifier`.
struct TextClassifierArguments<Name: TextClassifierName>: RecipeArguments {
  static var command: String { Name.command }
  static var abstract: String {
    Name.task == .sentiment
      ? "Train a model that tells positive texts from negative ones."
      : "Train a model that tells classes of texts apart: topics, languages, anything with labels."
  }
  static var discussion: String {
    """
    DATA is a table (.csv, .tsv), JSON Lines with text and label, a file in fastText's form, or a \
    folder with a folder or a file for each class (rt-polarity.pos, rt-polarity.neg).
    Methods: nb-logistic, logistic regression on n-grams that naive Bayes weights; naive-bayes; \
    linear, the mean of learned vectors of n-grams, as fastText's; cnn, Kim's convolutions over word \
    vectors; lstm; transfer, with --backbone a layer on the states of a language model.

    """
      + TextClassifierRecipe(task: Name.task, method: .cnn).run.defaultsText()
  }

  @Argument(help: "Labelled texts.", completion: .file())
  var data: String
  @OptionGroup(title: "Model") var model: TextClassifierModelArguments
  @OptionGroup(title: "Texts") var columns: LabelledTextArguments

  var source: (family: String, path: String) { (Name.command, data) }
  func usage(_ folder: String) -> String {
    Name.task == .sentiment
      ? "sentiment TEXT --model \(folder)" : "classify TEXT --model \(folder)"
  }

  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    let known = try saved.map { (run) throws(AIGCError) in
      try TextClassifierConfiguration.read(folder: run.folder)
    }
    let method = try model.method(saved)
    try model.check(method, training)
    var recipe = TextClassifierRecipe(data, task: Name.task, method: method)
    recipe.settings.columns = try columns.options(saved)
    try model.fill(&recipe.settings, saved, known)
    let settings = model.settings(recipe.settings) + columns.settings
    return FilledRecipe(recipe: recipe, settings: settings)
  }
}

/// Which columns of labelled texts hold text and label.
struct LabelledTextArguments: ParsableArguments {
  @Option(
    help: "Column or key of the text, by name or number (default: by its header, else the first).")
  var textColumn: String?
  @Option(help: "Column or key of the label (default: by its header, else the last).")
  var labelColumn: String?

  var isGiven: Bool { textColumn != nil || labelColumn != nil }

  func options(_ saved: SavedRun?) throws(AIGCError) -> LabelledTexts.Options {
    LabelledTexts.Options(
      textColumn: textColumn ?? saved?["--text-column"],
      labelColumn: labelColumn ?? saved?["--label-column"])
  }

  var settings: [RunSetting] {
    [RunSetting("--text-column", textColumn), RunSetting("--label-column", labelColumn)]
  }
}
