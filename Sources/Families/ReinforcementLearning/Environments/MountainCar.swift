import Glibc
import Kernels

/// A car in a valley, too weak to climb out of it without a swing (Moore 1990), with the dynamics, limits and starting
/// states of Gymnasium's MountainCar-v0. State: place, speed.
public enum MountainCar: Environment {
  /// Two observations, the state itself; 0 drives to the left, 1 not at all, 2 to the right.
  public static let specification = EnvironmentSpecification(
    name: "MountainCar-v0", observations: ["position", "velocity"], scales: [1, 0.07],
    actions: .discrete(3), longestEpisode: 200, solvedReturn: -110, framesPerSecond: 30)

  private static let force = 0.001
  private static let gravity = 0.0025
  private static let places = -1.2...0.6
  private static let largestSpeed = 0.07
  private static let goal = 0.5

  /// At a place from −0.6 to −0.4, at rest.
  public static func start(using random: inout RandomSource) -> SIMD2<Double> {
    SIMD2(random.uniform(-0.6, -0.4), 0)
  }

  /// The reward is −1; the episode ends on the hill to the right.
  public static func step(
    _ state: inout SIMD2<Double>, _ action: Float
  ) -> (reward: Double, isTerminal: Bool) {
    var (place, speed) = (state.x, state.y)
    speed += Double(action - 1) * force + cos(3 * place) * -gravity
    speed = min(max(speed, -largestSpeed), largestSpeed)
    place = min(max(place + speed, places.lowerBound), places.upperBound)
    // The left end is a wall.
    if place == places.lowerBound, speed < 0 { speed = 0 }
    state = SIMD2(place, speed)
    return (-1, place >= goal && speed >= 0)
  }

  /// The state.
  public static func observation(_ state: SIMD2<Double>) -> SIMD2<Float> { SIMD2<Float>(state) }

  private static func height(_ x: Double) -> Double { sin(3 * x) * 0.45 + 0.55 }

  /// The valley, the flag and the car.
  public static func scene(_ state: SIMD2<Double>, action: Float?) -> Scene {
    var scene = Scene(left: -1.2, right: 0.6, bottom: 0, top: 1.2)
    let hill = stride(from: -1.2, through: 0.6001, by: 0.03).map { ($0, height($0)) }
    for (a, b) in zip(hill, hill.dropFirst()) {
      scene.shapes.append(.line(a, b, width: 0.012, .grey))
    }
    let (flag, car) = (height(0.5), (state.x, height(state.x) + 0.04))
    scene.shapes += [
      .line((0.5, flag), (0.5, flag + 0.15), width: 0.012, .dark),
      .box(left: 0.5, right: 0.56, bottom: flag + 0.1, top: flag + 0.15, .orange),
      .disc(car, radius: 0.04, .blue),
    ]
    if let action, action != 1 {
      scene.shapes.append(.arrow((state.x, car.1 + 0.1), dx: action == 2 ? 0.12 : -0.12, .blue))
    }
    return scene
  }
}
