import Glibc
import Kernels

/// A pendulum that is to be swung up and held there, with the dynamics, limits and starting states of Gymnasium's
/// Pendulum-v1. State: angle from upright and its speed; radians.
public enum Pendulum: Environment {
  /// Cosine and sine of the angle and its speed; the action is a torque.
  public static let specification = EnvironmentSpecification(
    name: "Pendulum-v1", observations: ["cos(theta)", "sin(theta)", "angular velocity"],
    scales: [1, 1, 8], actions: .continuous(limit: 2), longestEpisode: 200, framesPerSecond: 30)

  private static let gravity = 10.0
  private static let seconds = 0.05
  private static let largestSpeed = 8.0

  /// Any angle, and a speed from −1 to 1.
  public static func start(using random: inout RandomSource) -> SIMD2<Double> {
    SIMD2(random.uniform(-Double.pi, Double.pi), random.uniform(-1, 1))
  }

  /// The reward is minus the squares of angle, speed and torque, the last two with small weights. Episodes are only cut off.
  public static func step(
    _ state: inout SIMD2<Double>, _ action: Float
  ) -> (reward: Double, isTerminal: Bool) {
    let (angle, speed) = (state.x, state.y)
    // Gymnasium's actions are numbers of 32 bits, and so are their products with numbers of Python.
    let torque = min(max(action, -2), 2)
    let away = fromUpright(angle)
    let cost = away * away + 0.1 * (speed * speed) + Double(0.001 * (torque * torque))
    var next = speed + (3 * gravity / 2 * sin(angle) + Double(3 * torque)) * seconds
    next = min(max(next, -largestSpeed), largestSpeed)
    state = SIMD2(angle + next * seconds, next)
    return (-cost, false)
  }

  /// The same angle from −π to π.
  private static func fromUpright(_ angle: Double) -> Double {
    let turns = 2 * Double.pi
    let rest = fmod(angle + Double.pi, turns)
    return (rest < 0 ? rest + turns : rest) - Double.pi
  }

  /// Cosine and sine of the angle, and its speed.
  public static func observation(_ state: SIMD2<Double>) -> SIMD4<Float> {
    SIMD4(Float(cos(state.x)), Float(sin(state.x)), Float(state.y), 0)
  }

  /// The pendulum, and its torque as an arrow.
  public static func scene(_ state: SIMD2<Double>, action: Float?) -> Scene {
    var scene = Scene(left: -1.4, right: 1.4, bottom: -1.4, top: 1.4)
    scene.shapes = [
      .line((0, 0), (sin(-state.x), cos(state.x)), width: 0.16, .orange),
      .disc((0, 0), radius: 0.08, .dark),
    ]
    if let action {
      let torque = Double(min(max(action, -2), 2))
      scene.shapes.append(.arrow((0, -1.2), dx: 0.4 * torque, .blue))
    }
    return scene
  }
}
