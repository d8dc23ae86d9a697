import Files

/// What `config.json` calls a tokenizer.
public enum TokenizerKind: String, Codable, CaseIterable, Sendable {
  /// Those of language models that are trained here.
  public static let allCases: [TokenizerKind] = [.char, .word, .auto, .whitespace, .byte, .bpe]

  /// ``CharTokenizer``.
  case char
  /// ``WordTokenizer`` with the tokens of ``TokenMode/word``.
  case word
  /// ``WordTokenizer`` with the tokens of ``TokenMode/auto``.
  case auto
  /// ``WordTokenizer`` with the tokens of ``TokenMode/whitespace``.
  case whitespace
  /// ``ByteTokenizer``.
  case byte
  /// ``BPETokenizer``.
  case bpe
  /// ``WordPieceTokenizer``, of encoders.
  case wordPiece = "wordpiece"

  /// How the words of a ``WordTokenizer`` are found; nil for the other kinds.
  public var wordMode: TokenMode? {
    switch self {
    case .word: .word
    case .auto: .auto
    case .whitespace: .whitespace
    case .char, .byte, .bpe, .wordPiece: nil
    }
  }

  /// Whether a text is more than the bytes of its tokens: words have spaces between them.
  public var joinsWords: Bool { self == .wordPiece || wordMode != nil }

  /// Whether the number of its tokens can be chosen: of words and BPE tokens.
  public var hasVocabularyLimit: Bool { self == .bpe || wordMode != nil }

  /// - Throws: ``/Files/AIGCError`` (usage) for a chosen number of tokens where all characters or bytes are.
  public func check(vocabularySize: Int?) throws(AIGCError) {
    guard let vocabularySize, !hasVocabularyLimit else { return }
    throw .usage(
      "`vocabularySize` \(vocabularySize): of words and BPE tokens; `tokens` \(rawValue) takes all "
        + (self == .char ? "characters" : "bytes"))
  }
}

/// A token that is found in text before it is cut.
public struct SpecialToken: Sendable, Equatable {
  /// Its id.
  public var id: Int32
  /// How it stands in text.
  public var text: String
  /// Whether it is a mark, `<|im_end|>` say, and not text.
  public var isControl: Bool

  /// Creates a token of its parts.
  public init(id: Int32, text: String, isControl: Bool) {
    (self.id, self.text, self.isControl) = (id, text, isControl)
  }
}

/// Text to token ids and back, one token by itself or many.
public protocol TokenCoder: Sendable {
  /// What `config.json` calls the tokenizer.
  var kind: TokenizerKind { get }

  /// Number of ids: 0 to `vocabularySize - 1`.
  var vocabularySize: Int { get }

  /// A whole text as ids, line ends included.
  /// - Parameters:
  ///   - text: the bytes of the text.
  ///   - name: the file, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that are no text, mismatch for text that the
  ///   vocabulary cannot write, failed without memory, interrupted.
  func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32]

  /// The same with a choice of the special tokens that are put around a text, where the tokenizer has any.
  func encode(
    _ text: Table<UInt8>, name: String, addsSpecialTokens: Bool
  ) throws(AIGCError) -> [Int32]

  /// The ids of a prompt: those of the text, without an end that is not in it and without special tokens
  /// around it.
  func encode(prompt: String) throws(AIGCError) -> [Int32]

  /// The same with a choice of the special tokens around it.
  func encode(prompt: String, addsSpecialTokens: Bool) throws(AIGCError) -> [Int32]

  /// The bytes of one token, not always UTF-8 by themselves; none for ids out of range.
  func bytes(of id: Int32) -> [UInt8]

  /// Streams text out of ids. It never cuts a UTF-8 character and writes U+FFFD for what is none.
  func makeDecoder() -> any TokenDecoder
}

/// Turns text into the token ids of a neural language model, and back.
public protocol Tokenizer: TokenCoder {
  /// The ids of a chat as a template renders it: special tokens in it are found, and none are put around it.
  func encode(rendered chat: String) throws(AIGCError) -> [Int32]

  /// The tokens that are found in text before it is cut.
  var specialTokens: [SpecialToken] { get }

  /// Byte ranges in `text` of its tokens, one for one with ``TokenCoder/encode(_:name:)``. An end token's range
  /// is its line end, empty where the text ends without one.
  func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>]

  /// The token that ends a line (words) or a text (`<|endoftext|>`); nil when there is none.
  var endToken: Int32? { get }

  /// Whether ``endToken`` ends the text; else a line.
  var endTokenEndsText: Bool { get }

  /// The token that stands for words that are not in the vocabulary; nil where every text has ids.
  var unknownToken: Int32? { get }

  /// Writes the files that ``loadTokenizer(kind:folder:)`` reads.
  /// - Parameter path: maps a file's name to where it is to be written.
  func write(to path: (String) -> String) throws(AIGCError)
}

