import Files

extension BPETokenizer {
  /// The tokenizer of a GGUF file's vocabulary.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged or unknown data, named; failed without memory.
  public init(_ data: VocabularyData) throws(AIGCError) {
    try data.check()
    let vocabulary = try VocabularyJSON(data.tokens, name: data.name)
    let addedTokens = data.addedTokens(vocabulary)
    switch data.model {
    case "gpt2":
      guard let pre = data.pre else {
        throw .badInput("\(data.name): the pre-tokenizer (tokenizer.ggml.pre) is missing")
      }
      guard let split = PreTokenizerName.split(pre) else {
        throw .badInput("\(data.name): the pre-tokenizer \(shown(pre)) is not supported")
      }
      var model = BPEModel()
      model.pipeline.split = split
      model.ignoresMerges = PreTokenizerName.llama3.contains(pre)
      try self.init(
        vocabulary, merges: data.mergeTable(vocabulary), addedTokens: addedTokens, model: model,
        name: data.name)
      if lacksBytes, let id = data.unknownToken, (0..<data.tokens.count).contains(id) {
        unknownByte = Int32(id)
      }
      try mark(
        data, addsStart: PreTokenizerName.llama3.contains(pre), startToken: nil, endToken: nil)
    case "llama":
      try self.init(
        vocabulary, merges: data.scoredMerges(vocabulary), addedTokens: addedTokens,
        model: data.scoredModel(), name: data.name)
      try mark(data, addsStart: true, startToken: 1, endToken: 2)
    default:
      throw .badInput(
        "\(data.name): the tokenizer \(shown(data.model)) is not supported, only llama and gpt2")
    }
  }

  /// Sets the tokens with names, and those around texts.
  private mutating func mark(
    _ data: VocabularyData, addsStart: Bool, startToken: Int?, endToken: Int?
  ) throws(AIGCError) {
    func id(_ id: Int?, _ usual: Int?) -> Int32? {
      let count = data.tokens.count
      return (id ?? usual.flatMap { $0 < count ? $0 : nil }).map { Int32($0) }
    }
    let start = id(data.startToken, startToken)
    self.endToken = id(data.endToken, endToken)
    endOfTurnToken = id(data.endOfTurnToken, nil)
    namedTokens = [("bos_token", start), ("eos_token", self.endToken)]
    if let unknownToken { namedTokens?.append(("unk_token", unknownToken)) }
    if let padding = id(data.paddingToken, nil) { namedTokens?.append(("pad_token", padding)) }
    let prefix = data.addsStart ?? addsStart ? start : nil
    let suffix = data.addsEnd == true ? self.endToken : nil
    try frame(
      prefix: prefix.map { [$0] } ?? [], suffix: suffix.map { [$0] } ?? [], path: data.name)
  }
}

extension VocabularyData {
  /// Longer tokens of a vocabulary with scores would make finding their merges slow; published ones have 93 bytes.
  private static let longestScored = 256

  private func error(_ what: String) -> AIGCError { .badInput("\(name): \(what)") }

  fileprivate func check() throws(AIGCError) {
    guard tokens.count > 0 else { throw error("a vocabulary without tokens") }
    guard tokens.count < Int(Int32.max), tokens.bytes.count <= VocabularyJSON.largest,
      merges.bytes.count <= VocabularyJSON.largest
    else { throw error("too large for a vocabulary") }
    guard types.isEmpty || types.count == tokens.count else {
      throw error("\(counted(tokens.count, "token")) and \(counted(types.count, "type"))")
    }
    for (what, id) in [
      ("bos", startToken), ("eos", endToken), ("unknown", unknownToken), ("eot", endOfTurnToken),
      ("padding", paddingToken),
    ] {
      guard let id, !(0..<tokens.count).contains(id) else { continue }
      throw error("the \(what) token has the id \(id), of \(counted(tokens.count, "token"))")
    }
  }

