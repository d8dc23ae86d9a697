import ArgumentParser
import Console
import Files
import Training

/// `aigc quantize MODEL OUT`.
struct Quantize: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Store a model's probabilities in 8 bits.")

  @Argument(help: "A model's name or path.", completion: .directory)
  var model: String
  @Argument(help: "Folder of the quantised model.", completion: .directory)
  var out: String
  @Option(help: "Text on which the change of perplexity is measured.", completion: .file())
  var eval: String?
  @Flag(help: "Replace the model at OUT.")
  var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let source = try ModelStore.standard().resolve(model)
    let before = try NGramFamily().open(source)
    let path = try RunFolder.path(family: "ngram", data: source, out: out, force: force)
    var configuration = before.configuration
    configuration.quantized = true
    configuration.isDefault = nil
    try NGramFolder.write(before.table, configuration, to: path)
    try StandardOutput.write(try report(before, source, path))
  }

  private func report(
    _ before: NGramLanguageModel, _ source: String, _ path: String
  ) throws(AIGCError) -> String {
    let binary = isFolder(source) ? "\(source)/\(NGramFolder.model)" : source
    let sizes = [binary, "\(path)/\(NGramFolder.model)"]
    var text = "size        "
    text += "\(Format.byteCount(try MappedFile(path: sizes[0]).count)) → "
    text += "\(Format.byteCount(try MappedFile(path: sizes[1]).count))\n"
    if let eval {
      let held = try StandardInput.table(eval)
      let after = try NGramLanguageModel(folder: path).evaluate(held, name: eval).perplexity
      let old = try before.evaluate(held, name: eval).perplexity
      text += "perplexity  \(Format.fixed(old, 3)) → \(Format.fixed(after, 3))\n"
    }
    return text
  }
}
