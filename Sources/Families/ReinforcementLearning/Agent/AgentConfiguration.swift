import Files
import Kernels
import Training

/// How an agent learns, under the names of `--algorithm`.
public enum AgentAlgorithm: String, Codable, CaseIterable, Sendable {
  /// Policy gradients of whole episodes, with a learned baseline (Williams 1992).
  case reinforce
  /// Advantage actor-critic, synchronous (Mnih et al. 2016).
  case a2c
  /// Proximal policy optimisation (Schulman et al. 2017).
  case ppo
  /// Deep Q-learning (Mnih et al. 2015), with two estimators (van Hasselt et al. 2016).
  case dqn
  /// Any action, each as likely: nothing is learned.
  case random
}

/// `config.json` of an agent.
public struct AgentConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "rl".
  public var family = ReinforcementFamily.familyName
  /// The version of the folder's format; 1 is the only one that is read.
  public var formatVersion = 1
  /// What the model is, "agent".
  public var kind = "agent"
  /// One line about the model for `aigc models`; nil: none.
  public var description: String?
  /// Whether a bundled model is the agent to take when none is named.
  public var isDefault: Bool?
  /// Gymnasium's name of the environment.
  public var environment: String
  /// How it learned.
  public var algorithm: AgentAlgorithm
  /// Units of each hidden layer.
  public var hidden: [Int]
  /// f of hidden layers.
  public var activation: Perceptron.Activation
  /// By what observations are divided before the network sees them; nil: by nothing.
  public var observationScales: [Float]?
  /// Steps of environments that were learned from.
  public var timesteps = 0
  /// The mean return of the episodes by which the weights were chosen.
  public var meanReturn: Double?

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind, description
    case isDefault = "default"
    case environment, algorithm, hidden, activation, timesteps
    case observationScales = "observation_scales"
    case meanReturn = "mean_return"
  }

  /// Creates the configuration of an agent.
  public init(
    environment: String, algorithm: AgentAlgorithm, hidden: [Int],
    activation: Perceptron.Activation, observationScales: [Float]?
  ) {
    (self.environment, self.algorithm, self.hidden) = (environment, algorithm, hidden)
    (self.activation, self.observationScales) = (activation, observationScales)
  }

  static let largestLayer = 1024
  static let mostLayers = 8

  /// Why it describes no agent; nil: it does.
  var problem: String? {
    guard let named = environments.first(where: { $0.name == environment }) else {
      return "unknown environment '\(printable(environment))'"
    }
    guard hidden.count <= Self.mostLayers,
      hidden.allSatisfy({ (1...Self.largestLayer).contains($0) })
    else {
      return "'hidden': up to \(Self.mostLayers) layers of 1 to \(Self.largestLayer) units"
    }
    if algorithm == .dqn, case .continuous = named.specification.actions {
      return "dqn chooses among actions, and \(environment) has a continuous one"
    }
    let width = named.specification.observations.count
    if let scales = observationScales,
      scales.count != width || !scales.allSatisfy({ $0 > 0 && $0.isFinite && (1 / $0).isFinite })
    {
      return "'observation_scales': \(width) numbers above 0"
    }
    guard timesteps >= 0 else { return "'timesteps' \(timesteps)" }
    return nil
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, or describes no agent.
  public static func read(folder: String) throws(AIGCError) -> AgentConfiguration {
    let result = try ModelConfiguration.decode(AgentConfiguration.self, folder: folder)
    let place = "\(folder)/\(ModelConfiguration.fileName)"
    guard result.family == ReinforcementFamily.familyName, result.formatVersion == 1 else {
      throw .badInput("\(place): no agent that this aigc reads")
    }
    if let problem = result.problem { throw .badInput("\(place): no agent: \(problem)") }
    return result
  }
}
