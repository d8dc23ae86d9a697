import Files

/// `tokenizer.json` of Hugging Face's package `tokenizers` with a BPE model: on bytes, cut by one of the
/// patterns that ``PipelineJSON`` knows, or on characters as SentencePiece has it. `truncation` and `padding`,
/// which only say how batches are made, are passed over; whatever else changes the ids is refused.
struct TokenizerJSON {
  static let fileName = "tokenizer.json"
  /// 2 to 4 MB for 50,000 tokens.
  static let largest = 256 << 20
  let path: String
  /// In the order of their ids.
  private(set) var added: [AddedToken] = []
  private var pipeline: PipelineJSON
  private var unknown: String?
  private var hasByteFallback = false
  private var fusesUnknown = false
  private var ignoresMerges = false
  private var vocabulary: VocabularyJSON?
  private var merges: MergeTable?
  /// The ids that `post_processor` puts around a text.
  var prefix: [Int32] { pipeline.prefix }
  var suffix: [Int32] { pipeline.suffix }
  /// Where merges that stand before the vocabulary begin.
  private var waitingMerges: JSONScanner?

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, damaged or asks for what is not
  ///   supported.
  init(path: String) throws(AIGCError) {
    self.path = path
    pipeline = PipelineJSON(path: path)
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large for a tokenizer") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "added_tokens":
        try scanner.array { (scanner) throws(AIGCError) in
          let token = try AddedToken(&scanner, isSpecial: false)
          guard token.id >= 0 else { throw scanner.error("an added token without id") }
          self.added.append(token)
        }
      case "normalizer": try self.pipeline.readNormalizer(&scanner)
      case "pre_tokenizer": try self.pipeline.readPreTokenizer(&scanner)
      case "post_processor": try self.pipeline.readPostProcessor(&scanner)
      case "decoder": try self.pipeline.readDecoder(&scanner)
      case "model": try self.model(&scanner)
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    added.sort { $0.id < $1.id }
  }

  private func unsupported(_ what: String) -> AIGCError {
    .badInput("\(path): \(what) is not supported")
  }

  /// The vocabulary and the merges.
  func parts() throws(AIGCError) -> (vocabulary: VocabularyJSON, merges: MergeTable) {
    guard let vocabulary, let merges else {
      throw .badInput("\(path): no tokenizer: model.vocab or model.merges is missing")
    }
    return (vocabulary, merges)
  }

  /// How the file's vocabulary is used.
  func model() throws(AIGCError) -> BPEModel {
    let (pipeline, isByteLevel) = try pipeline.pipeline()
    return BPEModel(
      isByteLevel: isByteLevel, pipeline: pipeline, unknown: unknown.map { Array($0.utf8) },
      hasByteFallback: hasByteFallback, fusesUnknown: fusesUnknown, ignoresMerges: ignoresMerges)
  }

  /// The file's own tokenizer, as the package `tokenizers` reads it.
  func tokenizer() throws(AIGCError) -> BPETokenizer {
    let (vocabulary, merges) = try parts()
    var list = AddedTokenList(vocabulary)
    for token in added { try list.add(token, path: path) }
    guard list.tokens.count == added.count else {
      throw .badInput("\(path): an added token comes twice")
    }
    var tokenizer = try BPETokenizer(
      vocabulary, merges: merges, addedTokens: list.tokens, model: model(), name: path)
    try tokenizer.frame(prefix: prefix, suffix: suffix, path: path)
    return tokenizer
  }

  // MARK: Parts

  private mutating func model(_ scanner: inout JSONScanner) throws(AIGCError) {
    guard vocabulary == nil, waitingMerges == nil else { throw scanner.error("model twice") }
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "type":
        let type = try scanner.string()
        guard type == "BPE" else { throw self.unsupported("model \(shown(type))") }
      case "dropout":
        let value = try scanner.scalarText() ?? "a list"
        if !["null", "0", "0.0"].contains(value) { throw self.unsupported("dropout \(value)") }
      case "continuing_subword_prefix", "end_of_word_suffix":
        if try !scanner.takeNull(), try !scanner.string().isEmpty { throw self.unsupported(key) }
      case "byte_fallback": self.hasByteFallback = try scanner.bool()
      case "fuse_unk": self.fusesUnknown = try scanner.bool()
      case "ignore_merges": self.ignoresMerges = try scanner.bool()
      case "unk_token": self.unknown = try scanner.takeNull() ? nil : try scanner.string()
      case "vocab":
        guard self.vocabulary == nil else { throw scanner.error("vocab twice") }
        self.vocabulary = try VocabularyJSON(&scanner, name: self.path)
      case "merges":
        guard self.merges == nil, self.waitingMerges == nil else {
          throw scanner.error("merges twice")
        }
        if self.vocabulary != nil {
          try self.readMerges(&scanner)
        } else {
          self.waitingMerges = scanner
          try scanner.skip()
        }
      default: try scanner.skip()
      }
    }
    if var waiting = waitingMerges { try readMerges(&waiting) }
  }

  /// Merges as `"a b"` or, since version 0.20, `["a","b"]`.
  private mutating func readMerges(_ scanner: inout JSONScanner) throws(AIGCError) {
    guard let vocabulary else { return }
    var reader = MergeReader(vocabulary)
    var pair: [UInt8] = []
    var number = 0
    try scanner.array { (scanner) throws(AIGCError) in
      pair.removeAll(keepingCapacity: true)
      var wrong: String?
      if scanner.peek() == UInt8(ascii: "[") {
        var ends: [Int] = []
        try scanner.array { (scanner) throws(AIGCError) in
          guard ends.count < 2 else { throw scanner.error("a merge of more than two tokens") }
          try scanner.string(into: &pair)
          ends.append(pair.count)
        }
        guard ends.count == 2 else { throw scanner.error("a merge without two tokens") }
        wrong = reader.add(pair[..<ends[0]], pair[ends[0]...])
      } else {
        try scanner.string(into: &pair)
        let isVersion = number == 0 && pair.starts(with: MergeReader.version)
        if !isVersion { wrong = reader.addSpaced(pair[...]) }
      }
      if let wrong { throw .badInput("\(self.path): merge \(number) \(wrong)") }
      number += 1
    }
    merges = reader.table
  }
}
