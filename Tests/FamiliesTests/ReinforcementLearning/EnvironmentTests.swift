import Checkpoints
import Files
import Glibc
import Kernels
import TestSupport
import Testing

@testable import Families

/// Episodes that Gymnasium played, of `Scripts/fixtures/gymnasium_episodes.py`.
private struct PlayedEpisodes {
  let starts: [Double]
  let lengths: [Int64]
  let actions: [Float]
  let states: [Double]
  let rewards: [Double]
  let ends: [Int64]
  let observations: [Float]

  init(_ name: String, in path: String) throws {
    let file = try Checkpoint.open(path)
    func doubles(_ part: String) throws -> [Double] {
      try file.tensor("\(name).\(part)").integers().map {
        Double(bitPattern: UInt64(bitPattern: $0))
      }
    }
    starts = try doubles("starts")
    lengths = try file.tensor("\(name).lengths").integers()
    actions = try file.tensor("\(name).actions").floats()
    states = try doubles("states")
    rewards = try doubles("rewards")
    ends = try file.tensor("\(name).ends").integers()
    observations = try file.tensor("\(name).observations").floats()
  }
}

@Suite struct EnvironmentTests {
  /// The committed episodes, and a thousand of each environment where the script made them.
  static var files: [String] {
    let more = getenv("AIGC_GYMNASIUM_EPISODES").map { [String(cString: $0)] } ?? []
    return [fixture("ReinforcementLearning/episodes.safetensors")] + more
  }

  /// The largest difference between our states and Gymnasium's.
  /// - Parameter isChaotic: every step starts from Gymnasium's state.
  private func difference<Kind: Environment>(
    _ kind: Kind.Type, _ path: String, isChaotic: Bool = false
  ) throws -> Double {
    let (specification, size) = (kind.specification, Kind.State.scalarCount)
    let played = try PlayedEpisodes(specification.name, in: path)
    let width = specification.observations.count
    let batch = try EnvironmentBatch<Kind>(count: 1, seed: 0)
    let actions = try MutableTable<Float>(count: 1)
    var (largest, place) = (0.0, 0)
    func state(_ values: [Double], _ index: Int) -> Kind.State {
      var result = Kind.State()
      for value in 0..<size { result[value] = values[index * size + value] }
      return result
    }
    for (episode, length) in played.lengths.enumerated() {
      batch.start(0, in: state(played.starts, episode))
      var own = state(played.starts, episode)
      for step in 0..<Int(length) {
        if isChaotic, step > 0 { own = state(played.states, place - 1) }
        let (reward, isTerminal) = Kind.step(&own, played.actions[place])
        for value in 0..<size {
          largest = max(largest, (own[value] - played.states[place * size + value]).magnitude)
        }
        largest = max(largest, (reward - played.rewards[place]).magnitude)
        #expect(isTerminal == (played.ends[place] & 1 == 1))
        let seen = Kind.observation(own)
        for index in 0..<width {
          let wanted = played.observations[place * width + index]
          #expect((seen[index] - wanted).magnitude <= 1e-5 * max(1, wanted.magnitude))
        }
        // The batch says in which way the episode ended, free-running.
        if !isChaotic {
          actions[0] = played.actions[place]
          batch.step(actions)
          #expect(batch.ends[0].rawValue == UInt8(played.ends[place]))
        }
        place += 1
      }
      if !isChaotic { #expect(batch.lastLengths[0] == Int32(length)) }
    }
    print("\(specification.name): \(played.lengths.count) episodes, difference \(largest)")
    return largest
  }

  @Test(arguments: files) func equalsGymnasium(_ path: String) throws {
    #expect(try difference(CartPole.self, path) <= 1e-6)
    #expect(try difference(MountainCar.self, path) <= 1e-6)
    #expect(try difference(Pendulum.self, path) <= 1e-6)
    #expect(try difference(Acrobot.self, path, isChaotic: true) <= 1e-9)
  }

  @Test func startsLieWithinGymnasiumsBounds() throws {
    var random = RandomSource(seed: 1)
    for _ in 0..<1000 {
      let (cart, car) = (CartPole.start(using: &random), MountainCar.start(using: &random))
      let (acrobot, pendulum) = (Acrobot.start(using: &random), Pendulum.start(using: &random))
      for index in 0..<4 {
        #expect(cart[index].magnitude <= 0.05 && acrobot[index].magnitude <= 0.1000001)
      }
      #expect((-0.6 ... -0.4).contains(car.x) && car.y == 0)
      #expect(pendulum.x.magnitude <= .pi && pendulum.y.magnitude <= 1)
    }
  }

  /// Episodes are cut off at the limit, and the next one begins at once.
  @Test func longEpisodesAreCutOff() throws {
    let batch = try EnvironmentBatch<Pendulum>(count: 3, seed: 5)
    for step in 1...400 {
      batch.stepRandomly()
      for index in 0..<3 { #expect(batch.ends[index] == (step % 200 == 0 ? .truncated : [])) }
    }
    #expect(batch.episodes == 6)
    #expect((0..<3).allSatisfy { batch.lastLengths[$0] == 200 })
  }

  /// Ten thousand environments, which several threads step, go the same way on one.
  @Test func anyNumberOfThreadsStepsAlike() throws {
    func snapshot(_ threads: Int) throws -> [Int64] {
      let before = Threads.count
      defer { Threads.count = before }
      Threads.count = threads
      let batch = try EnvironmentBatch<CartPole>(count: 10_000, seed: 3)
      for _ in 0..<60 { batch.stepRandomly() }
      return batch.snapshot
    }
    #expect(try snapshot(1) == snapshot(4))
  }

  @Test func aSnapshotGoesOnAsBefore() throws {
    for named in environments {
      let (first, second) = (try named.batch(5, seed: 1), try named.batch(5, seed: 2))
      for _ in 0..<30 { first.stepRandomly() }
      #expect(second.restore(first.snapshot))
      for _ in 0..<300 {
        first.stepRandomly()
        second.stepRandomly()
      }
      #expect(first.snapshot == second.snapshot)
      #expect(!first.restore([1, 2, 3]))
    }
  }

  @Test func namesAreFoundInAnySpelling() throws {
    for name in ["cartpole", "CartPole-v1", "CARTPOLE", "cart-pole", "CartPole"] {
      #expect(try NamedEnvironment.named(name).name == "CartPole-v1")
    }
    #expect(try NamedEnvironment.named("mountain_car").name == "MountainCar-v0")
    #expect(refusal { _ = try NamedEnvironment.named("cartpole-v7") }?.code == .usage)
  }
}
