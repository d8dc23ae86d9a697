import Files

/// `tokenizer.json` of Hugging Face's package `tokenizers`, as far as GPT-2 needs it: a BPE model on
/// bytes, cut by GPT-2's pattern, and added tokens. `truncation` and `padding`, which only say how
/// batches are made, are passed over; whatever else changes the ids is refused.
struct TokenizerJSON {
  static let fileName = "tokenizer.json"
  /// 2 to 4 MB for 50,000 tokens.
  static let largest = 256 << 20
  /// Longer added tokens would make the search in text slow.
  static let longestAddedToken = 4096

  private let path: String
  private var added: [AddedToken] = []
  private var addsPrefixSpace: Bool?
  private var vocabulary: VocabularyJSON?
  private var merges: MergeTable?
  /// Where merges that stand before the vocabulary begin.
  private var waitingMerges: JSONScanner?
  private var hasDecoder = false

  /// - Throws: ``AIGCError`` (badInput) when the file is missing, damaged or asks for what is not
  ///   supported.
  init(path: String) throws(AIGCError) {
    self.path = path
    let file = try MappedFile(path: path)
    guard file.count <= Self.largest else { throw .badInput("\(path): too large for a tokenizer") }
    var scanner = JSONScanner(try file.bytes(), place: path)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "added_tokens":
        try scanner.array { (scanner) throws(AIGCError) in try self.addedToken(&scanner) }
      case "normalizer": try self.none(&scanner, key)
      case "pre_tokenizer": try self.preTokenizer(&scanner)
      case "post_processor": try self.postProcessor(&scanner)
      case "decoder":
        let (type, _) = try self.component(&scanner)
        guard type == "ByteLevel" else { throw self.unsupported("decoder \(shown(type))") }
        self.hasDecoder = true
      case "model": try self.model(&scanner)
      default: try scanner.skip()
      }
    }
    try scanner.finish()
  }

  private func unsupported(_ what: String) -> AIGCError {
    .badInput("\(path): \(what) is not supported, only byte-level BPE as GPT-2 has it")
  }

  func tokenizer() throws(AIGCError) -> BPETokenizer {
    guard let vocabulary, let merges else {
      throw .badInput("\(path): no tokenizer: model.vocab or model.merges is missing")
    }
    guard let addsPrefixSpace else { throw unsupported("a tokenizer without pre_tokenizer") }
    guard hasDecoder else { throw unsupported("a tokenizer without decoder") }
    let added = added.sorted { $0.id < $1.id }
    var next = Int32(vocabulary.count)
    for (index, token) in added.enumerated() {
      func error(_ what: String) -> AIGCError {
        .badInput(
          "\(path): added token \(shown(String(decoding: token.content, as: UTF8.self)))"
            + ", id \(token.id): \(what)")
      }
      if index > 0, added[index - 1].id == token.id { throw error("the id comes twice") }
      if let id = vocabulary.id(of: token.content) {
        guard id == token.id else { throw error("its id in the vocabulary is \(id)") }
      } else {
        guard token.id >= vocabulary.count else { throw error("another token has this id") }
        guard token.id == next else { throw error("there is no token with id \(next)") }
        next += 1
      }
    }
    guard Set(added.map { $0.content }).count == added.count else {
      throw .badInput("\(path): an added token comes twice")
    }
    return try BPETokenizer(
      vocabulary, byteTokens: BPETokenizer.byteTokens(vocabulary, name: path), merges: merges,
      addedTokens: added, addsPrefixSpace: addsPrefixSpace)
  }

  // MARK: Parts

  private mutating func addedToken(_ scanner: inout JSONScanner) throws(AIGCError) {
    var token = AddedToken(id: -1, content: [], isSpecial: false)
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "id":
        let id = try scanner.size()
        guard id < Int(Int32.max) else { throw scanner.error("id \(id) is too large") }
        token.id = Int32(id)
      case "content":
        token.content.removeAll()
        try scanner.string(into: &token.content)
      case "special": token.isSpecial = try scanner.bool()
      case "normalized": token.isNormalized = try scanner.bool()
      case "single_word", "lstrip", "rstrip":
        if try scanner.bool() { throw self.unsupported("an added token with \(key)") }
      default: try scanner.skip()
      }
    }
    guard token.id >= 0, !token.content.isEmpty else {
      throw scanner.error("an added token without id or content")
    }
    guard token.content.count <= Self.longestAddedToken else {
      throw scanner.error("an added token of more than \(Self.longestAddedToken) bytes")
    }
    added.append(token)
  }

  /// A part that GPT-2 does not have.
  private func none(_ scanner: inout JSONScanner, _ name: String) throws(AIGCError) {
    if try scanner.takeNull() { return }
    let (type, _) = try component(&scanner)
    throw unsupported("\(name) \(shown(type))")
  }

  /// The type of a part, nil for null, and the flags in it.
  private func component(
    _ scanner: inout JSONScanner
  ) throws(AIGCError) -> (type: String?, flags: [String: Bool]) {
    if try scanner.takeNull() { return (nil, [:]) }
    var type: String?
    var flags: [String: Bool] = [:]
    try scanner.object { (scanner, key) throws(AIGCError) in
      switch key {
      case "type": type = try scanner.string()
      case "add_prefix_space", "use_regex": flags[key] = try scanner.bool()
      default: try scanner.skip()
      }
    }
    return (type ?? "", flags)
  }

  private mutating func preTokenizer(_ scanner: inout JSONScanner) throws(AIGCError) {
    let (type, flags) = try component(&scanner)
    guard type == "ByteLevel" else { throw unsupported("pre_tokenizer \(shown(type))") }
    guard flags["use_regex"] != false else { throw unsupported("pre_tokenizer without use_regex") }
    addsPrefixSpace = flags["add_prefix_space"] ?? true
  }

  /// ByteLevel changes no ids, nor does a template that is the text alone.
  private func postProcessor(_ scanner: inout JSONScanner) throws(AIGCError) {
    var template = scanner
    let (type, _) = try component(&scanner)
    if type == nil || type == "ByteLevel" { return }
    guard type == "TemplateProcessing" else { throw unsupported("post_processor \(shown(type))") }
    try template.object { (scanner, key) throws(AIGCError) in
      guard key == "single" else { return try scanner.skip() }
      try scanner.array { (scanner) throws(AIGCError) in
        try scanner.object { (scanner, kind) throws(AIGCError) in
          guard kind == "Sequence" else {
            throw self.unsupported("post_processor that adds special tokens")
          }
          try scanner.skip()
        }
      }
    }
  }

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
      case "byte_fallback", "ignore_merges":
        if try scanner.bool() { throw self.unsupported(key) }
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
        wrong = pair.withUnsafeBufferPointer { reader.add($0[..<ends[0]], $0[ends[0]...]) }
      } else {
        try scanner.string(into: &pair)
        let isVersion = number == 0 && pair.starts(with: MergeReader.version)
        if !isVersion { wrong = pair.withUnsafeBufferPointer { reader.addSpaced($0) } }
      }
      if let wrong { throw .badInput("\(self.path): merge \(number) \(wrong)") }
      number += 1
    }
    merges = reader.table
  }
}

