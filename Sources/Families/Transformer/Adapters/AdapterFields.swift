import Checkpoints
import Files

/// `adapter_config.json` of PEFT (github.com/huggingface/peft, LoraConfig), as far as it says how an adapter is
/// applied.
struct AdapterFields {
  static let fileName = "adapter_config.json"
  /// What people read beside it.
  static let cardName = "adapter_card.md"
  private static let largest = 16 << 20

  let rank: Int
  let alpha: Double
  let usesRootOfRank: Bool
  let base: String?
  let alphas: [(module: String, alpha: Double)]
  private let isOneRank: Bool

  /// - Throws: ``/Files/AIGCError``: badInput when the file is missing or damaged; mismatch for an adapter of another
  ///   kind than LoRA, and for settings that are not applied here, which it names.
  init(folder: String) throws(AIGCError) {
    let path = "\(folder)/\(Self.fileName)"
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large for settings") }
    guard let value = try? JSONValue(parsing: try file.bytes()), case .object(let members) = value
    else { throw .badInput("\(path): not valid JSON") }
    let fields = ModelFields(members, place: "\(path): ")
    let kind = try fields.string("peft_type") ?? "LORA"
    guard kind == "LORA" else {
      throw .mismatch("\(path): an adapter of the kind \(printable(kind)); LORA is read")
    }
    try Self.refuse(fields)
    rank = try fields.size("r", 8, in: 1...1 << 20)
    alpha = try fields.positive("lora_alpha", 8)
    usesRootOfRank = try fields.flag("use_rslora", false)
    base = try fields.string("base_model_name_or_path")
    isOneRank = try fields.object("rank_pattern")?.names.isEmpty ?? true
    var alphas: [(String, Double)] = []
    if let pattern = try fields.object("alpha_pattern") {
      for name in pattern.names {
        guard name.utf8.allSatisfy({ Self.isPlain($0) }) else {
          throw pattern.refusal(name, pattern[name] ?? .null)
        }
        alphas.append((name, try pattern.positive(name)))
      }
    }
    self.alphas = alphas
  }

  /// Whether a name means itself as a regular expression; a dot matches itself.
  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// Settings by which an adapter is more than two matrices a projection.
  private static func refuse(_ fields: ModelFields) throws(AIGCError) {
    for name in ["use_dora", "lora_bias", "use_qalora", "lora_ga_config", "arrow_config"] {
      try fields.refuse(name, unless: false)
    }
    for name in ["modules_to_save", "layer_replication", "target_parameters"] {
      try fields.refuse(name, unless: .array([]))
    }
    for name in ["trainable_token_indices", "alora_invocation_tokens", "megatron_config"] {
      try fields.refuse(name)
    }
    try fields.refuse("bias", unless: "none")
    // Ways to start that change the base itself.
    if case .string(let start)? = fields["init_lora_weights"] {
      let changing = ["pissa", "olora", "loftq", "corda", "lora_ga"]
      if changing.contains(where: { start.lowercased().hasPrefix($0) }) {
        throw fields.refusal("init_lora_weights", .string(start))
      }
    }
  }

  /// What a module's change is multiplied by.
  func scale(_ module: String, rank: Int) -> Float {
    let own = alphas.first { module == $0.module || module.hasSuffix(".\($0.module)") }?.alpha
    let divisor = usesRootOfRank ? Double(rank).squareRoot() : Double(rank)
    return Float((own ?? alpha) / divisor)
  }

  /// Whether a matrix of that rank is one of this adapter.
  func admits(rank: Int) -> Bool { !isOneRank || rank == self.rank }
}
