import Checkpoints
import Files
import Kernels

/// What a folder of sentence-transformers says of its model beside the network: where that is, how many tokens of a
/// text count, and how their states become one vector. A folder without `modules.json` gives means, as
/// sentence-transformers makes of it.
struct SentenceSettings: Sendable {
  /// Where the network and the tokenizer are.
  var folder: String
  var pooling = StatePooling.mean
  var normalizes = false
  /// nil: as many as there are positions.
  var limit: Int?

  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is damaged, or asks for what is not built here.
  init(folder: String) throws(AIGCError) {
    self.folder = folder
    let path = "\(folder)/modules.json"
    if fileExists(path) { try readModules(path, folder) }
    let limits = "\(self.folder)/sentence_bert_config.json"
    if fileExists(limits) {
      let fields = try ModelFields(file: limits)
      try fields.refuse("do_lower_case", unless: false)
      if fields["max_seq_length"] != nil {
        limit = try fields.size("max_seq_length", in: ModelBounds.context)
      }
    }
    let tokenizer = "\(self.folder)/tokenizer_config.json"
    if limit == nil, fileExists(tokenizer),
      let number = try ModelFields(file: tokenizer).number("model_max_length"), number >= 1
    {
      // Where there is no limit, the number is 10^30.
      limit = Int(min(number, Double(ModelBounds.context.upperBound)))
    }
  }

  /// What a GGUF file says.
  init(_ checkpoint: Checkpoint) throws(AIGCError) {
    folder = ""
    let key = "\(EncoderConfiguration.name).pooling_type"
    guard let metadata = checkpoint.gguf else { return }
    // Such files do not say whether vectors are normalised; readers of the format do it.
    normalizes = true
    guard metadata[key] != nil else { return }
    switch try metadata.int(key) {
    case 0, 1: pooling = .mean
    case 2: pooling = .cls
    case 3: pooling = .last
    case let other: throw .badInput("\(checkpoint.path): '\(key)' is \(other), not 0 to 3")
    }
  }

  private mutating func readModules(_ path: String, _ folder: String) throws(AIGCError) {
    guard case .array(let modules) = try ModelFields.json(path), modules.count <= 16 else {
      throw .badInput("\(path): no list of at most 16 modules")
    }
    for (place, module) in modules.enumerated() {
      guard case .object(let members) = module else {
        throw .badInput("\(path): module \(place) is no object")
      }
      let fields = ModelFields(members, place: "\(path): ")
      let type = try fields.string("type") ?? ""
      let name = try fields.string("path") ?? ""
      guard !name.contains("/"), !name.contains("\\"), name != ".." else {
        throw fields.refusal("path", .string(name))
      }
      let own = name.isEmpty ? folder : "\(folder)/\(name)"
      switch (type.split(separator: ".").last ?? "", place) {
      case ("Transformer", 0): self.folder = own
      case ("Pooling", 1): pooling = try Self.pooling(ModelFields(file: "\(own)/config.json"))
      case ("Normalize", 2...): normalizes = true
      default: throw fields.refusal("type", .string(type))
      }
    }
  }

  private static func pooling(_ fields: ModelFields) throws(AIGCError) -> StatePooling {
    if let name = try fields.string("pooling_mode") {
      switch name {
      case "mean": return .mean
      case "cls": return .cls
      case "max": return .max
      case "lasttoken": return .last
      default: throw fields.refusal("pooling_mode", .string(name))
      }
    }
    let modes: [(key: String, pooling: StatePooling)] = [
      ("pooling_mode_cls_token", .cls), ("pooling_mode_mean_tokens", .mean),
      ("pooling_mode_max_tokens", .max), ("pooling_mode_lasttoken", .last),
    ]
    var found: [StatePooling] = []
    for (key, pooling) in modes {
      // As sentence-transformers has it, means are taken where the file does not say.
      if try fields.flag(key, pooling == .mean) { found.append(pooling) }
    }
    for key in ["pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens"] {
      try fields.refuse(key, unless: false)
    }
    guard found.count == 1 else {
      throw .badInput("\(fields.place)\(found.count) ways to pool states; one is needed")
    }
    return found[0]
  }
}
