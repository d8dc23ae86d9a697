import Files

/// What stands beside a vocabulary and changes its ids: `tokenizer_config.json`,
/// `special_tokens_map.json`, `added_tokens.json`, read as transformers 5's AutoTokenizer reads them.
///
/// `added_tokens_decoder` of the first, where it is there, stands for the two others and for the added
/// tokens of `tokenizer.json`. What is not supported is refused by its name.
struct TokenizerCompanions {
  /// The class that reads the folder.
  enum Reader {
    /// GPT2Tokenizer makes a new tokenizer of the vocabulary and the merges, wherever they stand.
    case gpt2
    /// TokenizersBackend takes `tokenizer.json` as it is, and adds to it.
    case tokenizerJSON
    /// LlamaTokenizer makes a new tokenizer of the vocabulary and the merges of `tokenizer.json`, unless that is
    /// byte-level.
    case llama
  }

  private(set) var reader = Reader.gpt2
  private(set) var addsPrefixSpace = false
  /// Whether `bos_token` stands before each text, and `eos_token` behind it.
  private(set) var addsStart = false
  private(set) var addsEnd = false
  /// Whether LlamaTokenizer puts a space before what follows a special token, too.
  private var isLegacy = false
  private var saysNoPrefixSpace = false
  /// Whether special tokens in the text are text.
  private(set) var splitsSpecialTokens = false
  /// Of `added_tokens_decoder`; nil where it is not there.
  private(set) var decoder: [AddedToken]?
  /// Of `added_tokens.json`.
  private(set) var legacy: [AddedToken] = []
  /// `bos_token` and its like with their tokens, nil for null, in the order in which they get ids.
  private(set) var named: [(name: String, token: AddedToken?)] = []
  /// Special tokens without a name.
  var extra: [AddedToken] { newExtra.isEmpty ? oldExtra : newExtra }
  private var newExtra: [AddedToken] = []
  /// Those that an object names, behind all others with names.
  private var ofObjects: [(name: String, token: AddedToken?)] = []
  /// Those of `additional_special_tokens`, which the newer name replaces.
  private var oldExtra: [AddedToken] = []

  static let configuration = BPETokenizer.configurationFile
  static let specialTokens = "special_tokens_map.json"
  static let addedTokens = "added_tokens.json"

