import Files

extension VocabularyData {
  /// The vocabulary of a tokenizer as GGUF files hold it.
  /// - Parameters:
  ///   - tokenizer: bytes of GPT-2's kind, or characters with byte fallback as SentencePiece has them.
  ///   - size: of the model's table of embeddings: ids without a token get one that nothing uses, and tokens
  ///     without a row are left out.
  ///   - name: for messages.
  /// - Throws: ``/Files/AIGCError``: mismatch for a tokenizer that the format cannot say, failed without
  ///   memory, interrupted.
  public init(_ tokenizer: BPETokenizer, size: Int, name: String) throws(AIGCError) {
    self.init(name: name, model: tokenizer.characters == nil ? "gpt2" : "llama")
    appendTokens(tokenizer, size)
    if tokenizer.characters == nil {
      try setByteLevel(tokenizer)
    } else {
      try setScored(tokenizer, size)
    }
    try setMarks(tokenizer, size)
  }

  private func refusal(_ what: String) -> AIGCError {
    .mismatch("\(name): the tokenizer has \(what), which a GGUF file cannot say")
  }

  private mutating func appendTokens(_ tokenizer: BPETokenizer, _ size: Int) {
    let added = Dictionary(tokenizer.addedTokens.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    for id in 0..<size {
      let id = Int32(id)
      guard id < tokenizer.vocabularySize else {
        tokens.append("[PAD\(id)]".utf8)
        types.append(TokenType.unused.rawValue)
        continue
      }
      let token = added[id]
      tokens.append(token?.content ?? tokenizer.written(id))
      let type: TokenType =
        if id == tokenizer.unknownToken {
          .unknown
        } else if let token {
          token.isSpecial ? .control : .userDefined
        } else {
          tokenizer.fallbackBytes[id] == nil ? .normal : .byte
        }
      types.append(type.rawValue)
    }
  }

  private mutating func setByteLevel(_ tokenizer: BPETokenizer) throws(AIGCError) {
    let pipeline = tokenizer.pipeline
    guard let pre = PreTokenizerName.name(pipeline.split),
      PreTokenizerName.llama3.contains(pre) == (tokenizer.wholePieces != nil)
    else { throw refusal("a way of its own to cut text") }
    guard pipeline.preparation.prefix == .none else {
      throw refusal("a space before each text (add_prefix_space)")
    }
    // Readers of the format know no normal forms. Qwen's tokenizers have form C, and their files do not say so.
    let isComposed = pipeline.preparation.normalizers == [.canonicalComposition]
    guard pipeline.preparation.normalizers.isEmpty || isComposed else {
      throw refusal("a normalizer")
    }
    self.pre = pre
    for merge in tokenizer.writtenMerges { merges.append(merge.left + [32] + merge.right) }
  }

  // MARK: SentencePiece

  private mutating func setScored(_ tokenizer: BPETokenizer, _ size: Int) throws(AIGCError) {
    let pipeline = tokenizer.pipeline
    guard pipeline.spaceMark == MetaspaceSplit.mark, tokenizer.fallbackBytes.count == 256,
      let unknown = tokenizer.unknownToken
    else { throw refusal("characters without U+2581 for spaces or without tokens for bytes") }
    let mark = MetaspaceSplit.mark
    let replaces = Normalizer.replace([32], by: mark)
    switch (pipeline.preparation.normalizers, pipeline.preparation.prefix) {
    case ([.prepend(mark), replaces], .none): addsSpacePrefix = true
    case ([replaces], .none): addsSpacePrefix = false
    case ([], .metaspace("\u{2581}", let scheme)): addsSpacePrefix = scheme != .never
    default: throw refusal("a normalizer")
    }
    unknownToken = Int(unknown)
    try setScores(tokenizer, size)
  }

  /// The earlier a token is made, the greater its score, which is all that the format says of merges. That they
  /// are found again is checked.
  private mutating func setScores(_ tokenizer: BPETokenizer, _ size: Int) throws(AIGCError) {
    let pairs = tokenizer.merges.ordered
    var ranks: [Int32: Int] = [:]
    tokenizer.merges.withReader { reader in
      for pair in pairs {
        let made = reader.find(pair.left, pair.right).id
        if ranks[made] == nil { ranks[made] = ranks.count }
      }
    }
    // What no merge makes comes behind all that one makes.
    scores = (0..<size).map { -Float(ranks[Int32($0)] ?? ranks.count + $0) }
    let read = try BPETokenizer(self).merges
    let isSame = tokenizer.merges.withReader { old in
      read.withReader { new in
        pairs.allSatisfy {
          let (known, found) = (old.find($0.left, $0.right), new.find($0.left, $0.right))
          return Int(known.id) >= size
            || found.rank != MergeTable.Reader.none && found.id == known.id
        }
          && read.pairs.allSatisfy {
            // No text has spaces once they are U+2581.
            old.find($0.left, $0.right).rank != MergeTable.Reader.none
              || tokens[Int($0.left)].contains(32) || tokens[Int($0.right)].contains(32)
          }
      }
    }
    guard isSame else { throw refusal("merges that are not those of scores") }
  }

  // MARK: Marks

  private mutating func setMarks(_ tokenizer: BPETokenizer, _ size: Int) throws(AIGCError) {
    func named(_ name: String) -> Int? {
      (tokenizer.namedTokens?.first { $0.name == name }?.id).map { Int($0) }
    }
    let (prefix, suffix) = tokenizer.marks
    guard prefix.count <= 1, suffix.count <= 1 else {
      throw refusal("several tokens around each text")
    }
    guard suffix.first == nil || tokenizer.endToken == nil || suffix.first == tokenizer.endToken
    else { throw refusal("another token than its end behind each text") }
    startToken = prefix.first.map { Int($0) } ?? named("bos_token")
    endToken = (suffix.first ?? tokenizer.endToken).map { Int($0) }
    paddingToken = named("pad_token")
    endOfTurnToken = tokenizer.endOfTurnToken.map { Int($0) }
    (addsStart, addsEnd) = (!prefix.isEmpty, !suffix.isEmpty)
    let isInside: (Int?) -> Int? = { $0.flatMap { $0 < size ? $0 : nil } }
    (startToken, endToken) = (isInside(startToken), isInside(endToken))
    (paddingToken, endOfTurnToken) = (isInside(paddingToken), isInside(endOfTurnToken))
  }
}
