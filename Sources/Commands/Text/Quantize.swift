import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc quantize MODEL OUT`.
struct Quantize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store a model's probabilities in 8 bits.")

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String
  @Argument(help: "Folder of the quantised model.", completion: .directory)
  var out: String
  @Option(help: "Text on which the change of perplexity is measured.", completion: .file())
  var eval: String?
  @Flag(help: "Replace the model at OUT.")
  var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    if let eval { InputRecord.add(eval) }
    let (source, before) = try NGramFamily().openNamed(model)
    let path = try RunFolder.path(family: "ngram", data: source, out: out, force: force)
    let folder = try OutputFolder(path: path)
    try before.write(to: folder, isQuantized: true)
    let answer = Answer.ofFinishedWork()
    let (members, text) = try report(before, source, path)
    try common.json ? answer.write(json: members) : answer.write(text)
    try answer.finish()
  }

  private func report(
    _ before: NGramLanguageModel, _ source: String, _ path: String
  ) throws(AIGCError) -> (members: [JSONValue.Member], text: String) {
    let binary = isFolder(source) ? "\(source)/\(NGramFamily.modelFile)" : source
    let quantized = "\(path)/\(NGramFamily.modelFile)"
    let sizes = (try MappedFile(path: binary).count, try MappedFile(path: quantized).count)
    let members: [JSONValue.Member] = [
      .init("model", .string(path)), .init("bytes_before", .int(sizes.0)),
      .init("bytes", .int(sizes.1)),
    ]
    guard let eval else {
      let text = "size        \(Format.byteCount(sizes.0)) → \(Format.byteCount(sizes.1))\n"
      return (members, text)
    }
    let held = try readText(path: eval)
    let report = QuantizationReport(
      bytesBefore: sizes.0, bytesAfter: sizes.1,
      perplexityBefore: try before.evaluate(held, name: eval).perplexity,
      perplexityAfter: try NGramLanguageModel(folder: path).evaluate(held, name: eval).perplexity,
      text: eval)
    let measured: [JSONValue.Member] = [
      .init("perplexity_before", .double(report.perplexityBefore)),
      .init("perplexity", .double(report.perplexityAfter)),
    ]
    return (members + measured, report.description + "\n")
  }
}
