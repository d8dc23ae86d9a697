import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc similar QUERY FILE`.
struct Similar: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "similar", abstract: "Show the lines of a file that are most like a text.",
    discussion: """
      The nearest first: the cosine of the angle between the two vectors, which is 1 where they point the same \
      way, a tab, the number of the line, a tab, the line. Empty lines are passed over.
      """)

  @Argument(help: "What is looked for.")
  var query: String

  @Argument(help: "A file with a text a line (.gz too); - for standard input.", completion: .file())
  var file: String

  @OptionGroup var embedder: EmbedderArguments

  @Option(name: [.customLong("num"), .customShort("k")], help: "How many lines.")
  var num = 10

  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file())
  var out: String?

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if num < 1 { throw ValidationError("--num \(num): must be 1 or more") }
  }

  func run() throws {
    try OutputPlan.check([(out, common.json ? .json : .lines)], reading: [file])
    let found = try nearest(embedder.load())
    let answer = try Answer(out, common.json ? .json : .lines)
    if common.json {
      try answer.write(json: [], array: "results", count: found.count) { found[$0].json }
    } else {
      for line in found { try answer.write(line.bytes) }
    }
    try answer.finish()
  }

  private struct Line {
    var text: TextBatches.Text
    var cosine: Float

    /// "cosine TAB number TAB text".
    var bytes: [UInt8] {
      Array("\(Format.fixed(Double(cosine), 4))\t\(text.number)\t".utf8) + escaped(text.bytes) + [
        10
      ]
    }

    var json: JSONValue {
      .object(
        [.init("line", .int(text.number))] + JSONValue.text(bytes: text.bytes)
          + [.init("cosine", .float(cosine))])
    }
  }

  /// The nearest lines of the file, of which no more are kept than are asked for.
  private func nearest(_ model: any TextEmbedder) throws(AIGCError) -> [Line] {
    let query = TextBatches.Text(bytes: Array(query.utf8), number: 0, place: "the query")
    let vector = try model.vectors(of: [query], batch: 1)[0]
    var batches = try TextBatches([], file: file)
    var kept: [Line] = []
    while case let batch = try batches.next(), !batch.isEmpty {
      let texts = batch.filter { !$0.bytes.isEmpty }
      let vectors = try model.vectors(of: texts, batch: embedder.batchSize)
      kept += SimilarText.nearest(to: vector, among: vectors, count: num).map {
        Line(text: texts[$0.index], cosine: $0.cosine)
      }
      kept.sort { ($0.cosine, $1.text.number) > ($1.cosine, $0.text.number) }
      kept.removeLast(max(0, kept.count - num))
    }
    return kept
  }
}
