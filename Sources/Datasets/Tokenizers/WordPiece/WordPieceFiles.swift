import Files

extension WordPieceTokenizer {
  private static let vocabularyFile = "vocab.txt"
  private static let configurationFile = "tokenizer_config.json"

  /// Reads the tokenizer of a model folder: `tokenizer.json`, or `vocab.txt`.
  /// - Throws: ``/Files/AIGCError`` (badInput) when `tokenizer.json` is damaged, or holds another tokenizer.
  public init(folder: String) throws(AIGCError) {
    let path = "\(folder)/\(TokenizerJSON.fileName)"
    if fileExists(path) {
      try self.init(json: path)
    } else {
      try self.init(vocabulary: "\(folder)/\(Self.vocabularyFile)", folder: folder)
    }
  }

  /// Reads `tokenizer.json`. What changes ids otherwise than BERT's tokenizer does is refused.
  private init(json path: String) throws(AIGCError) {
    let file = try MappedFile(path: path)
    guard file.count <= TokenizerJSON.largest else {
      throw .badInput("\(path): too large for a tokenizer")
    }
    var reader = WordPieceJSON(path: path)
    var scanner = JSONScanner(try file.bytes(), place: path)
    try reader.read(&scanner)
    guard let vocabulary = reader.vocabulary else {
      throw .badInput("\(path): no tokenizer: model.vocab is missing")
    }
    try self.init(vocabulary, reader.settings, path: path)
  }

  /// Reads `vocab.txt`, one token a line, with the settings of `tokenizer_config.json`, as transformers' own class
  /// for BERT does.
  private init(vocabulary path: String, folder: String) throws(AIGCError) {
    let file = try MappedFile(path: path)
    guard file.count <= VocabularyJSON.largest else {
      throw .badInput("\(path): too large for a vocabulary")
    }
    var texts = VocabularyData.Texts()
    let bytes = try file.bytes()
    var start = 0
    for index in bytes.indices where bytes[index] == 10 {
      texts.append(Self.line(bytes.slice(start..<index)))
      start = index + 1
    }
    if start < bytes.count { texts.append(Self.line(bytes.slice(start..<bytes.count))) }
    guard texts.count > 0 else { throw .badInput("\(path): a vocabulary without tokens") }
    let vocabulary = try VocabularyJSON(texts, name: path)
    var settings = Settings()
    try settings.read(configuration: "\(folder)/\(Self.configurationFile)")
    try settings.frame(vocabulary, path: path)
    try self.init(vocabulary, settings, path: path)
  }

  private static func line(_ bytes: Table<UInt8>) -> Table<UInt8> {
    var end = bytes.count
    while end > 0, bytes[end - 1] == 13 { end -= 1 }
    return bytes.slice(0..<end)
  }

  /// The tokenizer of a GGUF file (`tokenizer.ggml.model` "bert"): words begin with U+2581 there, and pieces inside of
  /// them have no mark. Such files do not say how text is normalized: as BERT's uncased models do, which llama.cpp
  /// takes for granted too.
  /// - Throws: ``/Files/AIGCError`` (badInput) for damaged data and for another tokenizer.
  public init(_ data: VocabularyData) throws(AIGCError) {
    guard data.model == "bert" else {
      throw .badInput("\(data.name): the tokenizer \(shown(data.model)) is not WordPiece")
    }
    guard data.tokens.count > 0, data.tokens.count < Int(Int32.max) else {
      throw .badInput("\(data.name): a vocabulary without tokens, or too large")
    }
    let mark = Array("\u{2581}".utf8)
    let control = VocabularyData.TokenType.control.rawValue
    var texts = VocabularyData.Texts()
    for id in 0..<data.tokens.count {
      if id & 0xFFFF == 0 { try Interruption.check() }
      let token = data.tokens[id]
      let isControl = data.types.indices.contains(id) && data.types[id] == control
      let isMark = token.first == UInt8(ascii: "[") && token.last == UInt8(ascii: "]")
      if token.starts(with: mark), !isControl {
        texts.append(token.dropFirst(mark.count))
      } else if isControl || isMark && token.count > 2 {
        texts.append(token)
      } else {
        texts.append("##".utf8 + token)
      }
    }
    let vocabulary = try VocabularyJSON(texts, name: data.name)
    var settings = Settings()
    if let id = data.unknownToken, (0..<texts.count).contains(id) {
      settings.unknown = String(decoding: texts[id], as: UTF8.self)
    }
    settings.normalization.lowercases = data.lowercases ?? true
    settings.normalization.stripsAccents = data.stripsAccents
    try settings.frame(
      vocabulary, start: data.startToken, end: data.separatorToken, path: data.name)
    try self.init(vocabulary, settings, path: data.name)
  }
}

extension WordPieceTokenizer.Settings {
  private static let marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

