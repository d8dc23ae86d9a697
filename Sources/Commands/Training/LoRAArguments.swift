import ArgumentParser
import Families

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
  static func isKept(by saved: SavedRun) -> Bool { saved["--rank"] != nil }

  var settings: AdapterSettings? {
    guard lora else { return nil }
    var settings = AdapterSettings()
    if let rank { settings.rank = rank }
    if let alpha { settings.alpha = alpha }
    settings.modules = modules
    return settings
  }

  /// What a run keeps.
  /// - Parameter adapters: what is in force; nil: the model's own weights are trained.
  func settings(_ adapters: AdapterSettings?) -> [RunSetting] {
    guard let adapters else { return [] }
    let modules = adapters.modules?.joined(separator: ",") ?? Self.all
    return [
      RunSetting("--rank", rank, else: "\(adapters.rank)"),
      RunSetting("--alpha", alpha, else: "\(adapters.alpha)"),
      RunSetting("--lora-layers", loraLayers, else: modules),
    ]
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