  /// transformers' order.
  static let names = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]
  private static let largest = 64 << 20
  private var className: String?
  /// How the name of the class begins, of one that makes its own tokenizer; else empty.
  private var family = ""
  private let folder: String

  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is damaged or asks for what is not supported.
  init(folder: String) throws(AIGCError) {
    self.folder = folder
    try read("\(folder)/\(Self.configuration)") { (scanner, key) throws(AIGCError) in
      try self.setting(&scanner, key)
    }
    if decoder == nil {
      try read("\(folder)/\(Self.specialTokens)") { (scanner, key) throws(AIGCError) in
        if try !self.specialToken(&scanner, key) { try scanner.skip() }
      }
      let special = Set((named.compactMap { $0.token } + extra).map { $0.content })
      try read("\(folder)/\(Self.addedTokens)") { (scanner, key) throws(AIGCError) in
        var token = AddedToken(id: try AddedToken.id(&scanner), content: Array(key.utf8))
        token.isSpecial = special.contains(token.content)
        token.isNormalized = !token.isSpecial
        self.legacy.append(token)
      }
    }
    for entry in ofObjects { try set(entry.name, entry.token) }
    try chooseReader(folder)
    addDefaults()
  }

  private func read(
    _ path: String, _ member: (inout JSONScanner, String) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    guard fileExists(path) else { return }
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    try scanner.object(member)
    try scanner.finish()
  }

  // MARK: Settings

  private mutating func setting(
    _ scanner: inout JSONScanner, _ key: String
  ) throws(AIGCError) {
    switch key {
    case "tokenizer_class": className = try scanner.takeNull() ? nil : try scanner.string()
    case "add_prefix_space":
      let isNull = scanner.peek() == UInt8(ascii: "n")
      addsPrefixSpace = try flag(&scanner)
      saysNoPrefixSpace = !addsPrefixSpace && !isNull
    case "add_bos_token": addsStart = try flag(&scanner)
    case "add_eos_token": addsEnd = try flag(&scanner)
    case "legacy": isLegacy = try flag(&scanner)
    case "split_special_tokens": splitsSpecialTokens = try flag(&scanner)
    case "added_tokens_decoder":
      var tokens: [AddedToken] = []
      try scanner.object { (scanner, key) throws(AIGCError) in
        guard let id = Int32(key), id >= 0 else {
          throw scanner.error("'\(printable(key))' is no id")
        }
        var token = try AddedToken(&scanner, isSpecial: false)
        token.id = id
        tokens.append(token)
      }
      decoder = tokens
    default: if try !specialToken(&scanner, key) { try scanner.skip() }
    }
  }

  private func flag(_ scanner: inout JSONScanner) throws(AIGCError) -> Bool {
    try scanner.takeNull() ? false : try scanner.bool()
  }

  /// A token with a name, or a list of tokens.
  /// - Returns: false for other keys, whose value is not taken.
  private mutating func specialToken(
    _ scanner: inout JSONScanner, _ key: String
  ) throws(AIGCError) -> Bool {
    switch key {
    case "additional_special_tokens": oldExtra = try specialTokens(&scanner)
    case "extra_special_tokens", "model_specific_special_tokens":
      var known = Set(newExtra.map { $0.content })
      for token in try specialTokens(&scanner) where known.insert(token.content).inserted {
        newExtra.append(token)
      }
    case _ where key.hasSuffix("_token"):
      let isKnown = Self.names.contains(key)
      if try scanner.takeNull() {
        if isKnown { try set(key, nil) }
      } else if scanner.peek() == UInt8(ascii: "\"") || scanner.peek() == UInt8(ascii: "{") {
        try set(key, AddedToken(&scanner, isSpecial: true))
      } else if isKnown {
        throw scanner.error("\(key) is no token")
      } else {
        try scanner.skip()
      }
    default: return false
    }
    return true
  }

  /// A list of tokens, or an object of names and tokens.
  /// - Returns: those of a list.
  private mutating func specialTokens(
    _ scanner: inout JSONScanner
  ) throws(AIGCError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    if try scanner.takeNull() { return tokens }
    if scanner.peek() == UInt8(ascii: "{") {
      try scanner.object { (scanner, key) throws(AIGCError) in
        self.ofObjects.append((key, try AddedToken(&scanner, isSpecial: true)))
      }
    } else {
      try scanner.array { (scanner) throws(AIGCError) in
        tokens.append(try AddedToken(&scanner, isSpecial: true))
      }
    }
    return tokens
  }

  private mutating func set(_ name: String, _ token: AddedToken?) throws(AIGCError) {
    if let place = named.firstIndex(where: { $0.name == name }) {
      named[place].token = token
    } else if named.count < Self.mostNamed {
      named.append((name, token))
    } else {
      throw .badInput("\(folder): more than \(Self.mostNamed) special tokens with names")
    }
  }

  /// Models have some ten.
  private static let mostNamed = 1000

  // MARK: The class

  /// The marks that a class has where no file names them.
  private mutating func addDefaults() {
    let end = "<|endoftext|>"
    let defaults =
      switch family {
      case "GPT2": [("bos_token", end), ("eos_token", end), ("unk_token", end)]
      case "Qwen2": [("eos_token", end), ("unk_token", end), ("pad_token", end)]
      case "Llama": [("bos_token", "<s>"), ("eos_token", "</s>"), ("unk_token", "<unk>")]
      case "Gemma":
        [
          ("bos_token", "<bos>"), ("eos_token", "<eos>"), ("unk_token", "<unk>"),
          ("pad_token", "<pad>"), ("mask_token", "<mask>"),
        ]
      default: [(String, String)]()
      }
    for (name, text) in defaults where !named.contains(where: { $0.name == name }) {
      named.append((name, AddedToken(id: -1, content: Array(text.utf8))))
    }
    sortNames()
  }

  private mutating func sortNames() {
    let known = Self.names.flatMap { name in named.filter { $0.name == name } }
    named = known + named.filter { !Self.names.contains($0.name) }
  }

  private mutating func chooseReader(_ folder: String) throws(AIGCError) {
    sortNames()
    let hasFile = fileExists("\(folder)/\(TokenizerJSON.fileName)")
    var modelType: String?
    var modelClass: String?
    try read("\(folder)/config.json") { (scanner, key) throws(AIGCError) in
      switch key {
      case "model_type": modelType = try scanner.scalarText()
      case "tokenizer_class": modelClass = try scanner.takeNull() ? nil : try scanner.string()
      default: try scanner.skip()
      }
    }
    guard let name = className ?? modelClass else {
      reader = modelType == "gpt2" || !hasFile ? .gpt2 : .tokenizerJSON
      let type = modelType ?? ""
      family =
        reader == .gpt2
        ? "GPT2" : type.hasPrefix("qwen") ? "Qwen2" : type.hasPrefix("gemma") ? "Gemma" : ""
      return
    }
    family = ["GPT2", "Qwen2", "Llama", "Gemma"].first { name.hasPrefix($0 + "Tokenizer") } ?? ""
    switch name {
    case "GPT2Tokenizer", "GPT2TokenizerFast": reader = .gpt2
    case "PreTrainedTokenizerFast", "TokenizersBackend", "PreTrainedTokenizer", "Qwen2Tokenizer",
      "Qwen2TokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast", "LlamaTokenizer",
      "LlamaTokenizerFast":
      guard hasFile else {
        throw .badInput("\(folder): a \(name) without \(TokenizerJSON.fileName)")
      }
      reader = name.hasPrefix("Llama") ? .llama : .tokenizerJSON
    default:
      throw .badInput(
        "\(folder)/\(className == nil ? "config.json" : Self.configuration): tokenizer_class "
          + "\(shown(name)) is not supported, only GPT2Tokenizer, LlamaTokenizer, Qwen2Tokenizer, GemmaTokenizer "
          + "and PreTrainedTokenizerFast")
    }
  }

  /// What LlamaTokenizer makes of a vocabulary.
  func llamaModel(unknown: [UInt8]?) -> BPEModel {
    var model = BPEModel(
      isByteLevel: false, unknown: unknown, hasByteFallback: true, fusesUnknown: true)
    model.pipeline.split = .whole(CharacterPairs())
    model.pipeline.spaceMark = MetaspaceSplit.mark
    model.pipeline.dropsFirstSpace = !saysNoPrefixSpace
    model.pipeline.preparation.prefix = .metaspace(
      "\u{2581}", scheme: saysNoPrefixSpace ? .never : isLegacy ? .always : .first)
    return model
  }
}

