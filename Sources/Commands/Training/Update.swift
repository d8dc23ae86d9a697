import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc update MODEL DATA`.
struct Update: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Add data to a trained model.",
    discussion: """
      N-gram models: the result equals training on all the texts together. Neural models learn from \
      the new data further; where tokens are words, new words join the vocabulary.
      """)

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String
  @Argument(help: "Text files to add (.gz too); - for standard input.", completion: .file())
  var data: [String]
  @Option(name: .shortAndLong, help: "Write the new model here; MODEL stays as it is.")
  var out: String?
  @Flag(help: "Replace the model at --out.")
  var force = false
  @Option(help: "Neural models: steps (default: one pass over the data).")
  var steps: Int?
  @Option(help: "Neural models: passes over the data (default 1).")
  var epochs: Double?
  @Option(
    name: [.customLong("lr"), .customLong("learning-rate")],
    help: "Neural models: learning rate (default 0.0005; gpt2 0.0003, large ones 0.00005).")
  var lr: Float?
  @OptionGroup var seed: SeedOption
  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if let steps, steps < 1 { throw ValidationError("--steps \(steps): 1 or more") }
    if let epochs, !(epochs > 0 && epochs < 1e9) {
      throw ValidationError("--epochs \(epochs): above 0")
    }
    if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr \(lr): above 0") }
    if steps != nil, epochs != nil { throw ValidationError("--steps or --epochs, not both") }
    if force, out == nil { throw ValidationError("--force goes with --out") }
  }

  func run() throws {
    let found = try ModelStore.standard().resolve(model)
    let family = try updatable(found)
    let path = try out.map {
      try RunFolder.path(family: family.name, data: data[0], out: $0, force: force)
    }
    if path == nil, isBundled(found) {
      throw AIGCError.usage("\(model) is a bundled model; pass --out for a copy")
    }
    let result =
      if let path, !isSameFile(path, found) {
        try update(found, to: path, family)
      } else {
        try updateInPlace(found, family)
      }
    try report(path ?? found, family, result)
  }

  private func updatable(_ path: String) throws(AIGCError) -> any UpdatableFamily {
    let family = try family(of: path)
    if let updatable = family as? any UpdatableFamily { return updatable }
    throw .usage(
      "\(path): models of the family \(family.name) take no new data: train a model on all of it with "
        + "'aigc train'")
  }

  private func update(
    _ path: String, to output: String, _ family: any UpdatableFamily
  ) throws -> UpdateResult {
    var options = UpdateOptions()
    (options.steps, options.epochs, options.rate) = (steps, epochs, lr)
    let draws = family is any FinetunableFamily
    options.seed = draws ? seed.resolve() : seed.seed >= 0 ? UInt64(seed.seed) : nil
    let progress = TrainerProgressLine()
    defer { progress.finish() }
    return try family.update(path, with: data, to: output, options: options) { progress.show($0) }
  }

  private func report(
    _ target: String, _ family: any Family, _ result: UpdateResult
  ) throws {
    if case .trained(let summary, let items) = result {
      Diagnostics.note("\(counted(summary.steps, "step")), \(counted(summary.items, items))")
    }
    let answer = Answer.ofFinishedWork()
    if common.json {
      let head: [JSONValue.Member] = [
        .init("model", .string(target)), .init("family", .string(family.name)),
      ]
      try answer.write(json: head + result.members)
    } else {
      try answer.write("\(target)\n")
    }
    try answer.finish()
  }

  /// The model in its place. An update that is under way is waited for, and then goes on from it.
  private func updateInPlace(
    _ path: String, _ family: any UpdatableFamily
  ) throws -> UpdateResult {
    guard isFolder(path) else { return try update(path, to: path, family) }
    for file in data where file != "-" {
      try OutputFolder.checkKeeps(file, replacing: path)
    }
    let lock = try FolderLock(path) {
      Diagnostics.note("waiting for another aigc that writes \(path)")
    }
    return try FolderLock.$current.withValue(lock) { try update(path, to: path, family) }
  }

  private func isBundled(_ path: String) -> Bool {
    ModelStore.standard().models().contains { $0.path == path && $0.place == .bundled }
  }
}
