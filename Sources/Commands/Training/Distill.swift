import ArgumentParser
import Console
import Families
import Files
import Training

/// The flags of what a teacher writes.
struct TeacherTextArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Texts that the teacher writes, to be learned with DATA (default: 0 where both models have one tokenizer, \
      else 1000).
      """)
  var samples: Int?
  @Option(
    name: [.customLong("max-tokens"), .customLong("max-new-tokens")],
    help: "The most tokens that the teacher writes for each (default 256).")
  var maxTokens: Int?
  @Option(
    parsing: .unconditional,
    help: """
      Tokens of the texts of DATA that the teacher goes on from; 0: it begins by itself (default 8).
      """)
  var promptTokens: Int?
  @Option(parsing: .unconditional, help: "Temperature of what the teacher writes (default 1).")
  var temperature: Double?
  @Option(
    parsing: .unconditional,
    help: "Draw from the likeliest tokens that hold this probability (default 1: all).")
  var topP: Double?
  @Option(
    parsing: .unconditional,
    help: "The share of them that is learned, those that the teacher finds likeliest (default 0.9)."
  )
  var keep: Double?

  func fill(_ settings: inout DistillationSettings) {
    (settings.samples, settings.maxTokens, settings.promptTokens) = (
      samples, maxTokens, promptTokens
    )
    (settings.temperature, settings.topP, settings.keep) = (temperature, topP, keep)
  }

  func settings(_ used: DistillationSettings) -> [RunSetting] {
    [
      RunSetting("--samples", samples, else: used.samples.map { "\($0)" }),
      RunSetting("--max-tokens", maxTokens, else: used.maxTokens.map { "\($0)" }),
      RunSetting("--prompt-tokens", promptTokens, else: used.promptTokens.map { "\($0)" }),
      RunSetting("--temperature", temperature, else: used.temperature.map { "\($0)" }),
      RunSetting("--top-p", topP, else: used.topP.map { "\($0)" }),
      RunSetting("--keep", keep, else: used.keep.map { "\($0)" }),
    ]
  }
}

/// The flags of the teacher's probabilities.
struct DivergenceArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      The share of the divergence from the teacher in the loss, the rest being cross-entropy (default 0.5 where \
      both models have one tokenizer).
      """)
  var kdRatio: Float?
  @Option(
    parsing: .unconditional,
    help: "Divides the scores of both models before they are compared (default 1).")
  var kdTemperature: Float?
  @Option(
    help: "The teacher's likeliest tokens whose probabilities are kept for each place (default 16)."
  )
  var kdTopK: Int?

  func fill(_ settings: inout DistillationSettings) {
    (settings.kdRatio, settings.kdTemperature, settings.kdTopK) = (
      kdRatio, kdTemperature, kdTopK
    )
  }

  func settings(_ used: DistillationSettings) -> [RunSetting] {
    [
      RunSetting("--kd-ratio", kdRatio, else: used.kdRatio.map { "\($0)" }),
      RunSetting(
        "--kd-temperature", kdTemperature, else: used.kdTemperature.map { "\($0)" }),
      RunSetting("--kd-top-k", kdTopK, else: used.kdTopK.map { "\($0)" }),
    ]
  }
}

