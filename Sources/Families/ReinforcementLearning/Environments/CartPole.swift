import Glibc
import Kernels

/// A pole on a cart that is pushed to the left or to the right (Barto, Sutton and Anderson 1983), with the dynamics,
/// limits and starting states of Gymnasium's CartPole-v1. State: place, speed, angle of the pole, its speed; metres and
/// radians.
public enum CartPole: Environment {
  /// Four observations, the state itself; 0 pushes to the left, 1 to the right.
  public static let specification = EnvironmentSpecification(
    name: "CartPole-v1",
    observations: ["cart position", "cart velocity", "pole angle", "pole angular velocity"],
    actions: .discrete(2), longestEpisode: 500, solvedReturn: 475, framesPerSecond: 50)

  private static let gravity = 9.8
  private static let poleMass = 0.1
  private static let totalMass = 0.1 + 1.0
  /// Half of the pole's length.
  private static let length = 0.5
  private static let poleMassLength = 0.1 * 0.5
  private static let force = 10.0
  private static let seconds = 0.02
  private static let largestPlace = 2.4
  private static let largestAngle = 12 * 2 * Double.pi / 360

  /// All four values within ±0.05.
  public static func start(using random: inout RandomSource) -> SIMD4<Double> {
    SIMD4(
      random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05), random.uniform(-0.05, 0.05),
      random.uniform(-0.05, 0.05))
  }

  /// One step of Euler's method. The reward is 1; the episode ends where the cart is more than 2.4 from the middle or the
  /// pole leans by more than 12 degrees.
  public static func step(
    _ state: inout SIMD4<Double>, _ action: Float
  ) -> (reward: Double, isTerminal: Bool) {
    let (x, speed, angle, turn) = (state.x, state.y, state.z, state.w)
    let push = action == 1 ? force : -force
    let (sine, cosine) = sineAndCosine(angle)
    let temp = (push + poleMassLength * (turn * turn) * sine) / totalMass
    let turning =
      (gravity * sine - cosine * temp)
      / (length * (4.0 / 3.0 - poleMass * (cosine * cosine) / totalMass))
    let acceleration = temp - poleMassLength * turning * cosine / totalMass
    state = SIMD4(
      x + seconds * speed, speed + seconds * acceleration, angle + seconds * turn,
      turn + seconds * turning)
    let isTerminal =
      state.x < -largestPlace || state.x > largestPlace || state.z < -largestAngle
      || state.z > largestAngle
    return (1, isTerminal)
  }

  /// The state.
  public static func observation(_ state: SIMD4<Double>) -> SIMD4<Float> { SIMD4<Float>(state) }

  /// The cart on its rail, the pole on it.
  public static func scene(_ state: SIMD4<Double>, action: Float?) -> Scene {
    let (x, angle) = (state.x, state.z)
    var scene = Scene(left: -2.4, right: 2.4, bottom: -0.5, top: 1.5)
    scene.shapes = [
      .line((-2.4, 0), (2.4, 0), width: 0.02, .grey),
      .box(left: x - 0.25, right: x + 0.25, bottom: -0.12, top: 0.12, .dark),
      .line((x, 0), (x + sin(angle), cos(angle)), width: 0.1, .orange),
      .disc((x, 0), radius: 0.06, .blue),
    ]
    if let action { scene.shapes.append(.arrow((x, -0.3), dx: action == 1 ? 0.4 : -0.4, .blue)) }
    return scene
  }
}
