import Files

/// The parts of `tokenizer.json` around the model: how a text is changed, cut, and put together again.
/// Whatever is not known here is refused by its name, a pattern by its text.
struct PipelineJSON {
  private let path: String
  private(set) var normalizers: [Normalizer] = []
  private var preTokenizers: [Part] = []
  private var decoders: [Part] = []
  /// The ids that are put around a text.
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []

  /// An object with its `type`; those of a Sequence stand one behind the other.
  private struct Part {
    let type: String
    private let members: [JSONValue.Member]

    /// nil for what is no object.
    init?(_ value: JSONValue) {
      guard case .object(let members) = value else { return nil }
      self.members = members
      if case .string(let type)? = members.last(where: { $0.name == "type" })?.value {
        self.type = type
      } else {
        type = ""
      }
    }

    subscript(name: String) -> JSONValue? { members.last { $0.name == name }?.value }

    func flag(_ name: String) -> Bool? {
      if case .bool(let value) = self[name] { value } else { nil }
    }
    func text(_ name: String) -> String? {
      if case .string(let value) = self[name] { value } else { nil }
    }
    /// The `String` or the `Regex` of a `pattern`.
    func pattern(_ kind: String) -> String? {
      guard case .object(let members) = self["pattern"], members.count == 1,
        members[0].name == kind, case .string(let value) = members[0].value
      else { return nil }
      return value
    }
  }

  init(path: String) { self.path = path }

  // MARK: Reading

  /// Parts are some hundred bytes long, but for patterns.
  private static let largest = 1 << 18

  private func unsupported(_ what: String) -> AIGCError {
    .badInput("\(path): \(what) is not supported")
  }

  mutating func readNormalizer(_ scanner: inout JSONScanner) throws(AIGCError) {
    for part in try parts(&scanner, "normalizer", "normalizers") {
      switch part.type {
      case "NFC": normalizers.append(.canonicalComposition)
      case "Prepend":
        guard let text = part.text("prepend"), !text.isEmpty, text.utf8.count <= 64 else {
          throw unsupported("a Prepend that is empty or longer than 64 bytes")
        }
        normalizers.append(.prepend(Array(text.utf8)))
      case "Replace":
        guard let old = part.pattern("String"), let new = part.text("content"), !old.isEmpty,
          old.utf8.count <= 64, new.utf8.count <= 64
        else { throw unsupported("a normalizer that replaces other than a short text by another") }
        normalizers.append(.replace(Array(old.utf8), by: Array(new.utf8)))
      default: throw unsupported("normalizer \(shown(part.type))")
      }
    }
    guard normalizers.count <= 16 else { throw unsupported("a normalizer of more than 16 steps") }
    guard normalizers.reduce(1, { min($0 * $1.growth, 1 << 20) }) <= 256 else {
      throw unsupported("a normalizer that makes a text more than 256 times as long")
    }
  }

  mutating func readPreTokenizer(_ scanner: inout JSONScanner) throws(AIGCError) {
    preTokenizers = try parts(&scanner, "pre_tokenizer", "pretokenizers")
  }

  mutating func readDecoder(_ scanner: inout JSONScanner) throws(AIGCError) {
    decoders = try parts(&scanner, "decoder", "decoders")
  }

  /// ByteLevel changes no ids; a template may put special tokens around the text.
  mutating func readPostProcessor(_ scanner: inout JSONScanner) throws(AIGCError) {
    (prefix, suffix) = ([], [])
    for part in try parts(&scanner, "post_processor", "processors") where part.type != "ByteLevel" {
      let around: (prefix: [Int32], suffix: [Int32])
      switch part.type {
      case "TemplateProcessing": around = try template(part)
      case "BertProcessing":
        around = ([try bertMark(part, "cls")], [try bertMark(part, "sep")])
      default: throw unsupported("post_processor \(shown(part.type))")
      }
      // Of several processors each goes around what those before it made.
      prefix = around.prefix + prefix
      suffix += around.suffix
      guard prefix.count + suffix.count <= Self.mostAround else { throw tooManyAround }
    }
  }

  private func parts(
    _ scanner: inout JSONScanner, _ name: String, _ list: String
  ) throws(AIGCError) -> [Part] {
    var ahead = scanner
    try ahead.skip()
    guard scanner.remaining - ahead.remaining <= Self.largest else {
      throw unsupported("a \(name) of more than \(Self.largest) bytes")
    }
    var found: [Part] = []
    try flatten(scanner.value(), name, list, &found)
    return found
  }