/// `aigc distill DATA --teacher T --student S`.
struct Distill: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Train a small model by a large one, into a new folder.",
    discussion: """
      aigc distill corpus.txt --teacher large --student small
      Where both models have one tokenizer the student learns the teacher's probabilities at each token of DATA; \
      otherwise it learns texts that the teacher writes, beside DATA. For a student that is new, train a step \
      first: aigc train gpt2 DATA --steps 1.
      What the teacher writes and says is kept in --cache: the same command goes on there, and other runs use it.
      \(Self.defaults.defaultsText())
      """)

  @Argument(
    help: "Text files, or JSONL as of 'aigc finetune' (.gz too).", completion: .file())
  var data: [String]
  @Option(help: "The model that is learned from: a name or a path.", completion: .model)
  var teacher: String
  @Option(
    name: [.customLong("student"), .customLong("model"), .customShort("m")],
    help: "The model that learns: a name or a folder, which stays as it is.", completion: .model)
  var student: String
  @Option(
    help:
      "The folder of what the teacher writes and says (default: that of the model, and -teacher).")
  var cache: String?
  @Option(
    name: [
      .customLong("context"), .customLong("block-size"), .customLong("ctx-size"), .customShort("c"),
    ],
    help:
      "The most tokens that are learned from at once (default: as many as the student sees, up to 256)."
  )
  var context: Int?
  @OptionGroup(title: "What the teacher writes") var texts: TeacherTextArguments
  @OptionGroup(title: "What the teacher says") var divergence: DivergenceArguments
  @OptionGroup(title: "Rows") var rows: RowArguments
  @OptionGroup(title: "Memory") var memory: MemoryArguments
  @OptionGroup(title: "Training") var training: TrainingFlags
  @OptionGroup var common: CommonOptions

  func run() throws {
    let folder = try folder()
    let saved = training.resume && hasRun(folder) ? try SavedRun(folder) : nil
    var filled = try recipe(folder, resuming: saved)
    try training.apply(to: &filled, resuming: saved)
    let new = TrainingStart.model(try path(student))
    let start = saved.map { TrainingStart.resumed($0.folder) } ?? new
    try TrainingAnswer(
      folder: folder, json: common.json, usage: "generate text --model \(folder)"
    ).run(filled.recipe, start, isPlan: training.dryRun)
  }

  private func hasRun(_ folder: String) -> Bool {
    fileExists("\(folder)/\(Trainer.stateFileName)")
  }

  /// A run that was killed while the teacher wrote has a cache, and no folder yet.
  private func folder() throws(AIGCError) -> String {
    if training.resume, let out = training.out, !hasRun(out),
      isFolder(cache ?? Self.cache(of: out))
    {
      return try RunFolder.path(family: "distill", data: data[0], out: out, force: false)
    }
    return try training.folder(family: "distill", data: data[0])
  }

  private static func cache(of folder: String) -> String { "\(folder)-teacher" }

  private func path(_ model: String) throws(AIGCError) -> String {
    try ModelStore.standard().resolve(model)
  }

  private static let record = RunRecord<DistillationSettings>("distillation settings")

  private func recipe(
    _ folder: String, resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    let student = try path(student)
    let teacher = try path(teacher)
    let cache = cache ?? saved?["--cache"] ?? Self.cache(of: folder)
    var recipe = try DistillationRecipe(
      student: student, teacher: teacher, texts: data, cache: cache)
    if let saved {
      recipe.settings = try settings(of: saved)
      recipe.settings.texts = data
      // Both may have been moved.
      recipe.settings.teacher = teacher
    } else {
      fill(&recipe.settings)
    }
    return FilledRecipe(
      recipe: recipe, settings: try kept(recipe.settings, student, saved),
      gradAccumulation: memory.gradAccum)
  }

  private func fill(_ settings: inout DistillationSettings) {
    texts.fill(&settings)
    divergence.fill(&settings)
    settings.rows = rows.options
    settings.recomputesBlocks = memory.checkpointActivations
    if let context { settings.context = context }
  }

  private func settings(of saved: SavedRun) throws(AIGCError) -> DistillationSettings {
    guard Self.record.isKept(by: saved) else {
      throw .usage("--resume: the run in \(saved.folder) is none of 'aigc distill'")
    }
    return try Self.record.settings(of: saved)
  }

  private func kept(
    _ settings: DistillationSettings, _ student: String, _ saved: SavedRun?
  ) throws(AIGCError) -> [RunSetting] {
    [
      try Self.record.setting(settings),
      RunSetting("--student", student, else: settings.student),
      // What is in it says by itself whether it fits.
      RunSetting("--cache", nil as String?, else: saved?["--cache"] ?? cache),
      RunSetting("--context", context, else: "\(settings.context)"),
      RunSetting(
        "--mask-prompt", isOn: rows.maskPrompt, else: settings.rows?.masksPrompts ?? false),
      RunSetting(
        "--skip-bad-lines", isOn: rows.skipBadLines, else: settings.rows?.skipsBadLines ?? false),
      RunSetting(
        "--checkpoint-activations", isOn: memory.checkpointActivations,
        else: settings.recomputesBlocks),
    ] + texts.settings(settings) + divergence.settings(settings)
  }

  private static var defaults: RunOptions { DistillationRecipe.defaults }
}
