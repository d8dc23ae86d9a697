import Files
import Kernels

/// How an episode ended, in a batch of environments.
public struct EpisodeEnd: OptionSet, BitwiseCopyable, Sendable {
  /// The bits.
  public let rawValue: UInt8
  /// Creates one of its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// In a state of the environment in which nothing goes on.
  public static let terminated = EpisodeEnd(rawValue: 1)
  /// By the limit of its steps.
  public static let truncated = EpisodeEnd(rawValue: 2)
}

/// Several environments of one kind, stepped together; an episode that ends is followed by the next one at once. What
/// comes of a step lies in tables that the next step overwrites.
public protocol VectorEnvironment: AnyObject, Sendable {
  /// Of what kind they are.
  var specification: EnvironmentSpecification { get }
  /// How many there are.
  var count: Int { get }
  /// What is seen now, [count, observations].
  var observations: MutableTable<Float> { get }
  /// The rewards of the last step, [count].
  var rewards: MutableTable<Float> { get }
  /// How episodes ended in the last step, [count].
  var ends: MutableTable<EpisodeEnd> { get }
  /// What was seen last of episodes that ended in the last step, [count, observations].
  var lastObservations: MutableTable<Float> { get }
  /// The return and the length of the last episode that ended in each place.
  var lastReturns: MutableTable<Double> { get }
  /// See ``lastReturns``.
  var lastLengths: MutableTable<Int32> { get }
  /// The steps of the episodes that go on, [count].
  var lengths: MutableTable<Int32> { get }
  /// Episodes that have ended in all.
  var episodes: Int { get }

  /// One step of each environment.
  /// - Parameter actions: [count].
  func step(_ actions: MutableTable<Float>)
  /// One step of each environment by an action that it draws itself.
  func stepRandomly()

  /// All that the next steps depend on, for ``restore(_:)``.
  var snapshot: [Int64] { get }
  /// Goes back to a snapshot.
  /// - Returns: false when it is of other environments, or of states that none comes to.
  func restore(_ snapshot: [Int64]) -> Bool

  /// What is drawn of environment `index` now.
  func scene(_ index: Int, action: Float?) -> Scene
}

/// Environments of the kind `Kind`.
public final class EnvironmentBatch<Kind: Environment>: VectorEnvironment, @unchecked Sendable {
  private let tables: EnvironmentTables<Kind>

  /// Below so many environments a step takes less than starting threads saves.
  private static var block: Int { 2048 }

  /// - Parameters:
  ///   - count: how many.
  ///   - seed: environment i starts its episodes from stream i of it.
  /// - Throws: ``/Files/AIGCError`` (failed) when there is no memory.
  public init(count: Int, seed: UInt64) throws(AIGCError) {
    tables = try EnvironmentTables(count: count)
    for index in 0..<count {
      tables.sources[index] = RandomSource(seed: seed, stream: index)
      tables.begin(index)
    }
  }

  /// What they are.
  public var specification: EnvironmentSpecification { Kind.specification }
  /// How many there are.
  public var count: Int { tables.rewards.count }
  /// What is seen now, [count, observations].
  public var observations: MutableTable<Float> { tables.observations }
  /// The rewards of the last step, [count].
  public var rewards: MutableTable<Float> { tables.rewards }
  /// How episodes ended in the last step, [count].
  public var ends: MutableTable<EpisodeEnd> { tables.ends }
  /// What was seen last of episodes that ended in the last step, [count, observations].
  public var lastObservations: MutableTable<Float> { tables.lastObservations }
  /// The return of the last episode that ended in each place, [count].
  public var lastReturns: MutableTable<Double> { tables.lastReturns }
  /// The steps of the last episode that ended in each place, [count].
  public var lastLengths: MutableTable<Int32> { tables.lastLengths }
  /// The steps of the episodes that go on, [count].
  public var lengths: MutableTable<Int32> { tables.lengths }
  /// Episodes that have ended in all.
  public var episodes: Int { (0..<count).reduce(0) { $0 + Int(tables.episodes[$1]) } }

  /// The state of environment `index`.
  public func state(_ index: Int) -> Kind.State { tables.states[index] }

  /// Puts environment `index` into a state, in which an episode begins.
  public func start(_ index: Int, in state: Kind.State) { tables.start(index, in: state) }

  /// One step of each environment, by actions [count].
  public func step(_ actions: MutableTable<Float>) {
    parallelBlocks(count, size: Self.block) { Kind.step(self.tables, $0..<$1, actions) }
  }

  /// One step of each environment, by an action that it draws itself.
  public func stepRandomly() {
    parallelBlocks(count, size: Self.block) { Kind.step(self.tables, $0..<$1, nil) }
  }

  /// States, lengths, returns and chance of all, for ``restore(_:)``.
  public var snapshot: [Int64] {
    var words: [Int64] = []
    for index in 0..<count {
      for place in 0..<Kind.State.scalarCount {
        words.append(Int64(bitPattern: tables.states[index][place].bitPattern))
      }
      let source = tables.sources[index].state
      words += [source.0, source.1, source.2, source.3].map { Int64(bitPattern: $0) }
      words += [
        Int64(tables.lengths[index]), Int64(bitPattern: tables.returns[index].bitPattern),
      ]
    }
    return words
  }

  /// Goes back to a snapshot; false when it is of other environments, or of states that none comes to.
  public func restore(_ snapshot: [Int64]) -> Bool {
    let rest = Kind.State.scalarCount
    guard snapshot.count == count * (rest + 6) else { return false }
    for index in 0..<count {
      func word(_ offset: Int) -> UInt64 {
        UInt64(bitPattern: snapshot[index * (rest + 6) + offset])
      }
      var state = Kind.State()
      for value in 0..<rest { state[value] = Double(bitPattern: word(value)) }
      let source = (word(rest), word(rest + 1), word(rest + 2), word(rest + 3))
      let (length, total) = (Int64(bitPattern: word(rest + 4)), Double(bitPattern: word(rest + 5)))
      // No environment goes so far away, and chance never comes to zeros.
      guard (0..<rest).allSatisfy({ state[$0].magnitude <= 1e6 }), total.isFinite,
        (0..<Int64(tables.longestEpisode)).contains(length), source != (0, 0, 0, 0)
      else { return false }
      tables.start(index, in: state)
      tables.sources[index] = RandomSource(state: source)
      (tables.lengths[index], tables.returns[index]) = (Int32(length), total)
    }
    return true
  }

  /// What is drawn of environment `index`.
  public func scene(_ index: Int, action: Float?) -> Scene {
    Kind.scene(tables.states[index], action: action)
  }
}