  private func flatten(
    _ value: JSONValue, _ name: String, _ list: String, _ found: inout [Part]
  ) throws(AIGCError) {
    if value == .null { return }
    guard let part = Part(value) else { throw unsupported("a \(name) that is no object") }
    guard part.type == "Sequence" else { return found.append(part) }
    guard case .array(let values) = part[list] else {
      throw unsupported("a Sequence without \(list)")
    }
    for value in values { try flatten(value, name, list, &found) }
  }

  // MARK: Templates

  /// Tokens around every text: models have one or two.
  private static let mostAround = 1024
  private var tooManyAround: AIGCError {
    .badInput("\(path): post_processor: more than \(Self.mostAround) tokens around a text")
  }

  private func template(
    _ part: Part
  ) throws(AIGCError) -> (prefix: [Int32], suffix: [Int32]) {
    let steps = try steps(part)
    guard let text = steps.firstIndex(of: nil), steps.lastIndex(of: nil) == text else {
      throw unsupported("a post_processor that is not one text")
    }
    let ids = try templateTokens(part)
    func tokens(_ names: ArraySlice<String?>) throws(AIGCError) -> [Int32] {
      var result: [Int32] = []
      for case let name? in names {
        guard let found = ids[name] else {
          throw .badInput("\(path): post_processor: \(shown(name)) is none of its special_tokens")
        }
        result += found
        guard result.count <= Self.mostAround else { throw tooManyAround }
      }
      return result
    }
    return (try tokens(steps[..<text]), try tokens(steps[(text + 1)...]))
  }

  /// The id of `["[CLS]", 101]`.
  private func bertMark(_ part: Part, _ name: String) throws(AIGCError) -> Int32 {
    guard case .array(let pair)? = part[name], pair.count == 2, case .int(let id) = pair[1], id >= 0
    else { throw .badInput("\(path): post_processor: '\(name)' is no token with its id") }
    return Int32(clamping: id)
  }

  /// The names of special tokens; nil for the text.
  private func steps(_ part: Part) throws(AIGCError) -> [String?] {
    var steps: [String?] = []
    guard case .array(let values)? = part["single"] else { return [] }
    for value in values {
      guard case .object(let kinds) = value else { throw unsupported("a step that is no object") }
      for kind in kinds {
        guard case .string(let name)? = Part(kind.value)?["id"] else {
          throw .badInput("\(path): post_processor: 'id' is missing")
        }
        steps.append(kind.name == "Sequence" ? nil : name)
      }
    }
    return steps
  }

  private func templateTokens(_ part: Part) throws(AIGCError) -> [String: [Int32]] {
    var ids: [String: [Int32]] = [:]
    guard case .object(let tokens)? = part["special_tokens"] else { return ids }
    for token in tokens {
      guard case .array(let values)? = Part(token.value)?["ids"] else { continue }
      var found: [Int32] = []
      for value in values {
        guard case .int(let id) = value, id >= 0, found.count < Self.mostAround else {
          throw .badInput("\(path): post_processor: \(shown(token.name)) has no list of ids")
        }
        found.append(Int32(clamping: id))
      }
      ids[token.name] = found
    }
    return ids
  }

  // MARK: What they are

  /// The patterns that are cut by hand, by their text in files. Those of Llama 3 and Qwen2 differ in how many
  /// numbers are one piece.
  static let llama3 = contractions + #"|\p{N}{1,3}"# + signs
  static let qwen2 = contractions + #"|\p{N}"# + signs
  private static let contractions =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+"#
  private static let signs = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let gpt2 = #" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
  private static let patterns: [String: PieceSplit] = [
    "'s|'t|'re|'ve|'m|'ll|'d|" + gpt2: .gpt2, "'(?:[sdmt]|ll|ve|re)|" + gpt2: .gpt2,
    llama3: .llama3, qwen2: .qwen2,
  ]

  /// - Returns: the pipeline, and whether tokens are made of bytes and not of characters.
  func pipeline() throws(AIGCError) -> (pipeline: TextPipeline, isByteLevel: Bool) {
    var pipeline = TextPipeline()
    pipeline.preparation.normalizers = normalizers
    let isByteLevel = try cut(&pipeline)
    try join(&pipeline, isByteLevel)
    return (pipeline, isByteLevel)
  }

