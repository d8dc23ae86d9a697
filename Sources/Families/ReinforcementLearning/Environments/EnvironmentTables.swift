import Files
import Kernels

/// Where the environments of a batch stand: a row for each in every table.
public struct EnvironmentTables<Kind: Environment>: Sendable {
  let states: MutableTable<Kind.State>
  let sources: MutableTable<RandomSource>
  let lengths: MutableTable<Int32>
  let returns: MutableTable<Double>
  let episodes: MutableTable<Int64>
  let observations: MutableTable<Float>
  let rewards: MutableTable<Float>
  let ends: MutableTable<EpisodeEnd>
  let lastObservations: MutableTable<Float>
  let lastReturns: MutableTable<Double>
  let lastLengths: MutableTable<Int32>
  let width: Int
  let longestEpisode: Int32
  let actions: ActionSpace

  init(count: Int) throws(AIGCError) {
    let specification = Kind.specification
    (width, actions) = (specification.observations.count, specification.actions)
    longestEpisode = Int32(truncatingIfNeeded: specification.longestEpisode)
    states = try MutableTable(count: count)
    sources = try MutableTable(count: count)
    lengths = try MutableTable(count: count)
    returns = try MutableTable(count: count)
    episodes = try MutableTable(count: count)
    observations = try MutableTable(count: count * width)
    rewards = try MutableTable(count: count)
    ends = try MutableTable(count: count)
    lastObservations = try MutableTable(count: count * width)
    lastReturns = try MutableTable(count: count)
    lastLengths = try MutableTable(count: count)
  }

  @inline(__always)
  func start(_ index: Int, in state: Kind.State) {
    states[index] = state
    (lengths[index], returns[index]) = (0, 0)
    write(Kind.observation(state), to: observations, index)
  }

  @inline(__always)
  func begin(_ index: Int) {
    var source = sources[index]
    start(index, in: Kind.start(using: &source))
    sources[index] = source
  }

  @inline(__always)
  private func write(_ seen: Kind.Observation, to table: MutableTable<Float>, _ index: Int) {
    for place in 0..<width { table[index * width + place] = seen[place] }
  }

  @inline(__always)
  func step(_ index: Int, _ action: Float) {
    var state = states[index]
    let (reward, isTerminal) = Kind.step(&state, action)
    let (length, total) = (lengths[index] &+ 1, returns[index] + reward)
    rewards[index] = Float(reward)
    var end: EpisodeEnd = isTerminal ? .terminated : []
    if length >= longestEpisode { end.insert(.truncated) }
    ends[index] = end
    if end.isEmpty {
      (states[index], lengths[index], returns[index]) = (state, length, total)
      write(Kind.observation(state), to: observations, index)
    } else {
      write(Kind.observation(state), to: lastObservations, index)
      (lastReturns[index], lastLengths[index]) = (total, length)
      episodes[index] += 1
      begin(index)
    }
  }
}

extension Environment {
  /// The loop of all kinds.
  public static func step(
    _ tables: EnvironmentTables<Self>, _ range: Range<Int>, _ actions: MutableTable<Float>?
  ) {
    if let actions {
      for index in range { tables.step(index, actions[index]) }
      return
    }
    let space = tables.actions
    for index in range {
      var source = tables.sources[index]
      let action = space.draw(using: &source)
      tables.sources[index] = source
      tables.step(index, action)
    }
  }
}

extension ActionSpace {
  /// Any action, each as likely as the others.
  @inline(__always)
  public func draw(using random: inout RandomSource) -> Float {
    switch self {
    case .discrete(let count):
      // The upper 32 bits times the count: no division, and a bias below 2⁻³⁰ for a handful of actions.
      Float((random.next() >> 32 &* UInt64(count)) >> 32)
    case .continuous(let limit): Float(random.uniform() * 2 - 1) * limit
    }
  }
}
