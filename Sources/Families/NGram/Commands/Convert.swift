import ArgumentParser
import Console
import Datasets
import Files
import Training

/// `aigc convert IN OUT`.
struct Convert: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model in another format.",
    discussion: "The names decide: .arpa and .arpa.gz are ARPA files, other names model folders.")

  @Argument(help: "A model's name or path, or an ARPA file.", completion: .file())
  var input: String
  @Argument(help: "model.arpa, model.arpa.gz, or a folder.", completion: .file())
  var output: String
  @Option(help: "What a token of an ARPA file is (default: whitespace).")
  var tokens: TokenMode?
  @Flag(help: "Replace a model folder.")
  var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let model = try open()
    if output.hasSuffix(".arpa") || output.hasSuffix(".arpa.gz") {
      try writeARPA(model, to: output)
    } else {
      let path = try RunFolder.path(family: "ngram", data: input, out: output, force: force)
      try NGramFolder.write(model.table, model.configuration, to: path)
    }
    try StandardOutput.write("\(output)\n")
  }

  private func open() throws -> NGramLanguageModel {
    let path = try ModelStore.standard().resolve(input)
    guard let tokens, !isFolder(path) else { return try NGramFamily().open(path) }
    var configuration = NGramConfiguration()
    configuration.tokens = tokens
    let table = try readARPA(path, mode: tokens)
    configuration.order = table.order
    return NGramLanguageModel(table: table, configuration: configuration)
  }
}

/// Writes an ARPA file; a name that ends in .gz is packed.
func writeARPA(_ model: NGramLanguageModel, to path: String) throws(AIGCError) {
  let mode = model.configuration.tokens
  let writer = ARPAWriter(model: model.table) { arpaSpelling(of: $0, mode: mode) }
  if path.hasSuffix(".gz") {
    let file = try GzipWriter(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  } else {
    let file = try OutputFile(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  }
}
