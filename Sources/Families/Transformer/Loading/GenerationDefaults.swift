import Files

/// `generation_config.json` of a Hugging Face folder, as far as generation here has its settings from a
/// folder: the tokens that end a text, and the one that stands before it. Where the file is there, these
/// keys of `config.json` count no more.
struct GenerationDefaults: Equatable {
  static let fileName = "generation_config.json"
  private static let largest = 16 << 20

  /// Empty where the file names none: nothing then ends a text.
  private(set) var endTokens: [Int] = []
  private(set) var startToken: Int?
  /// Settings that have an effect in transformers' `generate`, as "temperature 0.7": flags give them
  /// here.
  private(set) var others: [String] = []

  /// nil where the folder has no such file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is damaged.
  static func read(folder: String) throws(AIGCError) -> GenerationDefaults? {
    let path = "\(folder)/\(fileName)"
    guard fileExists(path) else { return nil }
    let file = try MappedFile(path: path)
    guard file.count <= largest else { throw .badInput("\(path): too large for settings") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    var result = GenerationDefaults()
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "eos_token_id": result.endTokens = try tokens(&scanner)
      case "bos_token_id": result.startToken = try tokens(&scanner).first
      default:
        let isNeutral = neutral[key]
        let value = try scanner.scalarText() ?? "[…]"
        guard let isNeutral, !isNeutral.contains(value), value != "null" else { return }
        result.others.append("\(key) \(printable(value))")
      }
    }
    try scanner.finish()
    return result
  }

  /// A token, a list of them, or null.
  private static func tokens(_ scanner: inout JSONScanner) throws(AIGCError) -> [Int] {
    if try scanner.takeNull() { return [] }
    if scanner.peek() == UInt8(ascii: "[") { return try scanner.sizes(limit: 1 << 16) }
    return [try scanner.size()]
  }

  /// The settings of `generate` that change its text, and their values that change nothing.
  private static let neutral: [String: Set<String>] = [
    "max_length": [], "max_new_tokens": [], "min_length": ["0"], "min_new_tokens": ["0"],
    "temperature": ["1", "1.0"], "top_k": ["50", "0"], "top_p": ["1", "1.0"],
    "min_p": ["0", "0.0"],
    "typical_p": ["1", "1.0"], "epsilon_cutoff": ["0", "0.0"], "eta_cutoff": ["0", "0.0"],
    "repetition_penalty": ["1", "1.0"], "no_repeat_ngram_size": ["0"], "num_beams": ["1"],
    "num_beam_groups": ["1"], "diversity_penalty": ["0", "0.0"], "length_penalty": ["1", "1.0"],
    "penalty_alpha": [], "bad_words_ids": [], "suppress_tokens": [], "begin_suppress_tokens": [],
    "forced_bos_token_id": [], "forced_eos_token_id": [], "sequence_bias": [], "stop_strings": [],
    "exponential_decay_length_penalty": [], "guidance_scale": ["1", "1.0"],
    "encoder_repetition_penalty": ["1", "1.0"],
  ]
}
