import ArgumentParser

/// `--seed`: the same number gives the same result.
public struct SeedOption: ParsableArguments {
  /// The random seed that was given, from 0 up; -1 asks for a random one.
  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "Random seed; -1 takes a random one and prints it.")
  public var seed = -1

  /// Creates the option with a seed of -1.
  public init() {}

  /// Checks the seed after parsing.
  /// - Throws: `ValidationError` for a number below -1.
  public func validate() throws {
    if seed < -1 { throw ValidationError("--seed \(seed): a number from 0 up, or -1 for random") }
  }

  /// The seed to use. A random one is printed on standard error.
  public func resolve() -> UInt64 {
    if seed >= 0 { return UInt64(seed) }
    return Self.random()
  }

  /// A random seed, printed on standard error.
  public static func random() -> UInt64 {
    let random = UInt64.random(in: 0...UInt64(UInt32.max))
    Diagnostics.note("seed \(random)")
    return random
  }
}