  /// The marks of a vocabulary become tokens that are found in text; two of them stand around each text.
  /// - Parameters:
  ///   - start: the id before a text; nil: that of `[CLS]`.
  ///   - end: the id behind a text; nil: that of `[SEP]`.
  fileprivate mutating func frame(
    _ vocabulary: VocabularyJSON, start: Int? = nil, end: Int? = nil, path: String
  ) throws(AIGCError) {
    for mark in Self.marks {
      guard let id = vocabulary.id(of: Array(mark.utf8)) else { continue }
      added.append(AddedToken(id: id, content: Array(mark.utf8)))
    }
    func id(_ id: Int?, _ mark: String) throws(AIGCError) -> Int32 {
      if let id { return Int32(clamping: id) }
      guard let id = vocabulary.id(of: Array(mark.utf8)) else {
        throw .badInput("\(path): the token \(mark), which stands around texts, is missing")
      }
      return id
    }
    (prefix, suffix) = ([try id(start, "[CLS]")], [try id(end, "[SEP]")])
  }

  /// Reads `tokenizer_config.json`; without it settings stay.
  fileprivate mutating func read(configuration path: String) throws(AIGCError) {
    guard fileExists(path) else { return }
    let file = try MappedFile(path: path)
    guard file.count <= 16 << 20 else { throw .badInput("\(path): too large for a configuration") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "do_lower_case": self.normalization.lowercases = try scanner.bool()
      case "tokenize_chinese_chars": self.normalization.partsIdeographs = try scanner.bool()
      case "strip_accents":
        self.normalization.stripsAccents = try scanner.takeNull() ? nil : try scanner.bool()
      case "unk_token":
        if scanner.peek() == UInt8(ascii: "\"") {
          self.unknown = try scanner.string()
        } else {
          try scanner.skip()
        }
      default: try scanner.skip()
      }
    }
    try scanner.finish()
  }
}

/// `tokenizer.json` with a WordPiece model.
private struct WordPieceJSON {
  let path: String
  var settings = WordPieceTokenizer.Settings()
  var vocabulary: VocabularyJSON?

  init(path: String) { self.path = path }

  private func unsupported(_ what: String) -> AIGCError {
    .badInput("\(path): \(what) is not supported")
  }

  mutating func read(_ scanner: inout JSONScanner) throws(AIGCError) {
    var hasNormalizer = false
    var hasSplit = false
    var pipeline = PipelineJSON(path: path)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "added_tokens":
        try scanner.array { (scanner) throws(AIGCError) in
          self.settings.added.append(try AddedToken(&scanner, isSpecial: false))
        }
      case "normalizer":
        try self.normalizer(&scanner)
        hasNormalizer = true
      case "pre_tokenizer":
        try scanner.object { (scanner, key) throws(AIGCError) in
          guard key == "type" else { return try scanner.skip() }
          let type = try scanner.string()
          guard type == "BertPreTokenizer" else {
            throw self.unsupported("pre_tokenizer \(shown(type))")
          }
          hasSplit = true
        }
      case "post_processor": try pipeline.readPostProcessor(&scanner)
      case "model": try self.model(&scanner)
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    guard hasNormalizer, hasSplit else {
      throw unsupported("a WordPiece tokenizer without BertNormalizer and BertPreTokenizer")
    }
    (settings.prefix, settings.suffix) = (pipeline.prefix, pipeline.suffix)
    settings.added.sort { $0.id < $1.id }
  }

  private mutating func normalizer(_ scanner: inout JSONScanner) throws(AIGCError) {
    var type = ""
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "type": type = try scanner.string()
      case "clean_text": self.settings.normalization.cleans = try scanner.bool()
      case "handle_chinese_chars":
        self.settings.normalization.partsIdeographs = try scanner.bool()
      case "strip_accents":
        let value = try scanner.takeNull() ? nil : try scanner.bool()
        self.settings.normalization.stripsAccents = value
      case "lowercase": self.settings.normalization.lowercases = try scanner.bool()
      default: try scanner.skip()
      }
    }
    guard type == "BertNormalizer" else { throw unsupported("normalizer \(shown(type))") }
  }

  private mutating func model(_ scanner: inout JSONScanner) throws(AIGCError) {
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "type":
        let type = try scanner.string()
        guard type == "WordPiece" else { throw self.unsupported("model \(shown(type))") }
      case "unk_token": self.settings.unknown = try scanner.string()
      case "continuing_subword_prefix":
        var prefix: [UInt8] = []
        try scanner.string(into: &prefix)
        guard prefix.count <= 64 else { throw self.unsupported("a \(key) of more than 64 bytes") }
        self.settings.continuation = prefix
      case "max_input_chars_per_word":
        let longest = try scanner.size()
        guard longest <= 4096 else { throw self.unsupported("\(key) above 4096") }
        self.settings.longestWord = longest
      case "vocab":
        guard self.vocabulary == nil else { throw scanner.error("vocab twice") }
        self.vocabulary = try VocabularyJSON(&scanner, name: self.path)
      default: try scanner.skip()
      }
    }
  }
}
