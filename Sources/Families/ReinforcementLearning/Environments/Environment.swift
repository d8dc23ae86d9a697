import Kernels

/// What an agent does in an environment.
public enum ActionSpace: Codable, Equatable, Sendable {
  /// One of so many actions, by number.
  case discrete(Int)
  /// A number from −limit to limit; what lies beyond is taken for the nearer end.
  case continuous(limit: Float)

  /// Whether `action` is one of these.
  func contains(_ action: Float) -> Bool {
    switch self {
    case .discrete(let count): action >= 0 && action < Float(count) && action == action.rounded()
    case .continuous: action.isFinite
    }
  }

  /// Values that a policy's network gives: a score of each action, or the mean of a normal distribution.
  public var outputs: Int {
    switch self {
    case .discrete(let count): count
    case .continuous: 1
    }
  }
}

/// What an environment is, whatever its state.
public struct EnvironmentSpecification: Equatable, Sendable {
  /// Gymnasium's name: "CartPole-v1".
  public var name: String
  /// The names of what is observed, in its order.
  public var observations: [String]
  /// By what observations are divided before a network sees them, so that all are about as large; nil: by nothing.
  public var scales: [Float]?
  /// What an agent may do.
  public var actions: ActionSpace
  /// Steps after which an episode is cut off (truncated).
  public var longestEpisode: Int
  /// The mean return from which it counts as solved; nil: nobody has said.
  public var solvedReturn: Double?
  /// Images a second of a film.
  public var framesPerSecond: Int

  /// Creates a specification of all its parts.
  public init(
    name: String, observations: [String], scales: [Float]? = nil, actions: ActionSpace,
    longestEpisode: Int, solvedReturn: Double? = nil, framesPerSecond: Int
  ) {
    (self.name, self.observations, self.scales) = (name, observations, scales)
    (self.actions, self.longestEpisode) = (actions, longestEpisode)
    (self.solvedReturn, self.framesPerSecond) = (solvedReturn, framesPerSecond)
  }
}

/// Something that an agent learns to act in: a state that an action changes, and a reward for it. A new one is a type
/// that conforms to this, in a file of its own, and a line in ``environments``; steps over arrays, time limits,
/// checkpoints and films follow.
///
/// ```swift
/// var state = CartPole.start(using: &random)
/// let (reward, isTerminal) = CartPole.step(&state, 1)
/// ```
public protocol Environment: SendableMetatype {
  /// All that the next step depends on.
  associatedtype State: SIMD & BitwiseCopyable & Sendable where State.Scalar == Double
  /// What an agent sees; values beyond those of the specification are not read.
  associatedtype Observation: SIMD & Sendable
  where Observation.Scalar == Float

  /// Its name, sizes and limits.
  static var specification: EnvironmentSpecification { get }

  /// The state in which an episode begins.
  static func start(using random: inout RandomSource) -> State

  /// Does `action`, the number of a discrete one.
  /// - Returns: the reward, and whether the episode ends by it.
  static func step(_ state: inout State, _ action: Float) -> (reward: Double, isTerminal: Bool)

  /// What an agent sees of a state.
  static func observation(_ state: State) -> Observation

  /// What is drawn of a state and the action that is done in it; nil: none is.
  static func scene(_ state: State, action: Float?) -> Scene

  /// Steps some of the environments of a batch. There is one for all kinds; that it is a requirement has the compiler
  /// make it anew for each, where a loop in a generic class would ask for each state's size at each step.
  /// - Parameters:
  ///   - tables: of the batch.
  ///   - range: which environments.
  ///   - actions: [count]; nil: each draws its own.
  static func step(
    _ tables: EnvironmentTables<Self>, _ range: Range<Int>, _ actions: MutableTable<Float>?)
}
