import ArgumentParser
import Console
import Files
import Training

/// `aigc update MODEL TEXT`.
struct Update: ConsoleCommand {
  static let configuration = CommandConfiguration(
    abstract: "Add text to a trained model.",
    discussion: "The result equals training on all the texts together.")

  @Argument(help: "A model's name or path.", completion: .directory)
  var model: String
  @Argument(help: "Text files to add (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(name: .shortAndLong, help: "Write the new model here; MODEL stays as it is.")
  var out: String?
  @Flag(help: "Replace the model at --out.")
  var force = false
  @OptionGroup var common: CommonOptions

  func run() throws {
    let found = try ModelStore.standard().resolve(model)
    let path = try out.map {
      try RunFolder.path(family: "ngram", data: data[0], out: $0, force: force)
    }
    let isBundled = ModelStore.standard().models().contains {
      $0.path == found && $0.place == .bundled
    }
    if isBundled, path == nil {
      throw AIGCError.usage("\(model) is a bundled model; pass --out for a copy")
    }
    var trainer = NGramTrainer()
    trainer.texts = data
    trainer.warn = { Diagnostics.warning($0) }
    try trainer.update(model: found, to: path ?? found)
    try StandardOutput.write("\(path ?? found)\n")
  }
}
