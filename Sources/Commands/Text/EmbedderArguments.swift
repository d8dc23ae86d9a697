import ArgumentParser
import Console
import Families
import Files
import Kernels
import Training

/// The model that makes vectors of texts, and how it does.
struct EmbedderArguments: ParsableArguments {
  @Option(
    name: [.customLong("model"), .customShort("m")],
    help: """
      An encoder, such as all-MiniLM-L6-v2, or a language model with states of its tokens: a name or a path.
      """, completion: .model)
  var model: String

  @Option(
    help: """
      How the states of a text's tokens become one vector: mean, cls (the first one), max or last (default: as the \
      model's files say, else mean).
      """)
  var pooling: StatePooling?

  @Option(
    help: "The most tokens of a text that count (default: as the model's files say).")
  var context: Int?

  @Option(
    help: "Texts that go through the model together, of about one length; vectors stay the same.")
  var batchSize = 256

  @Option(
    help: """
      How the inputs of products with weights of few bits are taken: int8, or f32 (default: f32 by encoders, int8 by \
      language models).
      """)
  var activations: ActivationType?

  init() {}

  func validate() throws {
    guard 1...65536 ~= batchSize else {
      throw ValidationError("--batch-size \(batchSize): from 1 to 65536")
    }
  }

  /// - Parameter normalizes: whether vectors get the length 1; nil: as the model's files say.
  func load(normalizes: Bool? = nil) throws(AIGCError) -> any TextEmbedder {
    var options = EmbeddingOptions()
    (options.pooling, options.normalizes) = (pooling, normalizes)
    (options.context, options.activations) = (context, activations)
    return try loadEmbedder(embedderPath(model), options)
  }
}

extension StatePooling: ExpressibleByArgument {}

/// Texts, some at a time: what goes through a model together, and is in memory at once.
struct TextBatches {
  private let words: [String]
  private var position = 0
  private var lines: TextLines?
  private static let (most, mostBytes) = (4096, 1 << 22)

  /// A text, and what it is called in messages.
  struct Text {
    var bytes: [UInt8]
    /// Its number, from 1.
    var number: Int
    var place: String
  }

  /// The given texts, or the lines of a file; "-" is standard input.
  init(_ words: [String], file: String?) throws(AIGCError) {
    self.words = words
    lines = try file.map { (file) throws(AIGCError) in try TextLines(path: file) }
  }

  /// The next texts; none after the last.
  mutating func next() throws(AIGCError) -> [Text] {
    var texts: [Text] = []
    var size = 0
    while texts.count < Self.most, size < Self.mostBytes, let text = try nextText() {
      size += text.bytes.count
      texts.append(text)
    }
    return texts
  }

  private mutating func nextText() throws(AIGCError) -> Text? {
    if lines == nil {
      guard position < words.count else { return nil }
      position += 1
      return Text(
        bytes: Array(words[position - 1].utf8), number: position, place: "text \(position)")
    }
    guard let line = try lines?.next() else { return nil }
    let number = lines?.number ?? 0
    return Text(bytes: line, number: number, place: "\(lines?.name ?? ""): line \(number)")
  }
}

extension TextEmbedder {
  /// A vector for each text, in their order.
  /// - Throws: ``/Files/AIGCError``: badInput that names the text for what is none, interrupted.
  func vectors(of texts: [TextBatches.Text], batch: Int) throws(AIGCError) -> [[Float]] {
    var tables: [Table<UInt8>] = []
    for text in texts { tables.append(try Table(text.bytes)) }
    return try embed(tables, batch: batch) { texts[$0].place }
  }
}