  private func cut(_ pipeline: inout TextPipeline) throws(AIGCError) -> Bool {
    var steps = preTokenizers[...]
    guard let last = steps.popLast(), last.type == "ByteLevel" else {
      try cutCharacters(&pipeline)
      return false
    }
    let hasPattern = last.flag("use_regex") ?? true
    if last.flag("add_prefix_space") ?? true {
      guard steps.isEmpty, hasPattern else {
        throw unsupported("add_prefix_space of a ByteLevel behind another pre_tokenizer")
      }
      pipeline.preparation.prefix = .space
    }
    guard let first = steps.popLast() else {
      guard hasPattern else { throw unsupported("pre_tokenizer without use_regex") }
      return true
    }
    guard steps.isEmpty else { throw unsupported("a pre_tokenizer of more than two steps") }
    switch (first.type, hasPattern) {
    case ("Digits", true) where first.flag("individual_digits") == true: pipeline.split = .digits
    case ("Split", false):
      guard first.text("behavior") == "Isolated", first.flag("invert") != true else {
        throw unsupported("a Split that is not Isolated")
      }
      guard let text = first.pattern("Regex"),
        let split = Self.patterns[text]
      else {
        let text = first.pattern("Regex") ?? first.pattern("String")
        throw unsupported("the pattern \(shown(text, limit: 400))")
      }
      pipeline.split = split
    default: throw unsupported("pre_tokenizer \(shown(first.type)) before ByteLevel")
    }
    return true
  }

  /// Text that is not cut, or about U+2581.
  private func cutCharacters(_ pipeline: inout TextPipeline) throws(AIGCError) {
    pipeline.split = .whole(CharacterPairs())
    guard let only = preTokenizers.first else { return }
    guard preTokenizers.count == 1 else {
      throw unsupported("pre_tokenizer \(shown(only.type)) among others")
    }
    switch only.type {
    case "Metaspace":
      let mark = only.text("replacement") ?? ""
      guard Array(mark.utf8) == MetaspaceSplit.mark else {
        throw unsupported("a Metaspace of \(shown(mark))")
      }
      let name =
        only.text("prepend_scheme") ?? (only.flag("add_prefix_space") == false ? "never" : "always")
      guard let scheme = TextPrefix.MetaspaceScheme(rawValue: name) else {
        throw unsupported("prepend_scheme \(shown(name))")
      }
      pipeline.preparation.prefix = .metaspace(mark, scheme: scheme)
      if only.flag("split") ?? true { pipeline.split = .metaspace }
    case "Split":
      // Gemma's, whose normalizer leaves no space to cut at.
      let hasNoSpace = normalizers.contains { step in
        if case .replace([32], let new) = step { !new.contains(32) } else { false }
      }
      guard only.pattern("String") == " ", hasNoSpace else {
        throw unsupported(
          "the pattern \(shown(only.pattern("Regex") ?? only.pattern("String"), limit: 400))")
      }
    default: throw unsupported("pre_tokenizer \(shown(only.type))")
    }
  }

  private func join(_ pipeline: inout TextPipeline, _ isByteLevel: Bool) throws(AIGCError) {
    guard !decoders.isEmpty else { throw unsupported("a tokenizer without decoder") }
    for part in decoders {
      switch part.type {
      case "ByteLevel" where isByteLevel: continue
      case "ByteFallback" where !isByteLevel, "Fuse": continue
      case "Replace"
      where !isByteLevel && part.text("content") == " "
        && part.pattern("String").map { Array($0.utf8) } == MetaspaceSplit.mark:
        pipeline.spaceMark = MetaspaceSplit.mark
      case "Metaspace" where !isByteLevel:
        pipeline.spaceMark = MetaspaceSplit.mark
        pipeline.dropsFirstSpace =
          part.text("prepend_scheme") != "never" && part.flag("add_prefix_space") != false
      case "Strip" where !isByteLevel && part.text("content") == " " && part["stop"] == .int(0):
        if part["start"] == .int(0) { continue }
        guard part["start"] == .int(1) else { throw unsupported("a Strip of more than one space") }
        pipeline.dropsFirstSpace = true
      default: throw unsupported("decoder \(shown(part.type))")
      }
    }
  }
}

extension Normalizer {
  /// How many times as long a text may become by it.
  fileprivate var growth: Int {
    switch self {
    case .canonicalComposition: 3
    case .prepend(let bytes): 1 + bytes.count
    case .replace(let old, let new): max(1, (new.count + old.count - 1) / max(old.count, 1))
    }
  }
}
