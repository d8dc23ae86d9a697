import ArgumentParser

/// `aigc train FAMILY DATA`.
public struct Train: ParsableCommand {
  public static let configuration = CommandConfiguration(
    abstract: "Train a model.", subcommands: families.map { $0.trainCommand })
  public init() {}
}