/// A name of the file in quotes, short and on one line.
private func shown(_ name: String?) -> String {
  guard let name else { return "null" }
  let text = name.unicodeScalars.prefix(40).map { scalar in
    scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) || scalar.value | 1 == 0x2029
      ? "?" : String(scalar)
  }
  return "'\(text.joined())\(name.unicodeScalars.count > 40 ? "…" : "")'"
}

// MARK: Writing

extension TokenizerJSON {
  /// The file's content.
  static func written(_ tokenizer: BPETokenizer) -> [UInt8] {
    func byteLevel(prefix: Bool, trims: Bool) -> JSONValue {
      [
        "type": "ByteLevel", "add_prefix_space": .bool(prefix), "trim_offsets": .bool(trims),
        "use_regex": true,
      ]
    }
    let added = tokenizer.addedTokens.map { token -> JSONValue in
      [
        "id": .int(Int(token.id)),
        "content": .string(String(decoding: token.content, as: UTF8.self)),
        "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": .bool(token.isNormalized), "special": .bool(token.isSpecial),
      ]
    }
    let head: JSONValue = [
      "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(added),
      "normalizer": .null,
      "pre_tokenizer": byteLevel(prefix: tokenizer.addsPrefixSpace, trims: true),
      "post_processor": byteLevel(prefix: true, trims: false),
      "decoder": byteLevel(prefix: true, trims: true),
      "model": [
        "type": "BPE", "dropout": .null, "unk_token": .null, "continuing_subword_prefix": "",
        "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
      ],
    ]
    var output: [UInt8] = []
    head.write(into: &output)
    // The two long members go into the last object, the model.
    output.removeLast(2)
    output += ",\"vocab\":".utf8
    VocabularyJSON.append(
      (0..<tokenizer.vocabularySize).lazy.map { tokenizer.written(Int32($0)) }, to: &output)
    output += ",\"merges\":[".utf8
    for (number, merge) in tokenizer.writtenMerges.enumerated() {
      if number > 0 { output.append(UInt8(ascii: ",")) }
      JSONValue.write(String(decoding: merge, as: UTF8.self), into: &output)
    }
    output += "]}}\n".utf8
    return output
  }

  /// `tokenizer_config.json`: transformers' class, and the token for the marks that it has.
  static func writtenConfiguration(_ tokenizer: BPETokenizer) -> [UInt8] {
    let end = tokenizer.endToken.map {
      JSONValue.string(String(decoding: tokenizer.bytes(of: $0), as: UTF8.self))
    }
    let value: JSONValue = [
      "tokenizer_class": "GPT2Tokenizer", "add_prefix_space": .bool(tokenizer.addsPrefixSpace),
      "bos_token": end ?? .null, "eos_token": end ?? .null, "unk_token": end ?? .null,
    ]
    return Array((value.text + "\n").utf8)
  }
}
