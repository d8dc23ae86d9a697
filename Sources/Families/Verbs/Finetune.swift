import ArgumentParser
import Console
import Files
import Training

/// A family whose models can be trained further by gradients.
protocol FinetunableFamily: Family {
  /// Trains the model at `path` on `data` into a new folder.
  func finetune(
    _ path: String, on data: [String], _ arguments: FinetuneArguments, json: Bool
  ) throws(AIGCError)
}

/// How a model is trained further.
struct FinetuneArguments: ParsableArguments {
  @Option(
    name: [
      .customLong("context"), .customLong("block-size"), .customLong("ctx-size"), .customShort("c"),
    ], help: "The most tokens that are learned from at once (default: the family's).")
  var context: Int?
  @OptionGroup(title: "Memory") var memory: MemoryArguments
  @OptionGroup(title: "Training") var training: TrainingOptions

  func validate() throws {
    if let context, !(1...1 << 20).contains(context) {
      throw ValidationError("--context \(context): a number from 1 to 1048576")
    }
    if training.resume { throw ValidationError("--resume is of 'aigc train'") }
  }
}

/// Flags by which a step needs less memory, of families whose steps are large.
struct MemoryArguments: ParsableArguments {
  @Option(help: "Batches whose gradients make one step (default 1).")
  var gradAccum: Int?
  @Flag(help: "Compute each block again in the backward pass: slower, with less memory.")
  var checkpointActivations = false

  func validate() throws {
    if let gradAccum, !(1...1 << 20).contains(gradAccum) {
      throw ValidationError("--grad-accum \(gradAccum): a number from 1 to 1048576")
    }
  }
}

/// `aigc finetune [FAMILY] DATA --model M`.
struct Finetune: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune",
    abstract: "Train a model further on other data, into a new folder.",
    discussion: """
      aigc finetune corpus.txt --model M; the family's name may stand before the data.
      \(RecurrentTrainer.furtherDefaults.defaultsText(epochs: 3, heldOut: 0.1)) Of gpt2 models: \
      --lr 0.0003, of large ones 0.00005, --batch-size so that a step has 1024 tokens, --warmup 0, \
      --weight-decay 0.01, --eval-every 100, --log-every 10.
      """)

  @Argument(help: "Text files (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "The model to start from: a name or a path.", completion: .model)
  var model: String
  @OptionGroup var arguments: FinetuneArguments
  @OptionGroup var common: CommonOptions

  func run() throws {
    let path = try ModelStore.standard().resolve(model)
    let family = try family(of: path)
    let data = try data(of: family, path)
    guard let finetunable = family as? any FinetunableFamily else {
      throw AIGCError.usage(
        "\(path): models of the family \(family.name) are not fine-tuned: "
          + (family.isUpdatable
            ? "'aigc update' adds data to them" : "train a model on the data with 'aigc train'"))
    }
    try finetunable.finetune(path, on: data, arguments, json: common.json)
  }

  /// Without the family's name, which may stand before the data.
  private func data(of family: any Family, _ path: String) throws(AIGCError) -> [String] {
    guard data.count > 1, let first = data.first, families.contains(where: { $0.name == first })
    else { return data }
    guard first == family.name else {
      throw .mismatch("\(path): a model of the family \(family.name), not \(first)")
    }
    return Array(data.dropFirst())
  }
}
