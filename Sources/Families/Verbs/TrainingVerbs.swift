import ArgumentParser

/// `aigc train FAMILY DATA`.
public struct Train: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model.",
    subcommands: families.map { $0.trainCommand }.filter { $0 != NoTrainCommand.self })
  public init() {}
}
