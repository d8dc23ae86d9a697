import Checkpoints
import Datasets
import Files

/// The texts that a language model is trained on, and the part that is held out for validation.
public struct TrainingTexts: Sendable {
  /// Text files, plain or .gz; "-" is standard input.
  public var paths: [String]
  /// Held-out text.
  public var heldOut: String?
  /// Without held-out text, the last part of the texts.
  public var heldOutShare: Double
  /// Where the files are JSONL of articles with summaries: the bytes of an article that are learned from, whole
  /// sentences, one at least; nil: the files are texts. Each article becomes "ARTICLE\nTL;DR: SUMMARY" and the end of
  /// a text; an empty line where the tokenizer has no such end.
  public var articleLength: Int?

  /// Creates a choice of texts.
  /// - Parameters:
  ///   - paths: text files, plain or .gz; "-" is standard input.
  ///   - heldOut: a file of held-out text.
  ///   - heldOutShare: without such a file, the share of the tokens at the end that is held out,
  ///     from 0 to below 1.
  public init(_ paths: [String] = [], heldOut: String? = nil, heldOutShare: Double = 0.1) {
    self.paths = paths
    self.heldOut = heldOut
    self.heldOutShare = heldOutShare
  }

  /// - Parameters:
  ///   - paths: text files, plain or .gz; "-" is standard input.
  ///   - heldOut: of a run; nil: nothing is held out.
  public init(_ paths: [String], _ heldOut: HeldOutData?) {
    self.init(paths, heldOut: heldOut?.path, heldOutShare: heldOut?.share ?? 0)
  }

  /// Reads all of them.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a file that cannot be read.
  public func read() throws(AIGCError) -> TrainingCorpus {
    var corpus = TrainingCorpus(source: self)
    for path in paths {
      let text = try read(path)
      corpus.texts.append(text.bytes)
      corpus.parts.append(text.parts)
    }
    if let heldOut {
      let text = try read(heldOut)
      (corpus.heldOut, corpus.heldOutParts) = (text.bytes, text.parts)
    }
    return corpus
  }

  private func read(_ path: String) throws(AIGCError) -> (bytes: Table<UInt8>, parts: [Range<Int>])
  {
    guard let articleLength else { return (try readText(path: path), []) }
    return try ArticleTexts.read(path, articleLength: articleLength)
  }
}

/// The texts in memory.
public struct TrainingCorpus: Sendable {
  private let source: TrainingTexts
  /// The bytes of each training text, in the order of the paths.
  public fileprivate(set) var texts: [Table<UInt8>] = []
  fileprivate var heldOut: Table<UInt8>?
  /// Of files of articles: where each one's text lies; else empty.
  fileprivate var parts: [[Range<Int>]] = []
  fileprivate var heldOutParts: [Range<Int>] = []

  fileprivate init(source: TrainingTexts) { self.source = source }

  /// What errors call it.
  public var name: String { source.paths.first ?? "no text" }

  /// A new tokenizer for these texts.
  /// - Parameters:
  ///   - kind: what tokens are.
  ///   - vocabularySize: of words or BPE; nil: all words, or the trainer's default for BPE.
  /// - Throws: ``/Files/AIGCError``: badInput for texts that are not UTF-8 or have too little in them.
  public func makeTokenizer(
    _ kind: TokenizerKind, vocabularySize: Int?
  ) throws(AIGCError) -> any Tokenizer {
    // Characters of the held-out text count too: one of them that is unknown would be an error.
    let texts = kind == .char ? texts + [heldOut].compactMap { $0 } : texts
    return try buildTokenizer(
      kind: kind, texts: texts, vocabularySize: vocabularySize, name: name)
  }

  /// Training and held-out tokens. Between two files stands the end of a text, where the tokenizer
  /// has one.
  /// - Throws: ``/Files/AIGCError`` (badInput) for texts with unknown characters, or with fewer than two
  ///   tokens to train on.
  public func encode(
    _ tokenizer: any Tokenizer
  ) throws(AIGCError) -> (training: [Int32], heldOut: [Int32]) {
    var tokens: [Int32] = []
    for (index, path) in source.paths.enumerated() {
      if !tokens.isEmpty, tokenizer.endTokenEndsText, let end = tokenizer.endToken {
        tokens.append(end)
      }
      tokens += try encode(texts[index], parts[index], path, tokenizer)
    }
    var held: [Int32] = []
    if let heldOut {
      held = try encode(heldOut, heldOutParts, source.heldOut ?? "", tokenizer)
    } else {
      let kept = tokens.count - Int(Double(tokens.count) * source.heldOutShare)
      held = Array(tokens[kept...])
      tokens.removeSubrange(kept...)
    }
    guard tokens.count > 1 else { throw .badInput("\(name): too little text to train on") }
    return (tokens, held)
  }

  /// The tokens of a file; behind each article the end of a text, where the tokenizer has one.
  private func encode(
    _ text: Table<UInt8>, _ parts: [Range<Int>], _ path: String, _ tokenizer: any Tokenizer
  ) throws(AIGCError) -> [Int32] {
    guard !parts.isEmpty, tokenizer.endTokenEndsText, let end = tokenizer.endToken else {
      return try tokenizer.encode(text, name: path)
    }
    var tokens: [Int32] = []
    for part in parts {
      try Interruption.check()
      tokens += try tokenizer.encode(Table(text.bytes(part)), name: path) + [end]
    }
    return tokens
  }
}

/// The place of a run in its training tokens, as runs save it.
public enum TextPlace {
  /// - Parameters:
  ///   - position: batches taken.
  ///   - tokens: of the training text.
  public static func tensor(position: Int, tokens: Int) -> NewTensor {
    NewTensor(name: "position", shape: [2], integers: [Int64(position), Int64(tokens)])
  }

  /// The position that ``tensor(position:tokens:)`` saved.
  /// - Throws: ``/Files/AIGCError``: mismatch when the run's text was another one, badInput for damage.
  public static func position(
    _ progress: Checkpoint, prefix: String, tokens: Int
  ) throws(AIGCError) -> Int {
    let place = try progress.tensor("\(prefix)position").integers()
    guard place.count == 2, let position = Int(exactly: place[0]), (0...1 << 53).contains(position)
    else { throw .badInput("\(progress.path): no place in the data") }
    guard place[1] == tokens else {
      throw .mismatch(
        "\(progress.path): the run has \(place[1]) training tokens, this text \(tokens); go on "
          + "with the same data, `heldOut.path` and `heldOut.share`")
    }
    return position
  }
}
