import ArgumentParser
import Console
import Families
import Files
import FoundationEssentials
import Training

/// The flags of training what is added to a model, in place of its own weights.
struct LoRAArguments: ParsableArguments {
  @Flag(
    help: """
      Train an adapter of low rank (LoRA) on a model that stays as it is, of a .gguf file too; the folder is one \
      of PEFT.
      """)
  var lora = false
  @Option(help: "The rank of each change (with --lora; default 8).")
  var rank: Int?
  @Option(help: "What changes are multiplied by, times the rank (with --lora; default 16).")
  var alpha: Double?
  @Option(
    help: """
      The projections that are changed, by the ends of their names: q_proj,v_proj (with --lora; default: all \
      of the layers, which all-linear says too).
      """)
  var loraLayers: String?

  private static let record = "adapter settings"
  private static let all = "all-linear"

  func validate() throws {
    let flags = [
      ("--rank", rank != nil), ("--alpha", alpha != nil), ("--lora-layers", loraLayers != nil),
    ]
    if !lora, let flag = flags.first(where: { $0.1 }) {
      throw ValidationError("\(flag.0) goes with --lora")
    }
    if let rank, !(1...1 << 16).contains(rank) {
      throw ValidationError("--rank \(rank): a number from 1 to 65536")
    }
    if let alpha, !(alpha > 0 && alpha.isFinite) {
      throw ValidationError("--alpha \(alpha): a number above 0")
    }
    if let loraLayers, modules?.isEmpty != false, loraLayers != Self.all {
      throw ValidationError("--lora-layers: names with commas between them, or \(Self.all)")
    }
  }

  private var modules: [String]? {
    guard let loraLayers, loraLayers != Self.all else { return nil }
    let names = loraLayers.split(separator: ",", omittingEmptySubsequences: false)
    return names.contains("") ? [] : names.map { String($0) }
  }

  /// Whether a run trained an adapter.
  static func isRecorded(_ saved: SavedRun) -> Bool { saved[record] != nil }

  var settings: AdapterSettings? {
    guard lora else { return nil }
    var settings = AdapterSettings()
    if let rank { settings.rank = rank }
    if let alpha { settings.alpha = alpha }
    settings.modules = modules
    return settings
  }

  /// What a run keeps.
  /// - Parameters:
  ///   - recipe: of a new run; of one that goes on its settings are read.
  ///   - path: of the base.
  func filled(
    _ recipe: AdapterRecipe, _ path: String, _ finetune: FinetuneArguments,
    resuming saved: SavedRun?
  ) throws(AIGCError) -> FilledRecipe {
    var recipe = recipe
    if let saved {
      let texts = recipe.settings.texts
      recipe.settings = try Self.settings(of: saved)
      recipe.settings.texts = texts
    }
    let settings = recipe.settings
    guard let record = try? JSONEncoder().encode(settings) else {
      throw .usage("settings that cannot be written: numbers are needed")
    }
    let modules = settings.adapters.modules?.joined(separator: ",") ?? Self.all
    return FilledRecipe(
      recipe: recipe,
      settings: [
        RunSetting(Self.record, nil as String?, else: String(decoding: record, as: UTF8.self)),
        RunSetting("--model", path, else: settings.base),
        RunSetting("--rank", rank, else: "\(settings.adapters.rank)"),
        RunSetting("--alpha", alpha, else: "\(settings.adapters.alpha)"),
        RunSetting("--lora-layers", loraLayers, else: modules),
        RunSetting("--context", finetune.context, else: "\(settings.context)"),
        RunSetting(
          "--mask-prompt", isOn: finetune.rows.maskPrompt, else: settings.rows.masksPrompts),
        RunSetting(
          "--skip-bad-lines", isOn: finetune.rows.skipBadLines,
          else: settings.rows.skipsBadLines),
        RunSetting(
          "--checkpoint-activations", isOn: finetune.memory.checkpointActivations,
          else: settings.recomputesBlocks),
      ], gradAccumulation: finetune.memory.gradAccum)
  }

  private static func settings(of saved: SavedRun) throws(AIGCError) -> AdapterRunSettings {
    guard let text = saved[record],
      let settings = try? JSONDecoder().decode(AdapterRunSettings.self, from: Data(text.utf8))
    else { throw .badInput("\(saved.folder): what the run was started with is damaged") }
    return settings
  }
}

/// How the lines of .jsonl files are learned from.
struct RowArguments: ParsableArguments {
  @Flag(
    help: """
      Learn answers alone: completions, and what the assistant says (of DATA whose names end in .jsonl).
      """)
  var maskPrompt = false
  @Flag(help: "Leave out lines of .jsonl files that cannot be learned from, which are named.")
  var skipBadLines = false

  /// The flag that was given; nil: none.
  var flag: String? { maskPrompt ? "--mask-prompt" : skipBadLines ? "--skip-bad-lines" : nil }

  var options: RowOptions {
    var options = RowOptions()
    (options.masksPrompts, options.skipsBadLines) = (maskPrompt, skipBadLines)
    return options
  }
}