extension TokenCoder {
  /// Unless a tokenizer says otherwise, a prompt is encoded as a whole text.
  public func encode(prompt: String) throws(AIGCError) -> [Int32] {
    try encode(Table(Array(prompt.utf8)), name: "the prompt", addsSpecialTokens: false)
  }

  /// Unless a tokenizer says otherwise, nothing is put around a text.
  public func encode(
    _ text: Table<UInt8>, name: String, addsSpecialTokens: Bool
  ) throws(AIGCError) -> [Int32] { try encode(text, name: name) }

  /// Unless a tokenizer says otherwise, nothing is put around a prompt.
  public func encode(prompt: String, addsSpecialTokens: Bool) throws(AIGCError) -> [Int32] {
    try encode(prompt: prompt)
  }
}

extension Tokenizer {
  /// Unless a tokenizer says otherwise, a chat is a prompt like others.
  public func encode(rendered chat: String) throws(AIGCError) -> [Int32] {
    try encode(prompt: chat)
  }

  /// Unless a tokenizer says otherwise, there are none.
  public var specialTokens: [SpecialToken] { [] }

  /// The bytes that each token adds to a text, by its id; none for marks. nil where tokens are words, whose spaces
  /// depend on their neighbours.
  public var tokenTexts: [[UInt8]]? {
    guard kind.wordMode == nil else { return nil }
    var texts = (0..<vocabularySize).map { bytes(of: Int32($0)) }
    let marks = specialTokens.filter { $0.isControl }.map { $0.id }
    for id in marks + [endToken, unknownToken].compactMap({ $0 })
    where texts.indices.contains(Int(id)) {
      texts[Int(id)] = []
    }
    return texts
  }

  /// Ranges of tokens that lie one behind the other.
  func consecutiveRanges(_ ids: [Int32]) throws(AIGCError) -> [Range<Int>] {
    var position = 0
    return try Interruption.map(ids.count) { (index) throws(AIGCError) in
      let begin = position
      position += bytes(of: ids[index]).count
      return begin..<position
    }
  }
}

/// Streams text out of token ids, with the spaces, quotes and line ends where they belong.
public protocol TokenDecoder {
  /// Bytes that token `id` adds. May hold back bytes until they are decided (a UTF-8 character of
  /// several tokens, a space before an unknown neighbour).
  mutating func append(_ id: Int32) -> [UInt8]
  /// The same, appended to `output`.
  mutating func append(_ id: Int32, to output: inout [UInt8])
  /// What is still held back, at the end of the text.
  mutating func finish() -> [UInt8]
}

extension TokenDecoder {
  /// Unless a decoder says otherwise, `output` gets what ``append(_:)`` returns.
  public mutating func append(_ id: Int32, to output: inout [UInt8]) { output += append(id) }
}

/// Reads the tokenizer of a model folder.
/// - Throws: ``/Files/AIGCError`` (badInput) when its files are missing or damaged.
public func loadTokenizer(
  kind: TokenizerKind, folder: String
) throws(AIGCError) -> any Tokenizer {
  switch kind {
  case .char: try CharTokenizer(folder: folder)
  case .byte: ByteTokenizer()
  case .bpe: try BPETokenizer(folder: folder)
  case .word: try WordTokenizer(mode: .word, folder: folder)
  case .auto: try WordTokenizer(mode: .auto, folder: folder)
  case .whitespace: try WordTokenizer(mode: .whitespace, folder: folder)
  case .wordPiece:
    throw .badInput("\(folder): WordPiece tokens are of encoders, and this is a language model")
  }
}

/// Makes a tokenizer for texts.
/// - Parameters:
///   - kind: how text is cut into tokens.
///   - texts: what the vocabulary is taken from, in order.
///   - vocabularySize: for words, so many of the most frequent ones (besides `<unk>`, `<s>` and
///     `</s>`), all when nil; for BPE the number of all tokens, 257 or more,
///     ``BPETrainer/defaultVocabularySize`` when nil. Characters and bytes have no choice: nil.
///   - name: the texts, for messages.
/// - Throws: ``/Files/AIGCError``: badInput for bytes that are no text, usage for a size that the kind
///   cannot have, failed without memory, interrupted.
public func buildTokenizer(
  kind: TokenizerKind, texts: [Table<UInt8>], vocabularySize: Int?, name: String
) throws(AIGCError) -> any Tokenizer {
  try kind.check(vocabularySize: vocabularySize)
  switch kind {
  case .char: return try CharTokenizer(texts: texts, name: name)
  case .byte: return ByteTokenizer()
  case .bpe:
    var trainer = BPETrainer()
    if let vocabularySize { trainer.vocabularySize = vocabularySize }
    return try trainer.train(texts, name: name)
  case .word, .auto, .whitespace:
    return try WordTokenizer(
      mode: kind.wordMode ?? .word, texts: texts, vocabularyLimit: vocabularySize, name: name)
  case .wordPiece:
    throw .usage("`tokens` \(kind.rawValue): no such tokens are made of texts")
  }
}
