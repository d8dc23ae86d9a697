import Autograd
import Checkpoints
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Families

/// A small model of `Scripts/fixtures/transformer_models.py` and an adapter that PEFT made for it
/// (`Scripts/fixtures/peft_adapters.py`).
struct AdapterFixture {
  let configuration: TransformerConfiguration
  let weights: TransformerWeights
  let folder: String
  let answers: Checkpoint

  /// - Parameter type: of the base's matrices as they lie in the file.
  init(_ name: String, base: String) throws {
    let path = fixture("transformers/\(base)", of: "FamiliesTests")
    var scanner = try JSONScanner(Table(bytes("\(path)/config.json")), place: "config.json: ")
    guard case .object(let members) = try scanner.value() else {
      throw AIGCError.badInput("no object")
    }
    let fields = ModelFields(members, place: "config.json: ")
    let found = Families.architecture(ofType: try fields.string("model_type") ?? "")
    let architecture = try #require(found)
    configuration = TransformerConfiguration(architecture, try architecture.shape(config: fields))
    weights = try TransformerWeights(
      Checkpoint.open("\(path)/model.safetensors"), configuration)
    folder = fixture("adapters/\(name)", of: "FamiliesTests")
    answers = try Checkpoint.open("\(folder)/answers.safetensors")
  }

  func tokens(_ name: String) throws -> Indices {
    let stored = try answers.tensor(name)
    return Indices(try stored.integers().map { Int32($0) }, Shape(stored.shape))
  }

  /// The network with the adapter that PEFT began with.
  func network(rank: Int, alpha: Double) throws -> (network: Transformer, NamedParameters) {
    var settings = AdapterSettings()
    (settings.rank, settings.alpha) = (rank, alpha)
    var random = RandomSource(seed: 1)
    let result = try configuration.adaptedNetwork(weights, settings, using: &random)
    let adapter = try Adapter.read(folder, for: configuration)
    let named = Dictionary(uniqueKeysWithValues: result.adapters.map { ($0.name, $0.parameter) })
    for tensor in configuration.adaptable {
      let change = try #require(adapter.changes[tensor.key])
      let (a, b) = (
        try #require(named[tensor.module + LowRankAdapter.aName]),
        try #require(named[tensor.module + LowRankAdapter.bName])
      )
      (a.value, b.value) = (Tensor(change.a, a.shape), Tensor(change.b, b.shape))
    }
    return (result.network, result.adapters)
  }
}

/// Adapters beside those of PEFT.
@Suite struct AdapterParityTests {
  static let models: [(name: String, rank: Int, alpha: Double)] = [("llama", 4, 8), ("gpt2", 3, 5)]

  private func expectNear(_ found: [Float], _ peer: StoredTensor) throws {
    let values = try peer.floats()
    let largest = values.reduce(0) { max($0, abs($1)) }
    let worst = zip(found, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(found.count == values.count && worst <= 1e-4 * largest, "\(worst) of \(largest)")
  }

  @Test(arguments: models) func logits(_ model: (name: String, rank: Int, alpha: Double)) throws {
    let peer = try AdapterFixture(model.name, base: model.name)
    let (network, _) = try peer.network(rank: model.rank, alpha: model.alpha)
    let found = network.logits(try peer.tokens("tokens"), .inference)
    try expectNear(found.values, peer.answers.tensor("logits"))
  }

  /// All A and B to 1e-5 of the largest value, and ten steps of AdamW.
  @Test(arguments: models, [false, true]) func gradientsAndTenSteps(
    _ model: (name: String, rank: Int, alpha: Double), recomputes: Bool
  ) throws {
    let peer = try AdapterFixture(model.name, base: model.name)
    var (network, adapters) = try peer.network(rank: model.rank, alpha: model.alpha)
    network.recomputesBlocks = recomputes
    let tokens = try peer.tokens("training").values
    #expect(Set(network.trainableNamedParameters.map { $0.name }) == Set(adapters.map { $0.name }))
    try expectTenSteps(adapters, beside: peer.answers, keyBiases: 0..<0) { step in
      let starts = [step * 50, step * 50 + 25]
      let batch = windows(of: tokens, at: starts, length: 24)
      let context = Context(isTraining: true, random: RandomSource(seed: 0))
      return network.loss(batch, context)
    }
  }
}
