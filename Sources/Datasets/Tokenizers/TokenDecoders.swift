/// Joins words as their mode asks for; the end of a sentence is a line end.
public struct WordDecoder: TokenDecoder {
  private let vocabulary: Vocabulary
  private var joiner: TextJoiner
  /// The word at hand; kept to be filled anew without an allocation.
  private var word: [UInt8] = []

  /// Creates a decoder at the beginning of a text.
  /// - Parameters:
  ///   - vocabulary: the words of the ids.
  ///   - mode: how text was cut into words, which says where spaces belong.
  public init(vocabulary: Vocabulary, mode: TokenMode) {
    self.vocabulary = vocabulary
    joiner = TextJoiner(mode: mode)
  }

  /// The bytes that a word adds, with the space before it where one belongs there; none for ids
  /// beyond the vocabulary. `</s>` adds a line end.
  public mutating func append(_ id: Int32) -> [UInt8] {
    var output: [UInt8] = []
    append(id, to: &output)
    return output
  }

  /// Appends to `output` what ``append(_:)`` would return.
  public mutating func append(_ id: Int32, to output: inout [UInt8]) {
    let word = UInt32(clamping: id)
    if word == Vocabulary.sentenceEnd {
      output += joiner.endSentence()
      return
    }
    guard Int(word) < vocabulary.count else { return }
    self.word.removeAll(keepingCapacity: true)
    vocabulary.append(word, to: &self.word)
    joiner.append(self.word, to: &output)
  }

  /// Ends the text; what follows begins a new one.
  public mutating func finish() -> [UInt8] { joiner.finish() }
}

/// Strings tokens of bytes together; a UTF-8 character that is not complete waits.
struct ByteSequenceDecoder: TokenDecoder {
  private let tokenizer: any Tokenizer
  private var joiner = TextJoiner(mode: .byte)
  /// Whether the next text begins with a space that is none of its own.
  private var dropsSpace: Bool
  /// Marks that are not shown.
  private let hidden: [Int32]

  init(_ tokenizer: any Tokenizer, dropsFirstSpace: Bool = false, hidden: [Int32] = []) {
    self.tokenizer = tokenizer
    dropsSpace = dropsFirstSpace
    self.hidden = hidden
  }

  /// The end token is never shown as itself, nor are the marks that stand before texts, wherever they come:
  /// `decode(skip_special_tokens=True)` of transformers leaves them out there, too.
  mutating func append(_ id: Int32) -> [UInt8] {
    if id == tokenizer.endToken || hidden.contains(id) { return [] }
    var bytes = tokenizer.bytes(of: id)
    if dropsSpace, !bytes.isEmpty {
      dropsSpace = false
      if bytes[0] == 32 { bytes.removeFirst() }
    }
    return joiner.append(bytes)
  }

  mutating func finish() -> [UInt8] { joiner.finish() }
}
