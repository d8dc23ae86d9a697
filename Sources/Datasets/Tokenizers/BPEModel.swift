import Files

/// What files say of a BPE vocabulary besides its tokens and merges.
struct BPEModel: Sendable {
  /// Whether tokens are made of bytes (GPT-2), and not of characters (SentencePiece).
  var isByteLevel = true
  var pipeline = TextPipeline()
  /// The token of characters that have no other, and no bytes either.
  var unknown: [UInt8]?
  /// Whether `<0x0A>` and its like spell characters that are no token.
  var hasByteFallback = false
  /// Whether one unknown token stands for all that follow each other.
  var fusesUnknown = false
  /// Whether a piece that is a token is not merged (`ignore_merges`).
  var ignoresMerges = false
  /// Ids of tokens that no text makes: controls, bytes. Only where files name them.
  var abnormal: Set<Int32> = []
}

extension BPETokenizer {
  /// - Parameters:
  ///   - vocabulary: the tokens as the files spell them.
  ///   - addedTokens: those that are not in the vocabulary have the ids behind it, in order.
  ///   - name: the vocabulary's file, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput where a byte or the unknown token is missing, failed without
  ///   memory.
  init(
    _ vocabulary: VocabularyJSON, merges: MergeTable, addedTokens: [AddedToken], model: BPEModel,
    name: String
  ) throws(AIGCError) {
    if model.isByteLevel {
      try self.init(
        vocabulary, byteTokens: Self.byteTokens(vocabulary, name: name, isWhole: false),
        merges: merges, addedTokens: addedTokens, pipeline: model.pipeline,
        ignoresMerges: model.ignoresMerges,
        unknown: model.unknown.flatMap { vocabulary.id(of: $0) })
      return
    }
    var characters = CharacterTokens(vocabulary, hasByteFallback: model.hasByteFallback) {
      !model.abnormal.contains($0)
    }
    characters.fusesUnknown = model.fusesUnknown
    if let unknown = model.unknown {
      guard let id = vocabulary.id(of: unknown) else {
        throw .badInput(
          "\(name): the unknown token \(shown(String(decoding: unknown, as: UTF8.self))) is not in "
            + "the vocabulary")
      }
      characters.unknown = id
    }
    let bytes = characters.bytes
    var pipeline = model.pipeline
    if case .whole(var pairs) = pipeline.split {
      // Where characters are left out, those beside them are merged.
      pairs.isWhole =
        model.ignoresMerges || characters.unknown == nil && bytes.count < 256
        || merges.pairs.contains {
          bytes[$0.left] != nil || bytes[$0.right] != nil
        }
      if !pairs.isWhole {
        vocabulary.forEach { if !model.abnormal.contains($0) { pairs.add($1) } }
      }
      pipeline.split = .whole(pairs)
    }
    var tokens = TokenBytes(capacity: vocabulary.count)
    vocabulary.forEach { id, token in
      if let byte = bytes[id] { tokens.append([byte]) } else { tokens.append(token) }
    }
    for token in addedTokens where Int(token.id) >= vocabulary.count {
      tokens.append(token.content)
    }
    try self.init(
      tokens: tokens, byteTokens: [], merges: merges, addedTokens: addedTokens,
      pipeline: pipeline, characters: characters,
      wholePieces: model.ignoresMerges ? vocabulary : nil)
  }
}
