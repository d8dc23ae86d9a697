import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc evaluate MODEL FILE`.
struct Evaluate: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure a model on held-out data: perplexity, bits per byte; errors of forecasts; "
      + "accuracy; distances between images.",
    discussion: """
      With --with, measures its mixture with other models that cut text the same way.
      A model that makes images is compared with the images of DATA, and so are other images in \
      its place: Fréchet and kernel distance, precision and recall on the features of a classifier.
      An agent needs no data: it plays --episodes episodes.
      """)

  @Argument(help: "A model's name or path, or images.", completion: .model)
  var model: String

  @Argument(
    help: "What to measure on: text, a table for a forecast, images; - for standard input.",
    completion: .file())
  var file: String?

  @OptionGroup(title: "Windows") var window: WindowArguments

  @OptionGroup(title: "Computation") var loading: LoadingArguments

  @OptionGroup(title: "Mixture") var mixture: MixtureArguments

  @OptionGroup(title: "Images") var images: ImageEvaluationArguments

  @OptionGroup(title: "Labelled texts") var columns: LabelledTextArguments

  @Option(help: "Agents: how many episodes are played (default: 100).")
  var episodes: Int?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if let episodes, !(1...100_000).contains(episodes) {
      throw ValidationError("--episodes \(episodes): 1 to 100000")
    }
    if file != nil, images.halves {
      throw ValidationError("--halves is of one set of images")
    }
  }

  func run() throws {
    let answer = try Answer(nil)
    let result = try evaluate()
    try common.json ? answer.write(json: result.members) : answer.write(result.text)
  }

  private func evaluate() throws -> any Report {
    if let agent = try agent() { return agent }
    if file == nil, !images.halves {
      // A name that is none is the first thing to say.
      if !fileExists(model) { _ = try ModelStore.standard().resolve(model) }
      throw AIGCError.usage("evaluate MODEL DATA: what to measure \(model) on is missing")
    }
    guard let file, !isOfImages(model) else {
      guard !choosesReading, mixture.others.isEmpty else {
        throw AIGCError.usage(
          "--context, --stride, --activations, --cache-type, --adapter and --with are of texts, not of \(model)"
        )
      }
      return try images.evaluate(model, file)
    }
    if let (family, path) = measuredOnImages(model), !images.isOfDistances, !choosesReading,
      mixture.others.isEmpty
    {
      return try family.evaluate(path, on: file, images.reading.reading, Diagnostics.show)
    }
    return try evaluateText(file)
  }

  /// Whether it is said how a language model reads.
  private var choosesReading: Bool { window.isGiven || loading.isGiven }

  /// What an agent reaches; nil where the model is none.
  private func agent() throws -> EpisodeReturns? {
    guard let path = try? ModelStore.standard().resolve(model), isFolder(path),
      let family = try? family(of: path) as? ReinforcementFamily
    else {
      if episodes != nil { throw AIGCError.usage("--episodes is of agents, not of \(model)") }
      return nil
    }
    guard file == nil, !choosesReading, mixture.others.isEmpty, !columns.isGiven,
      !images.isGivenBesideSeed
    else { throw AIGCError.usage("\(model) is an agent: it takes --episodes and --seed only") }
    return try family.evaluate(
      path, episodes: episodes ?? 100, seed: images.givenSeed ?? SeedOption.random())
  }

  private func evaluateText(_ file: String) throws -> any Report {
    if images.isGiven {
      throw AIGCError.usage(
        "--num, --features, --bad-pictures, --ignore-orientation, --iw-samples, --input, --direction, --seed compare "
          + "images with a model that makes some, or with others: \(model) is none")
    }
    if choosesReading, !mixture.others.isEmpty {
      throw AIGCError.usage(
        "--context, --stride, --activations, --cache-type and --adapter are not of mixtures")
    }
    guard mixture.others.isEmpty else {
      return try mixture.evaluate(first: model, file: file)
    }
    let path = try ModelStore.standard().resolve(model)
    if let family = try family(of: path) as? TextClassifierFamily, !choosesReading {
      return try family.evaluate(
        path, on: file, try columns.options(nil), Diagnostics.show)
    }
    guard !columns.isGiven else {
      throw AIGCError.usage("--text-column and --label-column are of classifiers of texts")
    }
    if !choosesReading,
      let result = try family(of: path).evaluate(
        path, on: file, Diagnostics.show)
    {
      return result
    }
    let model = try loadTextModel(model, loading.options()).model
    let result = try model.evaluate(readText(path: file), name: file, window: window.window)
    SampleSize.ofMeans("perplexity and bits per byte", result.tokens, "tokens").map {
      Diagnostics.warning($0)
    }
    result.noteUnknown()
    return result
  }
}

/// The flags of models that see so many tokens at once.
struct WindowArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "Tokens that the model sees at once (default: all of its context).")
  var context: Int?
  @Option(
    parsing: .unconditional,
    help: "Tokens between two windows' starts; each token is scored once (default: half of them).")
  var stride: Int?

  var isGiven: Bool { context != nil || stride != nil }
  var window: ScoringWindow { ScoringWindow(context: context, stride: stride) }
}

extension TextEvaluation {
  /// Says that bits per byte favour a model that knows few words, where it is so.
  func noteUnknown() {
    guard let unknown, unknown > 0 else { return }
    Diagnostics.note(
      "bits per byte take \(unknown) unknown words for <unk>, however long: they cannot be compared "
        + "between vocabularies")
  }
}
