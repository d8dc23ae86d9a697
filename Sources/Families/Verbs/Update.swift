import ArgumentParser
import Console
import Files
import Training

/// How a family goes on training a model on new data.
public struct UpdateOptions: Sendable {
  /// Optimizer steps, or passes over the new data: of families that learn by gradients.
  public var steps: Int?
  public var epochs: Double?
  public var rate: Float?
  /// nil: a random one, which is printed.
  public var seed: UInt64?

  public init() {}
}

/// `aigc update MODEL DATA`.
public struct Update: ConsoleCommand {
  public static let configuration = CommandConfiguration(
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
  @OptionGroup public var common: CommonOptions

  public init() {}

  public func validate() throws {
    if let steps, steps < 1 { throw ValidationError("--steps \(steps): 1 or more") }
    if let epochs, !(epochs > 0 && epochs < 1e9) {
      throw ValidationError("--epochs \(epochs): above 0")
    }
    if let lr, !(lr > 0 && lr.isFinite) { throw ValidationError("--lr \(lr): above 0") }
    if steps != nil, epochs != nil { throw ValidationError("--steps or --epochs, not both") }
    if force, out == nil { throw ValidationError("--force goes with --out") }
  }

  public func run() throws {
    let found = try ModelStore.standard().resolve(model)
    let family = try family(of: found)
    let path = try out.map {
      try RunFolder.path(family: family.name, data: data[0], out: $0, force: force)
    }
    if path == nil, isBundled(found) {
      throw AIGCError.usage("\(model) is a bundled model; pass --out for a copy")
    }
    let members =
      if let path, !isSameFile(path, found) {
        try family.update(found, with: data, to: path, options: options)
      } else {
        try update(found, family, options)
      }
    try report(path ?? found, family, members)
  }

  private var options: UpdateOptions {
    var options = UpdateOptions()
    (options.steps, options.epochs, options.rate) = (steps, epochs, lr)
    options.seed = seed.seed >= 0 ? UInt64(seed.seed) : nil
    return options
  }

  private func report(
    _ target: String, _ family: any Family, _ members: [JSONValue.Member]
  ) throws {
    let answer = Answer.ofFinishedWork()
    if common.json {
      try answer.write(
        json: [.init("model", .string(target)), .init("family", .string(family.name))] + members)
    } else {
      try answer.write("\(target)\n")
    }
    try answer.finish()
  }

  /// The model in its place. An update that is under way is waited for, and then goes on from it.
  private func update(
    _ path: String, _ family: any Family, _ options: UpdateOptions
  ) throws -> [JSONValue.Member] {
    guard isFolder(path) else {
      return try family.update(path, with: data, to: path, options: options)
    }
    for file in data where file != "-" {
      try OutputFolder.checkKeeps(file, replacing: path)
    }
    let lock = try FolderLock(path) {
      Diagnostics.note("waiting for another aigc that writes \(path)")
    }
    return try FolderLock.$current.withValue(lock) {
      try family.update(path, with: data, to: path, options: options)
    }
  }

  private func isBundled(_ path: String) -> Bool {
    ModelStore.standard().models().contains { $0.path == path && $0.place == .bundled }
  }
}
