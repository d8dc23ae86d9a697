import Autograd
import Files
import Kernels

/// A prompt with one completion, and what is known of each of its tokens.
struct Episode {
  /// What the model read before the first token.
  var inputs: [Int32]
  /// The completion, with the token that ended it.
  var tokens: [Int32]
  /// Log-probabilities under the policy that drew it; empty before they are known.
  var old: [Float] = []
  /// Under the reference.
  var reference: [Float] = []
  var advantages: [Float] = []
  /// Of PPO: what was expected before each token, and what came.
  var values: [Float] = []
  var returns: [Float] = []

  init(inputs: [Int32], tokens: [Int32]) { (self.inputs, self.tokens) = (inputs, tokens) }

  var count: Int { inputs.count + tokens.count - 1 }

  /// The k3 estimate of the completion's divergence from the reference, nats.
  func divergence(_ logProbabilities: [Float]) -> Double {
    zip(logProbabilities, reference).reduce(0) {
      $0 + Double(PolicyObjective.divergence($1.0, reference: $1.1).value)
    }
  }
}

/// Episodes that go through a network together, of like lengths.
struct EpisodeBatch {
  /// Their places among all.
  let places: [Int]
  /// [episodes, steps]; what lies behind an episode's end is not looked at.
  let inputs: Indices
  /// Rows of [episodes · steps] that tokens of completions follow, and these tokens.
  let rows: Indices
  let targets: [Int32]
  /// Where each episode's tokens lie in ``targets``.
  let ranges: [Range<Int>]

  init(_ episodes: [Episode], _ places: [Int]) {
    let steps = places.reduce(1) { max($0, episodes[$1].count) }
    var inputs = [Int32](repeating: 0, count: places.count * steps)
    var (rows, targets): ([Int32], [Int32]) = ([], [])
    var ranges: [Range<Int>] = []
    for (row, place) in places.enumerated() {
      let episode = episodes[place]
      let text = episode.inputs + episode.tokens.dropLast()
      for (step, token) in text.enumerated() { inputs[row * steps + step] = token }
      let first = row * steps + episode.inputs.count - 1
      rows += episode.tokens.indices.map { Int32(first + $0) }
      ranges.append(targets.count..<targets.count + episode.tokens.count)
      targets += episode.tokens
    }
    self.places = places
    self.inputs = Indices(inputs, [places.count, steps])
    self.rows = Indices(rows, [rows.count])
    (self.targets, self.ranges) = (targets, ranges)
  }

  /// Cuts episodes into batches of at most `tokens` places, the padding counted.
  static func cut(_ episodes: [Episode], tokens: Int) -> [EpisodeBatch] {
    // Neighbours have like lengths, so that there is little padding; of equal ones the order stays.
    let order = episodes.indices.sorted {
      (episodes[$0].count, $0) < (episodes[$1].count, $1)
    }
    var batches: [EpisodeBatch] = []
    var part: [Int] = []
    for place in order {
      if !part.isEmpty, (part.count + 1) * episodes[place].count > tokens {
        batches.append(EpisodeBatch(episodes, part))
        part = []
      }
      part.append(place)
    }
    if !part.isEmpty { batches.append(EpisodeBatch(episodes, part)) }
    return batches
  }

  /// The values of each token from what its episode says, in the order of ``targets``.
  func gathered(_ episodes: [Episode], _ values: (Episode) -> [Float]) -> [Float] {
    places.flatMap { values(episodes[$0]) }
  }

  /// The last states before each token of the completions: [targets, width].
  func states(_ policy: any TextPolicy, _ context: Context) -> Tensor {
    policy.states(inputs, context).gathered(rows)
  }
}
