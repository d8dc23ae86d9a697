import ArgumentParser
import Console
import Families
import Files
import Training

/// The flags and arguments by which a family's recipe is filled: one file a family, in `Recipes`.
/// ``TrainCommand`` does the rest.
protocol RecipeArguments: ParsableArguments {
  /// The name after `aigc train`.
  static var command: String { get }
  /// Its line in the list of commands.
  static var abstract: String { get }
  /// What its help says before the flags.
  static var discussion: String { get }
  /// What may stand where the finished model is used: `aigc <usage>`.
  func usage(_ folder: String) -> String

  /// Refuses flags that do not fit each other.
  func validate(with training: TrainingFlags) throws

  /// The data that the run is named after, and the family's name.
  var source: (family: String, path: String) { get }

  /// The recipe of the flags.
  /// - Parameters:
  ///   - training: the flags of every run.
  ///   - saved: the run that goes on, whose settings hold where no flag says another; nil: a new one.
  /// - Throws: ``/Files/AIGCError``: usage for flags that do not fit the run or each other, badInput for a
  ///   damaged run.
  func recipe(
    _ training: TrainingFlags, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe

  /// Whether people get the measures of the finished model as the answer, in place of its folder.
  var answersWithMeasures: Bool { get }
}

extension RecipeArguments {
  func usage(_ folder: String) -> String { "generate text --model \(folder)" }
  func validate(with training: TrainingFlags) throws {}
  var answersWithMeasures: Bool { false }
}

/// A run that goes on.
struct SavedRun {
  let folder: String
  /// How it was trained, and what it was started with.
  let trainer: TrainerConfiguration

  init(_ folder: String) throws(AIGCError) {
    self.folder = folder
    trainer = try Trainer.saved(in: folder).configuration
  }

  /// What a flag was set to at the start; nil: nothing.
  subscript(_ flag: String) -> String? { trainer.settings?[flag] }
}

/// A recipe as flags have it.
struct FilledRecipe {
  var recipe: any TrainingRecipe
  /// What the run keeps.
  var settings: [RunSetting]
  /// What evaluations need that a run can be stopped by; nil: held-out data.
  var measure: (flag: String, isGiven: Bool)?
  /// `--grad-accum` where it was given: a run that goes on takes it too.
  var gradAccumulation: Int?
}

/// `aigc train FAMILY DATA`: fills a recipe and runs it, or says what it would do.
struct TrainCommand<Arguments: RecipeArguments>: ConsoleCommand {
  // A name of its own: without one ArgumentParser derives one by reflection, which costs every start of
  // the program a tenth of a millisecond.
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: Arguments.command, abstract: Arguments.abstract,
      discussion: Arguments.discussion)
  }

  @OptionGroup var arguments: Arguments
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup var common: CommonOptions

  func validate() throws { try arguments.validate(with: training) }

  func run() throws {
    let (family, path) = arguments.source
    let folder = try training.folder(family: family, data: path)
    let saved = training.resume ? try SavedRun(folder) : nil
    if let saved, saved.hasRecord {
      throw AIGCError.usage(
        "--resume: 'aigc train' did not start the run in \(folder): go on with the verb that did")
    }
    var filled = try arguments.recipe(training, resuming: saved)
    try training.apply(to: &filled, resuming: saved)
    let start = saved.map { TrainingStart.resumed($0.folder) } ?? .new
    try TrainingAnswer(
      folder: folder, json: common.json, usage: arguments.usage(folder),
      isMeasures: arguments.answersWithMeasures
    ).run(filled.recipe, start, isPlan: training.dryRun)
  }
}

/// Runs a recipe with a progress line and prints what comes of it.
struct TrainingAnswer {
  let folder: String
  let json: Bool
  /// See ``RecipeArguments/usage(_:)``.
  let usage: String
  /// See ``RecipeArguments/answersWithMeasures``.
  var isMeasures = false

  /// - Parameter isPlan: whether only the plan is printed.
  func run(
    _ recipe: some TrainingRecipe, _ start: TrainingStart, isPlan: Bool
  ) throws {
    let progress = TrainerProgressLine()
    if isPlan {
      let plan = try recipe.plan(start) { progress.show($0) }
      return try Answer(nil).write(json: plan.json(recipe, folder: folder))
    }
    let result = try recipe.run(start, in: folder) { progress.show($0) }
    progress.finish()
    try write(result)
  }

  private func write<Measures>(_ result: TrainingResult<Measures>) throws(AIGCError) {
    let answer = Answer.ofFinishedWork()
    if json {
      try answer.write(json: result.members)
      return try answer.finish()
    }
    let measures = result.measures?.text ?? ""
    Diagnostics.note(result.text)
    if isMeasures {
      try answer.write(measures)
      Diagnostics.note("the model is in \(folder)")
    } else {
      for line in measures.split(separator: "\n") { Diagnostics.note(String(line)) }
      try answer.write("\(folder)\n")
    }
    Diagnostics.note("use it: aigc \(usage)")
    try answer.finish()
  }
}