  private func type(_ id: Int) -> TokenType {
    types.isEmpty ? .normal : TokenType(rawValue: types[id]) ?? .normal
  }

  /// Controls and tokens of users are found in text before it is cut.
  fileprivate func addedTokens(_ vocabulary: VocabularyJSON) -> [AddedToken] {
    tokens.ends.indices.compactMap { id in
      let type = type(id)
      let content = vocabulary.token(id)
      guard type == .control || type == .userDefined || type == .unknown,
        content.count <= AddedToken.longest, vocabulary.id(of: content) == Int32(id)
      else { return nil }
      return AddedToken(id: Int32(id), content: content, isSpecial: type != .userDefined)
    }
  }

  /// The merges of "gpt2", in their order.
  fileprivate func mergeTable(_ vocabulary: VocabularyJSON) throws(AIGCError) -> MergeTable {
    var reader = MergeReader(vocabulary)
    for number in 0..<merges.count {
      if let wrong = reader.addSpaced(merges[number]) { throw error("merge \(number) \(wrong)") }
    }
    return reader.table
  }

  // MARK: SentencePiece

  /// Ids of tokens that no text makes.
  private var abnormal: Set<Int32> {
    Set(
      tokens.ends.indices.lazy.filter {
        let type = type($0)
        return type == .control || type == .unknown || type == .byte
      }.map { Int32($0) })
  }

  fileprivate func scoredModel() -> BPEModel {
    var model = BPEModel(isByteLevel: false, hasByteFallback: true, abnormal: abnormal)
    model.unknown = Array(tokens[unknownToken ?? 0])
    let mark = MetaspaceSplit.mark
    model.pipeline.split = .whole(CharacterPairs())
    model.pipeline.spaceMark = mark
    model.pipeline.dropsFirstSpace = addsSpacePrefix ?? true
    model.pipeline.preparation.normalizers = [.replace([32], by: mark)]
    if addsSpacePrefix ?? true {
      model.pipeline.preparation.normalizers.insert(.prepend(mark), at: 0)
    }
    return model
  }

  /// Any two tokens that are a third together are merged, the one of the greatest score first (Kudo and
  /// Richardson 2018, SentencePiece's BPE).
  fileprivate func scoredMerges(_ vocabulary: VocabularyJSON) throws(AIGCError) -> MergeTable {
    guard scores.count == tokens.count else {
      throw error("\(counted(tokens.count, "token")) and \(counted(scores.count, "score"))")
    }
    var table = MergeTable(capacity: tokens.count * 2)
    let abnormal = abnormal
    for id in tokens.ends.indices where !abnormal.contains(Int32(id)) {
      if id & 0xFFF == 0 { try Interruption.check() }
      let token = tokens[id]
      guard token.count <= Self.longestScored else {
        throw error("token \(id) has \(token.count) bytes, more than \(Self.longestScored)")
      }
      // Of one text twice the later token counts.
      guard vocabulary.id(of: token) == Int32(id) else { continue }
      let rank = Self.rank(scores[id])
      for place in token.indices.dropFirst() where token[place] & 0xC0 != 0x80 {
        guard let left = vocabulary.id(of: token[..<place]), !abnormal.contains(left),
          let right = vocabulary.id(of: token[place...]), !abnormal.contains(right)
        else { continue }
        table.append(left, right, becomes: Int32(id), rank: rank)
      }
      // Published vocabularies have some three for each token.
      guard table.pairs.count <= 16 * tokens.count + 65536 else {
        throw error("more than 16 ways a token to make it of two others")
      }
    }
    return table
  }

  /// A number that is smaller for a greater score.
  private static func rank(_ score: Float) -> UInt32 {
    let bits = (score + 0).bitPattern
    let ordered = bits >> 31 == 1 ? ~bits : bits | 1 << 31
    return min(~ordered, MergeTable.Reader.none - 1)
  }
}
