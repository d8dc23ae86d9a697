import Files
import Kernels
import Training

/// How fast environments are stepped: random actions drawn inside, observations written, resets counted.
enum ReinforcementBenchmarks {
  /// Each environment as 1,024 side by side, and CartPole as 8,192.
  static var all: [Benchmark] {
    environments.map { stepping($0, count: 1024) } + [stepping(environments[0], count: 8192)]
  }

  private static func stepping(_ environment: NamedEnvironment, count: Int) -> Benchmark {
    let steps = (1 << 20) / count
    return Benchmark(
      timing: "\(environment.shortName)-step-\(count)", unit: "steps/s", items: steps * count
    ) {
      let batch = try environment.batch(count, seed: 0)
      return { for _ in 0..<steps { batch.stepRandomly() } }
    }
  }
}
