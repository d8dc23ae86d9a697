/// The three penalties on tokens that occurred lately (Keskar et al. 2019, and OpenAI's presence and
/// frequency penalties): `--repeat-penalty`, `--presence-penalty`, `--frequency-penalty`.
package struct RepeatPenalties: ScoreAdjustment {
  private let divisor: Float
  private let presence: Float
  private let frequency: Float
  /// How many of the latest tokens it looks at; -1: all.
  private let last: Int

  package init(_ configuration: SamplingConfiguration) {
    divisor = Float(configuration.repeatPenalty)
    presence = Float(configuration.presencePenalty)
    frequency = Float(configuration.frequencyPenalty)
    last = configuration.repeatLastN
  }

  package var isOff: Bool { last == 0 || (divisor == 1 && presence == 0 && frequency == 0) }
  package var raises: Bool { divisor < 1 || presence < 0 || frequency < 0 }

  package func forTokens(after history: [Int32], _ name: (Int32, Int) -> Void) {
    let start = last < 0 ? 0 : max(0, history.count - last)
    for index in start..<history.count { name(history[index], 1) }
  }

  package func adjusted(_ score: Float, of token: Int32, named count: Int) -> Float {
    var result = score > 0 ? score / divisor : score * divisor
    result -= Float(count) * frequency
    result -= presence
    return result
  }
}
