import Files
import Kernels

/// The returns of episodes: what an agent is measured by.
public struct EpisodeReturns: Report, Equatable {
  /// The sum of rewards of each episode.
  public private(set) var returns: [Double]
  /// The steps of each episode.
  public private(set) var lengths: [Int]

  /// Plays one episode in each environment.
  /// - Parameters:
  ///   - batch: environments at the start of an episode.
  ///   - act: gives the actions, [count].
  /// - Throws: ``/Files/AIGCError``: failed without memory, interrupted, and what `act` throws.
  init(
    _ batch: any VectorEnvironment,
    _ act: (any VectorEnvironment, MutableTable<Float>) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let actions = try MutableTable<Float>(count: batch.count)
    returns = [Double](repeating: 0, count: batch.count)
    lengths = [Int](repeating: 0, count: batch.count)
    var left = batch.count
    while left > 0 {
      try Interruption.check()
      try act(batch, actions)
      batch.step(actions)
      for index in 0..<batch.count where lengths[index] == 0 && !batch.ends[index].isEmpty {
        (returns[index], lengths[index]) = (batch.lastReturns[index], Int(batch.lastLengths[index]))
        left -= 1
      }
    }
  }

  /// The mean of all returns.
  public var mean: Double { returns.reduce(0, +) / Double(max(returns.count, 1)) }

  /// How far returns lie from their mean: the root of the mean square.
  public var deviation: Double {
    let mean = mean
    let squares = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(max(returns.count, 1))).squareRoot()
  }

  /// Mean, deviation, extremes and the mean length.
  public var members: [JSONValue.Member] {
    let steps = Double(lengths.reduce(0, +)) / Double(max(lengths.count, 1))
    return [
      .init("episodes", .int(returns.count)), .init("mean_reward", .double(mean)),
      .init("std_reward", .double(deviation)),
      .init("min_reward", JSONValue(returns.min())), .init("max_reward", JSONValue(returns.max())),
      .init("mean_length", .double(steps)),
    ]
  }

  /// "500.00 ± 0.00 over 100 episodes of 500 steps".
  public var text: String {
    let steps = Double(lengths.reduce(0, +)) / Double(max(lengths.count, 1))
    return
      "\(Format.fixed(mean, 2)) ± \(Format.fixed(deviation, 2)) over "
      + "\(counted(returns.count, "episode")) of \(Format.fixed(steps, 1)) steps\n"
  }
}
