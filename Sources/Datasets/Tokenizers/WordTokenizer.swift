import Files

/// One token a word of the vocabulary; line ends are `</s>`, other words `<unk>`.
///
/// Text is cut as in n-gram models (``TokenMode``) and words have the same ids, so that perplexities
/// compare; the start mark `<s>` has an id but is in no encoded text.
public struct WordTokenizer: Tokenizer {
  /// How text is cut into words: `word`, `auto` or `whitespace`.
  public let mode: TokenMode
  /// The words and their ids.
  public let vocabulary: Vocabulary

  static let fileName = "vocab.txt"

  /// - Parameters:
  ///   - mode: `word`, `auto` or `whitespace`.
  ///   - vocabulary: the words and their ids.
  public init(mode: TokenMode, vocabulary: Vocabulary) {
    self.mode = mode
    self.vocabulary = vocabulary
  }

  /// The words of texts.
  /// - Parameters:
  ///   - mode: `word`, `auto` or `whitespace`.
  ///   - texts: whole texts, in order.
  ///   - vocabularyLimit: so many of the most frequent words besides `<unk>`, `<s>` and `</s>`, of
  ///     equally frequent ones the first; all when nil.
  ///   - name: the texts, for messages.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that `mode` refuses or texts without words, usage
  ///   for a limit below 1, failed without memory, interrupted.
  public init(
    mode: TokenMode, texts: [Table<UInt8>], vocabularyLimit: Int?, name: String
  ) throws(AIGCError) {
    if let vocabularyLimit, vocabularyLimit < 1 {
      throw .usage("a vocabulary of \(counted(vocabularyLimit, "word")); 1 or more are needed")
    }
    var builder = VocabularyBuilder()
    var counts: [UInt32] = []
    for text in texts {
      let encoded = try encodeGrowing(text: text, mode: mode, into: &builder, name: name)
      counts.append(contentsOf: repeatElement(0, count: builder.count - counts.count))
      for index in encoded.tokens.indices {
        let token = Int(encoded.tokens[index])
        if counts[token] < .max { counts[token] += 1 }
      }
    }
    guard builder.count > Vocabulary.reservedWords.count else {
      throw .badInput("\(name): no words in it; a text is needed")
    }
    let all = try builder.freeze()
    guard let limit = vocabularyLimit,
      let isKept = mostFrequentWords(try Table(counts), limit: limit)
    else {
      self.init(mode: mode, vocabulary: all)
      return
    }
    var kept = VocabularyBuilder()
    for id in isKept.indices where isKept[id] { _ = kept.id(for: all.bytes(of: UInt32(id))) }
    self.init(mode: mode, vocabulary: try kept.freeze())
  }

  /// A vocabulary that is given as words, as a file with one a line holds them: numbered from 3 on,
  /// the marks `<unk>`, `<s>`, `</s>`, repeated and empty words left out.
  /// - Throws: ``/Files/AIGCError`` (failed) for more than 4 GiB of words.
  public init(mode: TokenMode, words: some Sequence<[UInt8]>) throws(AIGCError) {
    var builder = VocabularyBuilder()
    for word in words { _ = builder.id(for: word) }
    self.init(mode: mode, vocabulary: try builder.freeze())
  }

  /// Reads `vocab.txt`: one word a line in the order of the ids, the three marks first.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing or damaged.
  public init(mode: TokenMode, folder: String) throws(AIGCError) {
    let path = "\(folder)/\(Self.fileName)"
    let words = lines(of: try MappedFile(path: path).bytes().withoutByteOrderMark)
    let reserved = Vocabulary.reservedWords
    guard words.starts(with: reserved) else {
      throw .badInput("\(path): <unk>, <s>, </s> are not its first lines")
    }
    var builder = VocabularyBuilder()
    for (line, word) in words.enumerated() {
      guard builder.id(for: word) == line, builder.count == max(line + 1, reserved.count) else {
        throw .badInput(
          "\(path): line \(line + 1) is \(word.isEmpty ? "empty" : "a word that was there")")
      }
    }
    self.init(mode: mode, vocabulary: try builder.freeze())
  }

