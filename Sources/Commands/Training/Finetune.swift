import ArgumentParser
import Console
import Families
import Files
import NN
import Training

/// What a language model learns from other data.
enum FinetuneTask: String, CaseIterable, ExpressibleByArgument {
  /// To go on with such texts.
  case text
  /// To write summaries of articles.
  case summary
}

/// How a model is trained further.
struct FinetuneArguments: ParsableArguments {
  @Option(
    name: [
      .customLong("context"), .customLong("block-size"), .customLong("ctx-size"), .customShort("c"),
    ], help: "The most tokens that are learned from at once (default: the family's).")
  var context: Int?
  @Option(
    help: """
      text: DATA are texts. summary: they are JSONL with `article` and `summary`, and 'aigc summarize' \
      uses the model (default: text).
      """)
  var task: FinetuneTask?
  @OptionGroup(title: "Adapters") var lora: LoRAArguments
  @OptionGroup(title: "Rows") var rows: RowArguments
  @OptionGroup(title: "Memory") var memory: MemoryArguments
  @OptionGroup(title: "Training") var training: TrainingFlags

  func validate() throws {
    if let context, !(1...1 << 20).contains(context) {
      throw ValidationError("--context \(context): a number from 1 to 1048576")
    }
  }

  /// Refuses what a run by rewards has no use for.
  func requireTexts(of family: String) throws(AIGCError) {
    if context != nil {
      throw .usage("--context is of texts; with --reward the length of a text is --max-tokens")
    }
    if let flag = rows.flag { throw .usage("\(flag) is of texts, not of --reward") }
    if let task, task != .text {
      throw .usage("--task \(task.rawValue) is of texts, not of --reward")
    }
    if memory.gradAccum != nil {
      throw .usage(
        "--grad-accum is of texts; with --reward a step takes its texts in parts by itself")
    }
    if memory.checkpointActivations, TransformerKind(rawValue: family) == nil {
      throw .usage(
        "--checkpoint-activations is of gpt2 models and other transformers, not of \(family)")
    }
  }

  /// Refuses what other families than transformers do not have.
  func check(_ family: any Family) throws(AIGCError) {
    let flag = lora.lora ? "--lora" : rows.flag
    guard let flag, !(family is TransformerFamily) else { return }
    throw .usage("\(flag) is of gpt2 models and other transformers, not of \(family.name)")
  }

  /// What may be done with the model: `aigc <usage>`.
  /// - Parameters:
  ///   - base: of an adapter.
  ///   - saved: the run that goes on.
  func usage(_ folder: String, base: String, resuming saved: SavedRun?) -> String {
    if lora.lora { return "generate text --model \(base) --adapter \(folder)" }
    let task = task?.rawValue ?? saved?["--task"]
    let verb = task == FinetuneTask.summary.rawValue ? "summarize FILE" : "generate text"
    return "\(verb) --model \(folder)"
  }

  var options: FinetuneOptions {
    var result = FinetuneOptions()
    result.context = context
    result.areArticles = task == .summary
    (result.adapters, result.rows) = (lora.settings, rows.options)
    result.gradAccumulation = memory.gradAccum
    result.recomputesBlocks = memory.checkpointActivations
    return result
  }
}

/// Flags by which a step needs less memory, of families whose steps are large.
struct MemoryArguments: ParsableArguments {
  @Option(help: "Batches whose gradients make one step (default 1).")
  var gradAccum: Int?
  @Flag(help: "Compute each block again in the backward pass: slower, with less memory.")
  var checkpointActivations = false

  func validate() throws {
    if let gradAccum, !(1...1 << 20).contains(gradAccum) {
      throw ValidationError("--grad-accum \(gradAccum): a number from 1 to 1048576")
    }
  }
}

