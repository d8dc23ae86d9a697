import Glibc
import Kernels

/// Two links that hang one from the other, with a motor between them that is to swing the end up (Sutton 1996), with
/// the dynamics, limits and starting states of Gymnasium's Acrobot-v1 ("book"). State: angle of the first link from
/// hanging, angle of the second to the first, and their speeds; radians.
public enum Acrobot: Environment {
  /// Cosine and sine of both angles, and their speeds; the actions are torques of −1, 0 and 1.
  public static let specification = EnvironmentSpecification(
    name: "Acrobot-v1",
    observations: [
      "cos(theta1)", "sin(theta1)", "cos(theta2)", "sin(theta2)", "velocity of theta1",
      "velocity of theta2",
    ], scales: [1, 1, 1, 1, 4, 9], actions: .discrete(3), longestEpisode: 500, solvedReturn: -100,
    framesPerSecond: 15)

  private static let seconds = 0.2
  private static let largestSpeed1 = 4 * Double.pi
  private static let largestSpeed2 = 9 * Double.pi
  private static let gravity = 9.8
  // Both links have mass, length and moment of inertia 1, and their centre in the middle.
  private static let center = 0.5

  /// All four values within ±0.1, as Gymnasium rounds them to 32 bits.
  public static func start(using random: inout RandomSource) -> SIMD4<Double> {
    func value() -> Double { Double(Float(random.uniform(-0.1, 0.1))) }
    return SIMD4(value(), value(), value(), value())
  }

  /// One step of Runge and Kutta's method of fourth order. The reward is −1, at the end 0: there the lower end is a link's
  /// length above the hinge.
  public static func step(
    _ state: inout SIMD4<Double>, _ action: Float
  ) -> (reward: Double, isTerminal: Bool) {
    let torque = Double(action - 1)
    let k1 = derivative(state, torque)
    let k2 = derivative(state + seconds / 2 * k1, torque)
    let k3 = derivative(state + seconds / 2 * k2, torque)
    let k4 = derivative(state + seconds * k3, torque)
    var next = state + seconds / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    next.x = wrapped(next.x)
    next.y = wrapped(next.y)
    next.z = min(max(next.z, -largestSpeed1), largestSpeed1)
    next.w = min(max(next.w, -largestSpeed2), largestSpeed2)
    state = next
    let isTerminal = -cos(next.x) - cos(next.y + next.x) > 1
    return (isTerminal ? 0 : -1, isTerminal)
  }

  private static func derivative(_ state: SIMD4<Double>, _ torque: Double) -> SIMD4<Double> {
    let (angle1, angle2, speed1, speed2) = (state.x, state.y, state.z, state.w)
    let (sine2, cosine2) = sineAndCosine(angle2)
    let d1 = center * center + (1 + center * center + 2 * center * cosine2) + 1 + 1
    let d2 = (center * center + center * cosine2) + 1
    let phi2 = center * gravity * cos(angle1 + angle2 - Double.pi / 2)
    let phi1 =
      -center * (speed2 * speed2) * sine2 - 2 * center * speed2 * speed1 * sine2
      + (center + 1) * gravity * cos(angle1 - Double.pi / 2) + phi2
    let turning2 =
      (torque + d2 / d1 * phi1 - center * (speed1 * speed1) * sine2 - phi2)
      / (center * center + 1 - d2 * d2 / d1)
    let turning1 = -(d2 * turning2 + phi1) / d1
    return SIMD4(speed1, speed2, turning1, turning2)
  }

  /// The same angle from −π to π. An angle that is no number stays one.
  private static func wrapped(_ angle: Double) -> Double {
    var angle = angle
    while angle > Double.pi { angle -= 2 * Double.pi }
    while angle < -Double.pi { angle += 2 * Double.pi }
    return angle
  }

  /// The cosines and sines of the angles, and the speeds.
  public static func observation(_ state: SIMD4<Double>) -> SIMD8<Float> {
    SIMD8(
      Float(cos(state.x)), Float(sin(state.x)), Float(cos(state.y)), Float(sin(state.y)),
      Float(state.z), Float(state.w), 0, 0)
  }

  /// Both links, and the height that the end is to reach.
  public static func scene(_ state: SIMD4<Double>, action: Float?) -> Scene {
    let elbow = (sin(state.x), -cos(state.x))
    let end = (elbow.0 + sin(state.x + state.y), elbow.1 - cos(state.x + state.y))
    var scene = Scene(left: -2.2, right: 2.2, bottom: -2.2, top: 2.2)
    scene.shapes = [
      .line((-2.2, 1), (2.2, 1), width: 0.02, .grey), .line((0, 0), elbow, width: 0.16, .blue),
      .line(elbow, end, width: 0.16, .orange), .disc((0, 0), radius: 0.1, .dark),
      .disc(elbow, radius: 0.1, .dark),
    ]
    return scene
  }
}
