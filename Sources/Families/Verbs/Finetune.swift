import ArgumentParser
import Console
import Files
import Training

/// A family whose models can be trained further by gradients.
protocol FinetunableFamily: Family {
  /// Trains the model at `path` on `data` into a new folder.
  func finetune(
    _ path: String, on data: [String], _ training: TrainingOptions, json: Bool
  ) throws(AIGCError)
}

/// `aigc finetune [FAMILY] DATA --model M`.
struct Finetune: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a model further on other data, into a new folder.",
    discussion: "aigc finetune corpus.txt --model M; the family's name may stand before the data.")

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "The model to start from: a name or a path.", completion: .directory)
  var model: String
  @OptionGroup(title: "Training") var training: TrainingOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if training.resume { throw ValidationError("--resume is of 'aigc train'") }
  }

  func run() throws {
    let path = try ModelStore.standard().resolve(model)
    let family = try family(of: path)
    var data = data
    if data.count > 1, let first = data.first, families.contains(where: { $0.name == first }) {
      guard first == family.name else {
        throw AIGCError.mismatch("\(path): a model of the family \(family.name), not \(first)")
      }
      data.removeFirst()
    }
    guard let finetunable = family as? any FinetunableFamily else {
      throw AIGCError.usage(
        "\(path): models of the family \(family.name) are not fine-tuned; see 'aigc update'")
    }
    try finetunable.finetune(path, on: data, training, json: common.json)
  }
}