extension AddedToken {
  /// Longer added tokens would make the search in text slow.
  static let longest = 4096

  /// Reads a token: its text, or an object with its flags.
  /// - Parameter isSpecial: what it is where the file does not say.
  /// - Throws: ``/Files/AIGCError`` (badInput).
  init(_ scanner: inout JSONScanner, isSpecial: Bool) throws(AIGCError) {
    self.init(id: -1, content: [], isSpecial: isSpecial)
    var normalized: Bool?
    if scanner.peek() == UInt8(ascii: "\"") {
      try scanner.string(into: &content)
    } else {
      try scanner.object { (scanner, key) throws(AIGCError) in
        switch key {
        case "id": self.id = try Self.id(&scanner)
        case "content":
          self.content.removeAll()
          try scanner.string(into: &self.content)
        case "special":
          let value = try scanner.bool()
          self.isSpecial = value || isSpecial
        case "normalized": normalized = try scanner.bool()
        case "lstrip": self.stripsLeft = try scanner.bool()
        case "rstrip": self.stripsRight = try scanner.bool()
        case "single_word":
          if try scanner.bool() {
            throw scanner.error("an added token with \(key) is not supported")
          }
        default: try scanner.skip()
        }
      }
    }
    isNormalized = normalized ?? !self.isSpecial
    guard !content.isEmpty else { throw scanner.error("an added token without content") }
    guard content.count <= Self.longest else {
      throw scanner.error("an added token of more than \(Self.longest) bytes")
    }
  }

  static func id(_ scanner: inout JSONScanner) throws(AIGCError) -> Int32 {
    let id = try scanner.size()
    guard id < Int(Int32.max) else { throw scanner.error("id \(id) is too large") }
    return Int32(id)
  }
}
