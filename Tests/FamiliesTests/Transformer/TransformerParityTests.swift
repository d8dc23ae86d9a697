import Autograd
import Checkpoints
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Families

/// Models of every architecture beside those of transformers, from `Scripts/fixtures/transformer_models.py`.
@Suite struct TransformerParityTests {
  static let models = ["gpt2", "llama", "llama-biases", "qwen2", "qwen3", "gemma3"]

  /// What a fixture's folder holds.
  struct Model {
    var network: Transformer
    let answers: Checkpoint

    init(_ name: String) throws {
      func path(_ file: String) -> String {
        fixture("transformers/\(name)/\(file)", of: "FamiliesTests")
      }
      var scanner = try JSONScanner(Table(bytes(path("config.json"))), place: "config.json: ")
      guard case .object(let members) = try scanner.value() else {
        throw AIGCError.badInput("no object")
      }
      let fields = ModelFields(members, place: "config.json: ")
      let found = Families.architecture(ofType: try fields.string("model_type") ?? "")
      let architecture = try #require(found)
      let shape = try architecture.shape(config: fields)
      network = ParameterPlan.shapes { Transformer(shape, architecture, using: &$0) }
      // Every tensor of the file, and no other.
      let weights = try Checkpoint.open(path("model.safetensors"))
      #expect(
        Set(weights.tensors.map { $0.name }) == Set(network.namedParameters.map { $0.name }))
      try StateDictionary.load(network.namedParameters, from: weights, prefix: "")
      answers = try Checkpoint.open(path("answers.safetensors"))
    }

    func tokens(_ name: String) throws -> Indices {
      let stored = try answers.tensor(name)
      return Indices(try stored.integers().map { Int32($0) }, Shape(stored.shape))
    }
  }

  /// Within 1e-4 of the largest value.
  private func expectNear(_ found: Tensor, _ peer: StoredTensor, _ limit: Float = 1e-4) throws {
    #expect(found.shape.dimensions == peer.shape, "\(peer.name)")
    let values = try peer.floats()
    let largest = values.reduce(0) { max($0, abs($1)) }
    let worst = zip(found.values, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst <= limit * largest, "\(peer.name): \(worst) beside \(largest)")
  }

  @Test(arguments: models) func statesAndLogits(_ name: String) throws {
    let model = try Model(name)
    let (network, tokens) = (model.network, try model.tokens("tokens"))
    try expectNear(network.logits(tokens, .inference), model.answers.tensor("logits"))
    let layers = Array(0...network.shape.layers)
    for (layer, states) in zip(layers, network.states(tokens, after: layers, .inference)) {
      try expectNear(states, model.answers.tensor("states.\(layer)"))
    }
  }

  @Test(arguments: models) func gradientsAndTenSteps(_ name: String) throws {
    let model = try Model(name)
    let (file, network) = (model.answers, model.network)
    let tokens = try model.tokens("training").values
    try expectTenSteps(network.trainableNamedParameters, beside: file, keyBiases: 12..<24) { step in
      let starts = [step * 50, step * 50 + 25]
      let batch = windows(of: tokens, at: starts, length: 24)
      let context = Context(isTraining: true, random: RandomSource(seed: 0))
      return network.loss(batch, context)
    }
  }

  /// Blocks that are computed again give the same gradients.
  @Test(arguments: models) func recomputing(_ name: String) throws {
    var model = try Model(name)
    let tokens = try model.tokens("tokens")
    let targets = Array(tokens.values.reversed())
    let parameters = model.network.trainableParameters
    var results: [[[Float]]] = []
    for recomputes in [false, true] {
      model.network.recomputesBlocks = recomputes
      let context = Context(isTraining: true, random: RandomSource(seed: 0))
      let (_, gradients) = valueAndGradients(for: parameters) {
        model.network.loss(tokens, targets: targets, context)
      }
      results.append(gradients.map { $0.values })
    }
    #expect(results[0] == results[1], "\(name)")
  }

  /// As transformers starts: N(0, 0.02²), biases 0, norms that change nothing.
  @Test(arguments: models) func freshWeights(_ name: String) throws {
    let model = try Model(name)
    var shape = model.network.shape
    (shape.vocabulary, shape.width, shape.inner) = (200, 64, 100)
    let type = name.split(separator: "-")[0]
    let found = Families.architecture(ofType: String(type))
    let architecture = try #require(found)
    var random = RandomSource(seed: 1)
    let network = random.drawn { Transformer(shape, architecture, using: &$0) }
    let isGemma = shape.norm == .rms(addsOne: true)
    for (name, parameter) in network.namedParameters {
      let values = parameter.value.values
      if name.hasSuffix("bias") {
        #expect(values.allSatisfy { $0 == 0 }, "\(name)")
      } else if parameter.shape.rank == 1 {
        #expect(values.allSatisfy { $0 == (isGemma ? 0 : 1) }, "\(name)")
      } else {
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        let expected: Float = name.hasSuffix("c_proj.weight") ? 0.02 / 2 : 0.02
        #expect(abs(deviation / expected - 1) < 0.1, "\(name): \(deviation)")
      }
    }
  }
}
