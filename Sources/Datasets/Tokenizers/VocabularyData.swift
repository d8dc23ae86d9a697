import Files

/// A vocabulary as a GGUF file's metadata holds it (`tokenizer.ggml.…`): plain values, so that who reads the
/// file and who makes the tokenizer need not know each other.
public struct VocabularyData: Sendable {
  /// Many texts, one behind the other.
  public struct Texts: Sendable {
    fileprivate(set) var bytes: [UInt8] = []
    fileprivate(set) var ends: [Int] = []

    /// No text.
    public init() {}

    /// How many there are.
    public var count: Int { ends.count }

    /// Adds a text behind the others.
    public mutating func append(_ text: some Sequence<UInt8>) {
      bytes.append(contentsOf: text)
      ends.append(bytes.count)
    }

    /// Adds a text of a mapped file.
    public mutating func append(_ text: Table<UInt8>) {
      withExtendedLifetime(text) { bytes.append(text.start, count: text.count) }
      ends.append(bytes.count)
    }

    /// All of them, with U+FFFD where one is not UTF-8.
    public var strings: [String] {
      ends.indices.map { String(decoding: self[$0], as: UTF8.self) }
    }

    /// The bytes of one; the index is in range.
    subscript(index: Int) -> ArraySlice<UInt8> {
      bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }
  }

  /// What a token is, by its number in files.
  public enum TokenType: Int, Sendable {
    /// It comes of text by merges.
    case normal = 1
    /// It stands for characters that have no token.
    case unknown
    /// A mark that is no text.
    case control
    /// It is found in text before that is cut.
    case userDefined
    /// Nothing uses it.
    case unused
    /// A byte, spelled `<0x0A>`.
    case byte
  }

  /// The file, for messages.
  public var name: String
  /// `tokenizer.ggml.model`: "llama" (SentencePiece by scores), "gpt2" (byte-level BPE) or "bert"
  /// (WordPiece).
  public var model: String
  /// `tokenizer.ggml.pre`: how text is cut.
  public var pre: String?
  /// The tokens in the order of their ids.
  public var tokens = Texts()
  /// How early each token is merged, for "llama": the greatest first.
  public var scores: [Float] = []
  /// What the tokens are, ``TokenType``; empty: all normal.
  public var types: [Int] = []
  /// Two tokens with a space between them, for "gpt2": the first is merged first.
  public var merges = Texts()
  /// `bos_token_id`.
  public var startToken: Int?
  /// `eos_token_id`.
  public var endToken: Int?
  /// `unknown_token_id`.
  public var unknownToken: Int?
  /// `eot_token_id`.
  public var endOfTurnToken: Int?
  /// `seperator_token_id`, as the format spells it: what stands behind a text, for "bert".
  public var separatorToken: Int?
  /// `padding_token_id`.
  public var paddingToken: Int?
  /// Whether a text gets the start token (`add_bos_token`); nil: as the model has it.
  public var addsStart: Bool?
  /// Whether a text gets the end token (`add_eos_token`); nil: no.
  public var addsEnd: Bool?
  /// Whether a text gets a space before it (`add_space_prefix`), for "llama"; nil: yes.
  public var addsSpacePrefix: Bool?
  /// Whether text becomes lower case (`normalizer.lowercase`), for "bert"; nil: yes.
  public var lowercases: Bool?
  /// Whether letters lose their accents (`normalizer.strip_accents`), for "bert"; nil: as they lose their case.
  public var stripsAccents: Bool?

  /// Creates a vocabulary without tokens.
  /// - Parameters:
  ///   - name: ``name``.
  ///   - model: ``model``.
  public init(name: String, model: String) { (self.name, self.model) = (name, model) }
}

/// How files name the ways in which text is cut (llama.cpp's `llama-vocab.cpp`): the names of one line are the
/// same way. Its "default" cuts otherwise than GPT-2, at every run of signs, and no published model was trained so:
/// it is refused, as is a file that names none.
enum PreTokenizerName {
  private static let splits: [([String], PieceSplit)] = [
    (
      [
        "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "gigachat", "a.x-4.0",
        "mellum", "modern-bert", "exaone4", "mpt", "olmo", "jais", "trillion", "granite-docling",
      ], .gpt2
    ),
    (
      [
        "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b",
        "mellum2",
      ], .digits
    ),
    (llama3, .llama3), (["dbrx", "smaug-bpe"], .llama3),
    (
      [
        "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan",
        "solar-open",
      ], .qwen2
    ),
  ]
  /// These also take a whole piece that is a token without merges, and begin texts with a token.
  static let llama3 = [
    "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
    "jina-v5-nano",
  ]

  /// The name that is written for a way to cut text; nil: there is none.
  static func name(_ split: PieceSplit) -> String? {
    switch split {
    case .gpt2: "gpt-2"
    case .digits: "smollm"
    case .llama3: "llama-bpe"
    case .qwen2: "qwen2"
    case .metaspace, .whole: nil
    }
  }

  /// nil for a name that is not known.
  static func split(_ name: String) -> PieceSplit? {
    splits.first { $0.0.contains(name) }?.1
  }
}
