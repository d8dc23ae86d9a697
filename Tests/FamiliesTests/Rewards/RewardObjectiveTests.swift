import Autograd
import Checkpoints
import FamilySupport
import Kernels
import Testing

@testable import Families

/// What policies are tuned by, beside PyTorch (`Scripts/fixtures/torch_rewards.py`).
@Suite struct RewardObjectiveTests {
  private let fixture: TensorFixture
  private let lengths: [Int]

  init() throws {
    fixture = try TensorFixture("rewards.safetensors")
    lengths = try fixture.file.tensor("lengths").integers().map { Int($0) }
  }

  private func floats(_ name: String) throws -> [Float] { try fixture.file.tensor(name).floats() }

  /// A flat list cut into one for each completion.
  private func rows<Value>(_ values: [Value]) -> [[Value]] {
    var start = 0
    return lengths.map { length in
      defer { start += length }
      return Array(values[start..<start + length])
    }
  }

  private func episodes(_ algorithm: RewardAlgorithm) throws -> [Episode] {
    let tokens = rows(try fixture.file.tensor("targets").integers().map { Int32($0) })
    let (old, reference) = (rows(try floats("old")), rows(try floats("reference")))
    let advantages = rows(try floats("\(algorithm.rawValue).advantages"))
    return lengths.indices.map { index in
      var episode = Episode(inputs: [0], tokens: tokens[index])
      (episode.old, episode.reference) = (old[index], reference[index])
      episode.advantages = advantages[index]
      return episode
    }
  }

  @Test(arguments: RewardAlgorithm.allCases) func losses(_ algorithm: RewardAlgorithm) throws {
    let episodes = try episodes(algorithm)
    var settings = RewardSettings()
    settings.algorithm = algorithm
    let batch = EpisodeBatch(episodes, Array(episodes.indices))
    let count = batch.targets.count
    let found = try MutableTable<Float>(count: count)
    let terms = TokenTerms(
      batch, episodes, settings, beta: Float(settings.beta), tokens: count, found)
    let (states, head) = (
      Parameter(try fixture.tensor("states")), Parameter(try fixture.tensor("head"))
    )
    let (loss, gradients) = valueAndGradients(for: [states, head]) {
      linearTokenLoss(states.value, head.value, nil, batch.targets) { terms.term($0, $1) }
    }
    let name = algorithm.rawValue
    try fixture.expectSame([loss.item], "\(name).loss", 1e-5)
    try fixture.expectSame(gradients[0].values, "\(name).states.grad", 1e-5)
    try fixture.expectSame(gradients[1].values, "\(name).head.grad", 1e-5)
    #expect(try fixture.file.tensor("\(name).clipped").integers() == [Int64(terms.clipped())])
  }

  @Test func advantagesOfGroups() throws {
    let rewards = try floats("rewards").map { Double($0) }
    let found = [0, 3].flatMap { PolicyObjective.groupAdvantages(Array(rewards[$0..<$0 + 3])) }
    let all = zip(found, lengths).flatMap { [Float](repeating: $0, count: $1) }
    try fixture.expectSame(all, "grpo.advantages", 1e-5)
    #expect(PolicyObjective.groupAdvantages([0.5, 0.5, 0.5]) == [0, 0, 0])
    #expect(PolicyObjective.groupAdvantages([0.5]) == [0])
  }

  @Test func divergences() throws {
    let old = try floats("old")
    let reference = try floats("reference")
    // The fixture's are of the present log-probabilities, which the losses' pass finds.
    let batch = EpisodeBatch(try episodes(.grpo), Array(lengths.indices))
    let losses = linearCrossEntropyLosses(
      try fixture.tensor("states"), try fixture.tensor("head"), nil, batch.targets)
    let found = zip(losses, reference).map {
      PolicyObjective.divergence(-$0, reference: $1).value
    }
    try fixture.expectSame(found, "k3", 1e-5)
    #expect(
      zip(old, reference).allSatisfy {
        PolicyObjective.divergence($0, reference: $1).value >= 0
      })
    #expect(PolicyObjective.divergence(-200, reference: 0).value.isFinite)
  }

  @Test func generalisedAdvantages() throws {
    let (old, reference) = (try floats("old"), try floats("reference"))
    let (values, rewards) = (rows(try floats("ppo.old_values")), try floats("rewards"))
    let penalties = rows(zip(old, reference).map { Float(-0.04) * ($0 - $1) })
    var found: [(advantages: [Float], returns: [Float])] = []
    for index in lengths.indices {
      var each = penalties[index]
      each[each.count - 1] += rewards[index]
      found.append(
        PolicyObjective.generalisedAdvantages(
          each, values: values[index], discount: 1, decay: 0.95))
    }
    try fixture.expectSame(found.flatMap { $0.advantages }, "ppo.raw", 1e-5)
    try fixture.expectSame(found.flatMap { $0.returns }, "ppo.returns", 1e-5)
    let white = PolicyObjective.whitened(found.map { $0.advantages })
    try fixture.expectSame(white.flatMap { $0 }, "ppo.advantages", 1e-5)
  }

  @Test func lossOfValues() throws {
    let values = Parameter(try fixture.tensor("ppo.values"))
    let (old, returns) = (
      try fixture.tensor("ppo.old_values"), try fixture.tensor("ppo.returns")
    )
    let (loss, gradients) = valueAndGradients(for: [values]) {
      valueObjective(values.value, old: old, returns: returns, clip: 0.2)
        * (1 / Float(values.count))
    }
    try fixture.expectSame([loss.item], "ppo.value_loss", 1e-5)
    try fixture.expectSame(gradients[0].values, "ppo.values.grad", 1e-5)
  }

  /// Padding and the order of lengths do not matter: each token's row is the one before it.
  @Test func batchesOfUnevenEpisodes() {
    let episodes = (1...7).map { length in
      Episode(
        inputs: (0..<(8 - length)).map { Int32($0) }, tokens: (0..<length).map { Int32(50 + $0) })
    }
    let batches = EpisodeBatch.cut(episodes, tokens: 16)
    #expect(batches.flatMap { $0.places }.sorted() == Array(0..<7))
    for batch in batches {
      #expect(batch.places.count == 1 || batch.inputs.values.count <= 16)
      let steps = batch.inputs.shape[1]
      for (row, place) in batch.places.enumerated() {
        let (episode, range) = (episodes[place], batch.ranges[row])
        #expect(Array(batch.targets[range]) == episode.tokens)
        let text = episode.inputs + episode.tokens
        for (token, index) in zip(episode.tokens.indices, range) {
          let place = Int(batch.rows.values[index])
          #expect(place == row * steps + episode.inputs.count - 1 + token)
          #expect(batch.inputs.values[place] == text[episode.inputs.count - 1 + token])
        }
      }
    }
  }
}