  /// The same ids, and new ones for the words of texts that are not in the vocabulary, in order of
  /// first occurrence: for training to go on with more text.
  /// - Returns: the larger tokenizer, and the number of ids before.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that ``mode`` refuses, failed without memory,
  ///   interrupted.
  public func growing(
    with texts: [Table<UInt8>], name: String
  ) throws(AIGCError) -> (tokenizer: WordTokenizer, oldCount: Int) {
    var builder = VocabularyBuilder(vocabulary)
    for text in texts {
      _ = try encodeGrowing(text: text, mode: mode, into: &builder, name: name)
    }
    return (WordTokenizer(mode: mode, vocabulary: try builder.freeze()), vocabulary.count)
  }

  /// The kind that stands for ``mode``.
  public var kind: TokenizerKind {
    switch mode {
    case .auto: .auto
    case .whitespace: .whitespace
    case .word, .char, .byte: .word
    }
  }

  /// The number of words, `<unk>`, `<s>` and `</s>` included.
  public var vocabularySize: Int { vocabulary.count }
  /// `</s>`, which ends a line.
  public var endToken: Int32? { Int32(Vocabulary.sentenceEnd) }
  /// Always false: the end token ends a line.
  public var endTokenEndsText: Bool { false }
  /// `<unk>`, which stands for words that are not in the vocabulary.
  public var unknownToken: Int32? { Int32(Vocabulary.unknown) }

  /// The words of a text as ids, with `</s>` behind each line that is a sentence (``TokenMode``).
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that ``mode`` refuses, failed without memory,
  ///   interrupted.
  public func encode(_ text: Table<UInt8>, name: String) throws(AIGCError) -> [Int32] {
    let encoded = try Datasets.encode(text: text, mode: mode, vocabulary: vocabulary, name: name)
    let count = encoded.tokens.count - encoded.sentences
    var ids: [Int32] = []
    ids.reserveCapacity(count)
    for index in encoded.tokens.indices where encoded.tokens[index] != Vocabulary.sentenceStart {
      ids.append(Int32(bitPattern: encoded.tokens[index]))
    }
    return ids
  }

  /// A prompt's last line goes on unless it ends with a newline.
  public func encode(prompt: String) throws(AIGCError) -> [Int32] {
    let bytes = Array(prompt.utf8)
    var ids = try encode(Table(bytes), name: "the prompt")
    if ids.last == endToken, bytes.last != 10 { ids.removeLast() }
    return ids
  }

  /// Byte ranges in `text` of its words and line ends, one for one with ``encode(_:name:)``.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that ``mode`` refuses, interrupted.
  public func ranges(of text: Table<UInt8>, name: String) throws(AIGCError) -> [Range<Int>] {
    var result: [Range<Int>] = []
    var position = 0
    for (index, sentence) in try tokenRanges(text: text, mode: mode, name: name).enumerated() {
      try Interruption.check(at: index)
      result += sentence
      position = sentence.last?.upperBound ?? position
      while position < text.count, text[position] != 10 { position += 1 }
      let end = min(position + 1, text.count)
      result.append(position..<end)
      position = end
    }
    return result
  }

  /// The bytes of a word, not always UTF-8; none for ids out of range.
  public func bytes(of id: Int32) -> [UInt8] {
    let word = UInt32(clamping: id)
    return id >= 0 && Int(word) < vocabulary.count ? vocabulary.bytes(of: word) : []
  }

  /// Streams text out of ids, with spaces where ``mode`` puts them and a line end for `</s>`.
  public func makeDecoder() -> any TokenDecoder { WordDecoder(vocabulary: vocabulary, mode: mode) }

  /// Writes `vocab.txt`: one word a line in the order of the ids.
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder is missing or the disk refuses.
  public func write(to path: (String) -> String) throws(AIGCError) {
    let file = try OutputFile(path: path(Self.fileName))
    for id in 0..<vocabulary.count { try file.write(vocabulary.bytes(of: UInt32(id)) + [10]) }
    try file.commit(sync: true)
  }
}
