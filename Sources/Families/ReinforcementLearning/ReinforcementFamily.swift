import Checkpoints
import Files
import Training

/// Agents that learned to act in an environment.
public struct ReinforcementFamily: Family {
  static let familyName = "rl"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json` and after `aigc train`, "rl".
  public var name: String { Self.familyName }
  /// What its models are, "agent".
  public var kind: String { "agent" }
  /// How fast environments are stepped.
  public var benchmarks: [Benchmark] { ReinforcementBenchmarks.all }

  /// Environment, algorithm, sizes and how much it learned from.
  /// - Throws: ``/Files/AIGCError``: as ``Agent/init(folder:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let agent = try Agent(folder: path)
    let configuration = agent.configuration
    return [
      .init("environment", .string(configuration.environment)),
      .init("algorithm", .string(configuration.algorithm.rawValue)),
      .init("hidden", .array(configuration.hidden.map { .int($0) })),
      .init("activation", .string(configuration.activation.rawValue)),
      .init("parameters", .int(agent.policy?.layout.count ?? 0)),
      .init("timesteps", .int(configuration.timesteps)),
      .init("mean_return", JSONValue(configuration.meanReturn)),
    ]
  }
}