/// `aigc finetune [FAMILY] DATA --model M`.
struct Finetune: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a model further on other data, into a new folder.",
    discussion: """
      aigc finetune corpus.txt --model M; the family's name may stand before the data.
      aigc finetune chats.jsonl --model M.gguf --lora trains what is added to a model, with less memory: --lr 0.0002.
      DATA whose names end in .jsonl have a row in each line: {"text": …}, {"prompt": …, "completion": …} or \
      {"messages": […]}, which the model's chat template writes.
      aigc finetune prompts.txt --model M --reward sentiment:positive tunes it by what it writes.
      \(Self.defaults.defaultsText()) Of gpt2 models: \
      --lr 0.0003, of large ones 0.00005, --batch-size so that a step has 1024 tokens, --warmup 0, \
      --weight-decay 0.01, --eval-every 100, --log-every 10.
      \(RewardRecipe.defaults.defaultsText("With --reward")) With --lora too: --lr \(decimal(RewardRecipe.adapterRate)).
      """)

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "The model to start from: a name or a path.", completion: .model)
  var model: String
  @OptionGroup(title: "Rewards") var rewards: RewardArguments
  @OptionGroup var arguments: FinetuneArguments
  @OptionGroup var common: CommonOptions

  func run() throws {
    let path = try ModelStore.standard().resolve(model)
    let family = try family(of: path)
    try arguments.check(family)
    let data = try data(of: family, path)
    let training = arguments.training
    let name = arguments.lora.lora ? "lora" : family.name
    let folder = try training.folder(family: name, data: data[0])
    let saved = training.resume ? try SavedRun(folder) : nil
    var filled = try recipe(family, path, data, resuming: saved)
    try training.apply(to: &filled, resuming: saved)
    try TrainingAnswer(
      folder: folder, json: common.json, usage: arguments.usage(folder, base: path, resuming: saved)
    ).run(filled.recipe, saved.map { .resumed($0.folder) } ?? .model(path), isPlan: training.dryRun)
  }

  private func recipe(
    _ family: any Family, _ path: String, _ data: [String], resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    if let saved { try check(saved, path) }
    if saved.map(RewardArguments.isKept) ?? !rewards.reward.isEmpty {
      try arguments.requireTexts(of: family.name)
      return try rewards.recipe(path, data, arguments, resuming: saved)
    }
    try rewards.requireRewards(saved)
    let recipe = try finetunable(family, path)
      .recipe(further: path, on: data, arguments.options)
    return try FinetuneRecord.filled(recipe, path, arguments, resuming: saved)
  }

  /// Refuses to go on with a run of another verb, another kind or another model.
  private func check(_ saved: SavedRun, _ path: String) throws(AIGCError) {
    guard FinetuneRecord.isKept(by: saved) || RewardArguments.isKept(by: saved) else {
      throw .usage(
        "--resume: 'aigc finetune' did not start the run in \(saved.folder): go on with the verb that did"
      )
    }
    let isAdapter = LoRAArguments.isKept(by: saved)
    guard isAdapter == arguments.lora.lora else {
      throw .usage(
        "--resume: the run in \(saved.folder) was started \(isAdapter ? "with" : "without") --lora")
    }
    try RunSetting("--model", path).check(saved)
  }

  private func finetunable(
    _ family: any Family, _ path: String
  ) throws(AIGCError) -> any FinetunableFamily {
    if let finetunable = family as? any FinetunableFamily { return finetunable }
    throw .usage(
      "\(path): models of the family \(family.name) are not fine-tuned: "
        + (family is any UpdatableFamily
          ? "'aigc update' adds data to them" : "train a model on the data with 'aigc train'"))
  }

  /// Those of recurrent models, which the help says.
  private static var defaults: RunOptions {
    var result = RecurrentRecipe(.lstm).run
    result.trainer.schedule.peak = 5e-4
    result.epochs = 3
    return result
  }

  /// Without the family's name, which may stand before the data.
  private func data(of family: any Family, _ path: String) throws(AIGCError) -> [String] {
    guard data.count > 1, let first = data.first, families.contains(where: { $0.name == first })
    else { return data }
    guard first == family.name else {
      throw .mismatch("\(path): a model of the family \(family.name), not \(first)")
    }
    return Array(data.dropFirst())
  }
}
