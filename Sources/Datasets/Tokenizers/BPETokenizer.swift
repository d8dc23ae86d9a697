import Files
import Kernels

/// Byte-level byte pair encoding, as GPT-2 has it (Radford et al., 2019): text is cut into pieces
/// (words with the space before them, numbers, signs), and the bytes of each are merged in the order
/// of the vocabulary's merges. Gives the ids of the PyPI package `tokenizers` and of GPT-2's
/// encoder.py; `<|endoftext|>` in the text, and other added tokens, are one token each.
///
/// Every text in UTF-8 has ids, and the bytes of its tokens are the text again. Other bytes are
/// refused: GPT-2's own encoder never sees them, as Python has made U+FFFD of them before.
public struct BPETokenizer: Tokenizer {
  let tokens: TokenBytes
  /// Ids of tokens that the files hold as plain text, not in GPT-2's alphabet for bytes.
  let plainTokens: Set<Int32>
  /// The id of each byte by itself; -1 for one that has none.
  private let byteTokens: [Int32]
  var lacksBytes: Bool { byteTokens.contains { $0 < 0 } }
  /// The token of bytes that have none, of a vocabulary that lacks some; nil: they are left out.
  var unknownByte: Int32?
  /// For vocabularies of characters, in the place of ``byteTokens``.
  let characters: CharacterTokens?
  /// The byte of each token that spells one.
  let fallbackBytes: [Int32: UInt8]
  let merges: MergeTable
  /// How a text is changed and cut, and what decoding turns back.
  let pipeline: TextPipeline
  /// The vocabulary, where a piece that is a token is not merged (`ignore_merges`).
  let wholePieces: VocabularyJSON?
  let addedTokens: [AddedToken]
  private let allTokens: AddedTokenMatcher?
  private let textTokens: AddedTokenMatcher?

  /// The token that ends a text: `<|endoftext|>` where the vocabulary has it. A model whose
  /// configuration names another one sets it.
  public var endToken: Int32?

  /// The token that ends a turn of a chat, where the vocabulary's file names one.
  public var endOfTurnToken: Int32?

  /// Whether special tokens in the text, `<|endoftext|>` say, are one token each; else they are text
  /// like any other.
  public var parsesSpecialTokens = true

  /// Whether a text gets a space before it that is not there (`add_prefix_space` of ByteLevel), as does
  /// what follows an added token.
  public var addsPrefixSpace: Bool { pipeline.preparation.prefix == .space }

  /// Tokens before and behind every text: those of `add_bos_token`, or of a template.
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []
  /// The marks before every text, which decoding leaves out. A template may put a token of plain text there: that is
  /// text wherever it comes.
  private var hiddenTokens: [Int32] = []

  /// `bos_token` and its like, as a folder names them; nil for a tokenizer that no folder names.
  var namedTokens: [(name: String, id: Int32?)]?

  /// Whether a folder asks for special tokens in the text to be text.
  var splitsSpecialTokens = false

  /// A model's number of tokens, where it has fewer than the tokenizer: added tokens that a model was
  /// not enlarged for. A text with one of these is refused.
  public var idLimit: Int?

  static let endOfText = Array("<|endoftext|>".utf8)

  /// - Parameters:
  ///   - tokens: the bytes of each id.
  ///   - plainTokens: see ``plainTokens``.
  ///   - byteTokens: the id of each byte, -1 for none; empty where there are `characters`.
  ///   - merges: pairs of ids, all in range.
  ///   - addedTokens: what is found in text before it is cut; ids in range.
  ///   - pipeline: GPT-2's where it is not another.
  ///   - characters: the tokens of characters, for a vocabulary that is not one of bytes.
  ///   - wholePieces: the vocabulary, where a piece that is a token is not merged.
  ///   - endToken: ``endToken``; nil for the added token `<|endoftext|>`.
  /// - Throws: ``/Files/AIGCError`` (failed) without memory.
  init(
    tokens: TokenBytes, plainTokens: Set<Int32> = [], byteTokens: [Int32], merges: MergeTable,
    addedTokens: [AddedToken], pipeline: TextPipeline = TextPipeline(),
    characters: CharacterTokens? = nil, wholePieces: VocabularyJSON? = nil, endToken: Int32? = nil
  ) throws(AIGCError) {
    self.tokens = tokens
    self.plainTokens = plainTokens
    self.byteTokens = byteTokens
    self.characters = characters
    fallbackBytes = characters?.bytes ?? [:]
    self.merges = merges
    self.addedTokens = addedTokens
    self.pipeline = pipeline
    self.wholePieces = wholePieces
    self.endToken = endToken ?? addedTokens.first { $0.content == Self.endOfText }?.id
    let normalized = pipeline.preparation.normalized
    allTokens = try AddedTokenMatcher(addedTokens, normalized: normalized)
    textTokens = try AddedTokenMatcher(
      addedTokens, passesOverSpecial: true, normalized: normalized)
  }

