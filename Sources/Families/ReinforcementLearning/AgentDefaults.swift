import Kernels
import NN
import Training

/// What an agent learns with where nothing else is said: found by trying, for each environment and algorithm.
struct AgentDefaults {
  var hidden = [64, 64]
  var activation = Perceptron.Activation.tanh
  var options = AgentTrainingOptions()
  var timesteps = 100_000
  var batchSize = 256
  var rate: Float = 1e-3
  var schedule = Schedule.Shape.linear
  var gradClip = 0.5

  /// The algorithm that is taken where none is named.
  static func algorithm(_ environment: EnvironmentSpecification) -> AgentAlgorithm {
    // Where nearly no step is rewarded, a memory of those that were is worth more than what was just done.
    environment.name == "MountainCar-v0" ? .dqn : .ppo
  }

  /// - Parameters:
  ///   - environment: where the agent acts.
  ///   - algorithm: how it learns.
  init(_ environment: EnvironmentSpecification, _ algorithm: AgentAlgorithm) {
    switch algorithm {
    case .ppo: setPPO(environment.name)
    case .a2c: setA2C(environment.name)
    case .reinforce: setReinforce(environment.name)
    case .dqn: setDQN(environment.name)
    case .random:
      options.rollout = 125
      (timesteps, hidden) = (10_000, [])
    }
  }

  private mutating func setPPO(_ name: String) {
    (options.environments, options.rollout, options.epochs) = (4, 64, 6)
    (options.gamma, options.lambda) = (0.98, 0.8)
    batchSize = 64
    if name == "CartPole-v1" { rate = 2e-3 }
    switch name {
    case "Acrobot-v1":
      (options.environments, options.rollout, options.epochs) = (16, 128, 4)
      (options.gamma, options.lambda) = (0.99, 0.94)
      (timesteps, batchSize) = (200_000, 128)
    case "MountainCar-v0":
      (options.environments, options.rollout, options.epochs) = (16, 256, 8)
      (options.gamma, options.lambda, options.entropy) = (0.999, 1, 0.01)
      // Every step costs 1, so that values of a hundred would have to be learned first.
      options.rewardScale = 0.05
      (timesteps, batchSize) = (1_000_000, 512)
    case "Pendulum-v1":
      (options.environments, options.rollout, options.epochs) = (4, 1024, 10)
      (options.gamma, options.lambda) = (0.95, 0.9)
      (timesteps, batchSize) = (200_000, 64)
    default: break
    }
  }

  private mutating func setA2C(_ name: String) {
    (options.environments, options.rollout) = (8, 16)
    options.normalizesAdvantages = false
    (timesteps, batchSize) = (500_000, 128)
    rate = 7e-4
    switch name {
    case "MountainCar-v0":
      (options.environments, options.rollout, options.entropy) = (16, 64, 0.01)
      (options.gamma, options.lambda, options.rewardScale) = (0.999, 1, 0.05)
      (timesteps, rate) = (1_000_000, 3e-3)
    case "Pendulum-v1":
      // Three of five seeds learn it; PPO does with all.
      (options.rollout, options.rewardScale) = (8, 0.1)
      (options.gamma, options.lambda) = (0.9, 0.9)
      (timesteps, rate) = (1_000_000, 2e-3)
    default: break
    }
  }

  private mutating func setReinforce(_ name: String) {
    (options.environments, options.rollout) = (8, 128)
    (timesteps, batchSize) = (500_000, 1024)
    rate = 5e-3
    if name == "Pendulum-v1" { options.gamma = 0.9 }
  }

  private mutating func setDQN(_ name: String) {
    activation = .relu
    (options.environments, options.rollout) = (1, 256)
    // With 64 units two of ten seeds did not learn.
    (hidden, timesteps, batchSize) = ([128, 128], 50_000, 64)
    (schedule, gradClip) = (.constant, 10)
    guard name == "MountainCar-v0" else { return }
    (options.rollout, options.gradientSteps) = (16, 8)
    (options.memory, options.targetEvery) = (50_000, 600)
    (options.explorationShare, options.explorationEnd) = (0.2, 0.07)
    // Without repetition chance alone hardly ever leaves the valley.
    options.explorationRepeat = 40
    (hidden, timesteps, batchSize, rate) = ([64, 64], 150_000, 128, 2e-3)
  }
}
