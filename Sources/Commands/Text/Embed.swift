import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc embed TEXT…`.
struct Embed: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract:
      "Print a vector for each text: those of texts that mean alike point in like directions.",
    discussion: """
      A line for each text, in their order: numbers with spaces between them, with as many digits as \
      tell the 32-bit values apart. A vector does not depend on the other texts. 'aigc similar' finds \
      the nearest texts.
      """)

  @Argument(help: "Texts; - for a text a line from standard input.")
  var texts: [String] = []

  @OptionGroup var embedder: EmbedderArguments

  @Option(
    name: .shortAndLong, help: "A file with a text a line (.gz too); - for standard input.",
    completion: .file())
  var file: String?

  @Flag(
    inversion: .prefixedNo,
    help: "Vectors of length 1, or as they are (default: as the model's files say).")
  var normalize: Bool?

  @Flag(help: "A JSON object a line: the text and its embedding.")
  var jsonl = false

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  /// The file with a text a line; nil: the texts were given.
  private var source: String? { texts == ["-"] ? "-" : file }

  func validate() throws {
    if texts.isEmpty == (file == nil) {
      throw ValidationError(texts.isEmpty ? "texts, or --file" : "texts or --file, not both")
    }
    if jsonl, common.json { throw ValidationError("--json or --jsonl, not both") }
  }

  func run() throws {
    let kind = common.json || jsonl ? OutputKind.json : .text
    try OutputPlan.check([(out, kind)], reading: [source])
    let model = try embedder.load(normalizes: normalize)
    let answer = try Answer(out, kind)
    try write(model, to: answer)
    try answer.finish()
  }

  private func write(_ model: any TextEmbedder, to answer: Answer) throws(AIGCError) {
    guard common.json else {
      return try forVectors(model) { (text, vector) throws(AIGCError) in
        if jsonl { return try answer.write(json: members(text, vector)) }
        try answer.write(vector.map { "\($0)" }.joined(separator: " ") + "\n")
      }
    }
    try answer.write(json: [.init("width", .int(model.width))], array: "embeddings") {
      (add) throws(AIGCError) in
      try forVectors(model) { (text, vector) throws(AIGCError) in
        try add(.object(members(text, vector)))
      }
    }
  }

  private func forVectors(
    _ model: any TextEmbedder, _ body: ([UInt8], [Float]) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    var batches = try TextBatches(texts, file: source)
    while case let batch = try batches.next(), !batch.isEmpty {
      for (text, vector) in zip(batch, try model.vectors(of: batch, batch: embedder.batchSize)) {
        try body(text.bytes, vector)
      }
    }
  }

  private func members(_ text: [UInt8], _ vector: [Float]) -> [JSONValue.Member] {
    JSONValue.text(bytes: text) + [.init("embedding", .array(vector.map { .float($0) }))]
  }
}