  /// The kind is ``TokenizerKind/bpe``.
  public var kind: TokenizerKind { .bpe }
  /// The number of ids, those of added tokens included.
  public var vocabularySize: Int { tokens.count }
  /// Always true: ``endToken`` ends a whole text.
  public var endTokenEndsText: Bool { true }
  /// The token of characters that have no other; nil where every text in UTF-8 has ids.
  public var unknownToken: Int32? { characters?.unknown ?? unknownByte }
  /// The number of merges in the vocabulary.
  public var mergeCount: Int { merges.pairs.count }

  private var matcher: AddedTokenMatcher? { parsesSpecialTokens ? allTokens : textTokens }

  /// A whole text as ids, between the tokens that the tokenizer's files put around every text.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are not UTF-8, mismatch for an id that is not
  ///   below ``idLimit``, failed without memory, interrupted.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    try encode(text, name: name, addsSpecialTokens: true)
  }

  /// The same with a choice of the tokens around the text.
  /// - Throws: as ``encode(_:name:)``.
  public func encode(
    _ text: Table<UInt8>, name: String, addsSpecialTokens: Bool
  ) throws(AIGCError) -> [Int32] {
    let ids = try encode(prepare(text, aligns: false, name: name), name: name)
    if addsSpecialTokens { try checkLimit(prefix + suffix, name) }
    return addsSpecialTokens && !(prefix.isEmpty && suffix.isEmpty) ? prefix + ids + suffix : ids
  }

  /// - Throws: as ``encode(_:name:)``.
  public func encode(prompt: String, addsSpecialTokens: Bool) throws(AIGCError) -> [Int32] {
    try encode(
      Table(Array(prompt.utf8)), name: "the prompt", addsSpecialTokens: addsSpecialTokens)
  }

  /// The text of a rendered chat, in which special tokens are found, and around which none are put.
  /// - Throws: as ``encode(_:name:)``.
  public func encode(rendered chat: String) throws(AIGCError) -> [Int32] {
    var reader = self
    reader.parsesSpecialTokens = true
    return try reader.encode(
      Table(Array(chat.utf8)), name: "the chat", addsSpecialTokens: false)
  }

  /// The tokens that are found in text before it is cut.
  public var specialTokens: [SpecialToken] {
    addedTokens.map {
      SpecialToken(
        id: $0.id, text: String(decoding: $0.content, as: UTF8.self), isControl: $0.isSpecial)
    }
  }

  /// Whether the space that a text begins with, once it is made of ids, is none of its own.
  public var dropsFirstSpace: Bool { pipeline.dropsFirstSpace }

  /// The tokens before and behind every text.
  public var marks: (start: [Int32], end: [Int32]) { (prefix, suffix) }

  /// Sets the tokens around every text.
  /// - Throws: ``/Files/AIGCError`` (badInput) for ids that are none.
  mutating func frame(prefix: [Int32], suffix: [Int32], path: String) throws(AIGCError) {
    for id in prefix + suffix where !(0..<Int32(vocabularySize)).contains(id) {
      throw .badInput("\(path): the token \(id) around texts is none of \(vocabularySize)")
    }
    (self.prefix, self.suffix) = (prefix, suffix)
    hiddenTokens = prefix.filter { id in
      addedTokens.contains { $0.id == id && $0.isSpecial }
        || namedTokens?.contains { $0.id == id } == true
    }
  }

  /// How many ids a model needs that can read text without added tokens.
  public var plainVocabularySize: Int {
    let added = Set(addedTokens.map { $0.id })
    var count = vocabularySize
    while count > 0, added.contains(Int32(count - 1)) { count -= 1 }
    return count
  }

  private func checkLimit(_ ids: [Int32], _ name: String) throws(AIGCError) {
    guard let idLimit, idLimit < vocabularySize,
      let id = ids.first(where: { $0 >= idLimit })
    else { return }
    throw .mismatch(
      "\(name): the token \(shown(String(decoding: bytes(of: id), as: UTF8.self))) has the id "
        + "\(id), the model has \(idLimit) tokens")
  }

  /// The text as it is cut; without alignments where it is cut as it stands.
  private func prepare(
    _ text: Table<UInt8>, aligns: Bool, name: String
  ) throws(AIGCError) -> (text: TextPreparation.Prepared, isPrepared: Bool) {
    guard characters != nil || pipeline.preparation.isNeeded(text, matcher) else {
      return (.init(text: text), false)
    }
    return (
      try pipeline.preparation.prepare(text, matcher, aligns: aligns, name: name), true
    )
  }

  private func encode(
    _ input: (text: TextPreparation.Prepared, isPrepared: Bool), name: String
  ) throws(AIGCError) -> [Int32] {
    let isPrepared = input.isPrepared
    let corpus = PieceCorpus(
      input.text.text, name: name, addedTokens: isPrepared ? nil : matcher, split: pipeline.split,
      isPrepared: isPrepared)
    let blocks = try corpus.map { encode($0, isPrepared: isPrepared) }
    for block in blocks { try checkLimit(block, name) }
    if blocks.count == 1 { return blocks[0] }
    let count = blocks.reduce(0) { $0 + $1.count }
    var result: [Int32] = []
    result.reserveCapacity(count)
    for block in blocks { result += block }
    return result
  }

  /// Merges each different piece once, then puts the ids in the order of the text.
  private func encode(_ block: borrowing PieceBlock, isPrepared: Bool) -> [Int32] {
    var ids: [Int32] = []
    var ends: [Int] = [0]
    ends.reserveCapacity(block.wordCount + 1)
    var isStopped = false
    merges.withReader { reader in
      var merger = PieceMerger(reader)
      for word in 0..<block.wordCount where !isStopped {
        isStopped = word & 1023 == 0 && Interruption.isRequested
        block.withWord(word) { append($0, isPrepared: isPrepared, to: &ids, &merger) }
        ends.append(ids.count)
      }
    }
    // After Ctrl-C nobody asks for the result.
    if isStopped { return [] }
    var count = 0
    block.forEach { count += ends[$0 + 1] - ends[$0] }
    var result: [Int32] = []
    result.reserveCapacity(count)
    block.forEach { word in
      for place in ends[word]..<ends[word + 1] { result.append(ids[place]) }
    }
    return result
  }

  /// Appends the ids of one piece.
  private func append(
    _ word: WordKey, isPrepared: Bool, to ids: inout [Int32], _ merger: inout PieceMerger
  ) {
    let start = ids.count
    if isPrepared {
      if word.start.byte == TokenMark.first { return ids.append(TokenMark.id(word.start)) }
    } else if let id = matcher?.id(of: word) {
      // Text between added tokens never is one.
      return ids.append(id)
    }
    if let id = wholePieces?.id(ofPiece: word, isSpelled: characters == nil) {
      return ids.append(id)
    }
    if let characters {
      characters.append(word.start, word.length, to: &ids)
    } else {
      for place in 0..<word.length {
        let id = byteTokens[Int(word.start[place])]
        if id >= 0 { ids.append(id) } else if let unknownByte { ids.append(unknownByte) }
      }
    }
    merger.merge(&ids, from: start)
  }

  /// Byte ranges in `text` of its tokens, one for one with ``encode(_:name:)``. What is written before a
  /// text and is not in it has none; tokens that are put around the text have empty ones.
  /// - Throws: as ``encode(_:name:)``.
  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    let input = try prepare(text, aligns: true, name: name)
    let whole = input.text.text
    let ids = try encode(input, name: name)
    var (position, lastEnd) = (0, 0)
    let ranges = try Interruption.map(ids.count) { (index) throws(AIGCError) in
      position = min(
        whole.count, position + length(of: ids[index], in: whole, at: position, input.isPrepared))
      let begin = lastEnd
      lastEnd = max(begin, input.text.original(position))
      return begin..<lastEnd
    }
    let end = ranges.last?.upperBound ?? 0
    return prefix.map { _ in 0..<0 } + ranges + suffix.map { _ in end..<end }
  }

  /// How many bytes of a text that is cut the token at `position` takes.
  private func length(
    of id: Int32, in text: Table<UInt8>, at position: Int, _ isPrepared: Bool
  ) -> Int {
    guard position < text.count else { return 0 }
    if isPrepared, text[position] == TokenMark.first { return TokenMark.length }
    guard let characters else {
      var missing = 0
      while position + missing < text.count, byteTokens[Int(text[position + missing])] < 0 {
        if id == unknownByte { return 1 }
        missing += 1
      }
      return missing + tokens.range(of: id).count
    }
    if id == characters.unknown {
      return characters.unknownLength(text, position, isToken: true)
    }
    let isDropped = characters.unknown == nil && characters.byteTokens.isEmpty
    return tokens.range(of: id).count
      + (isDropped ? characters.unknownLength(text, position, isToken: false) : 0)
  }

  /// The bytes of one token, not always UTF-8 by themselves; none for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] {
    let bytes = Array(tokens[id])
    guard let mark = pipeline.spaceMark, bytes.contains(mark[0]) else { return bytes }
    return Normalizer.replace(mark, by: [32]).apply(bytes)
  }

  /// Streams text out of ids; a UTF-8 character of several tokens comes when it is complete.
  public func makeDecoder() -> any TokenDecoder {
    ByteSequenceDecoder(self, dropsFirstSpace: pipeline.dropsFirstSpace, hidden: hiddenTokens)
  }
}
