import Datasets
import Files
import Kernels
import Training

/// An n-gram model with its tokens: what the text verbs work with.
public final class NGramLanguageModel: LanguageModel {
  /// What `config.json` says of the model: tokens, estimator, pruning.
  public let configuration: NGramConfiguration
  let table: NGramTable
  /// Of a model whose words are a tokenizer's ids.
  let tokenIds: TokenIds?
  /// The id of each word of such a model.
  private let ids: [Int32?]
  /// How its file was understood, in words for the user.
  public let notes: [String]
  let cache = ContextCache()

  init(
    table: NGramTable, configuration: NGramConfiguration, notes: [String] = [],
    tokenIds: TokenIds? = nil
  ) {
    self.table = table
    self.tokenIds = tokenIds
    ids = tokenIds == nil ? [] : TokenIds.ids(of: table.vocabulary)
    self.configuration = configuration
    self.notes = notes
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its files
  ///   do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try NGramConfiguration.read(folder: folder)
    let table = try NGramTable(path: "\(folder)/\(NGramFolder.model)")
    guard table.order == configuration.order else {
      throw .mismatch(
        "\(folder): config.json says order \(configuration.order), the model has \(table.order)")
    }
    self.init(
      table: table, configuration: configuration,
      tokenIds: try configuration.tokenIds(folder: folder))
  }

  /// Words of its longest n-grams.
  public var order: Int { table.order }

  /// How many n-grams it holds of each order, from 1 up.
  public var counts: [Int] { table.levels.map { $0.count } }

  /// Writes the model into a new folder.
  /// - Parameters:
  ///   - folder: a new one, which is put in its place when it is whole.
  ///   - isQuantized: whether its probabilities are stored in 8 bits; nil: as they are.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to folder: OutputFolder, isQuantized: Bool? = nil) throws(AIGCError) {
    var configuration = configuration
    if let isQuantized {
      configuration.quantized = isQuantized
      configuration.isDefault = nil
    }
    try NGramFolder.write(table, configuration, tokenIds, to: folder)
  }

  /// Whether each probability holds a share of the shorter context's, to the last bits.
  var isInterpolated: Bool { configuration.isInterpolated == true && !configuration.quantized }

  /// The number of words with ids, `<unk>`, `<s>` and `</s>` included.
  public var vocabularySize: Int { table.vocabulary.count }

  /// The id of `</s>`; nil for a model of one stream.
  public var endToken: Int32? {
    configuration.sentences ? Int32(NGramCounts.sentenceEnd) : nil
  }

  /// Whether the end token ends the text: of a model of ids, whose texts are one sentence each.
  public var endTokenEndsText: Bool { tokenIds != nil }

  /// Always true: a step takes one thread.
  public var generatesInParallel: Bool { true }

  /// The ids of a prompt, without `<s>`; words that the model does not know become `<unk>`. Line
  /// ends become `</s>`, that of the last line only where it is there; a model of one stream has
  /// none of them.
  /// - Throws: ``/Files/AIGCError``: badInput for bytes that the way of cutting text refuses, failed
  ///   without memory.
  public func encode(_ text: String) throws(AIGCError) -> [Int32] {
    if let tokenIds {
      return try tokenIds.tokenizer.encode(prompt: text, addsSpecialTokens: false).map {
        Int32(bitPattern: word(of: $0))
      }
    }
    let tokens = try tokens(try Table(Array(text.utf8)), name: "the prompt").tokens
    var result: [Int32] = []
    for index in tokens.indices where tokens[index] != NGramCounts.sentenceStart {
      if tokens[index] != NGramCounts.sentenceEnd || configuration.sentences {
        result.append(Int32(tokens[index]))
      }
    }
    if result.last == Int32(NGramCounts.sentenceEnd), !text.hasSuffix("\n") { result.removeLast() }
    return result
  }

  /// A decoder that joins words as the way of cutting text asks for, with a line end for `</s>`.
  public func makeDecoder() -> any TokenDecoder {
    if let tokenIds { return TokenIdDecoder(tokenIds.tokenizer, ids) }
    return WordDecoder(vocabulary: table.vocabulary, mode: configuration.tokens)
  }

  /// The bytes of each character or byte, none for `<s>`, `</s>` and `<unk>`; nil for words.
  public var tokenTexts: [[UInt8]]? {
    if let texts = tokenIds?.tokenizer.tokenTexts {
      return ids.map { id in
        id.flatMap { texts.indices.contains(Int($0)) ? texts[Int($0)] : nil } ?? []
      }
    }
    guard configuration.tokens == .char || configuration.tokens == .byte else { return nil }
    return (0..<vocabularySize).map { id in
      if UInt32(id) <= NGramCounts.sentenceEnd { return [] }
      var decoder = makeDecoder()
      return decoder.append(Int32(id)) + decoder.finish()
    }
  }

  /// A session at the start of a text, of the model's own distribution.
  public func makeSession() -> any GenerationSession { NGramSession(model: self) }

  /// Words that were seen after the latest ones, as far as the model's own probabilities say so: see
  /// `NGramTable.writingChain(of:keeping:_:)`. A model of one stream is left as the article has it.
  public func makeWritingSession(backoff: Double?) throws(AIGCError) -> any GenerationSession {
    let usual = configuration.sentences ? Self.writingBackoff : 1
    return NGramSession(model: self, backoff: backoff ?? usual)
  }

  /// The usual share of their weight that shorter contexts keep where text is written. Measured on
  /// poems whose form shows: with a quarter nine in ten lines keep it, with all of it one in seven.
  static let writingBackoff = 0.25

  /// The word of a tokenizer's id.
  func word(of id: Int32) -> UInt32 {
    table.vocabulary.id(of: TokenIds.word(id)) ?? NGramCounts.unknown
  }

  func tokens(_ text: Table<UInt8>, name: String) throws(AIGCError) -> EncodedText {
    let text = try tokenIds?.line(text, name: name) ?? text
    return try Datasets.encode(
      text: text, mode: configuration.tokens, vocabulary: table.vocabulary, name: name)
  }
}
