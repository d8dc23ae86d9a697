import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// The network of a fixture's folder.
func gpt2Network(_ folder: String) throws -> Transformer {
  let configuration = try TransformerConfiguration.read(folder: folder)
  let weights = try TransformerWeights(folder: folder, configuration)
  let network = configuration.network
  try weights.load(into: network.namedParameters)
  return network
}

/// GPT-2 beside that of transformers.
@Suite struct GPT2ParityTests {
  static let folders = ["plain", "untied", "published", "f16", "bf16", "sharded", "bin"]

  @Test(arguments: folders) func logits(_ name: String) throws {
    let expected = try Checkpoint.open(gpt2Fixture("logits.safetensors"))
    let network = try gpt2Network(gpt2Fixture(name))
    let stored = try expected.tensor("\(name).tokens")
    let tokens = Indices(try stored.integers().map { Int32($0) }, Shape(stored.shape))
    let logits = network.logits(tokens, .inference)
    let peer = try expected.tensor("\(name).logits")
    #expect(logits.shape.dimensions == peer.shape)
    let worst = zip(logits.values, try peer.floats()).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst < 1e-4, "\(worst)")
    #expect(try peer.floats().contains { abs($0) > 0.5 })
  }

  @Test(arguments: 0...2) func hiddenStates(_ layer: Int) throws {
    let expected = try Checkpoint.open(gpt2Fixture("hidden_states.safetensors"))
    let tokens = try expected.tensor("tokens").integers().map { Int32($0) }
    let configuration = try TransformerConfiguration.read(folder: gpt2Fixture("untied"))
    let model = try TransformerLanguageModel(
      configuration, try gpt2Network(gpt2Fixture("untied")),
      CharTokenizer(texts: [Table(Array("ab".utf8))], name: "t"))
    let states = try #require(try model.hiddenStates(of: tokens, layer: layer))
    let peer = try expected.tensor("\(layer)")
    #expect(peer.shape == [states.count, states.width] && states[1].count == 16)
    let worst = zip(states.values, try peer.floats()).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst < 1e-4, "\(worst)")
    #expect(
      refuses([.usage]) { _ = try model.hiddenStates(of: tokens, layer: 3) }.contains("`layer` 3"))
    #expect(
      refuses([.usage]) { _ = try model.hiddenStates(of: [], layer: layer) }.contains("0 of them"))
    #expect(
      refuses([.mismatch]) { _ = try model.hiddenStates(of: [97], layer: layer) }.contains(
        "token 97"))
  }

  @Test func namesAndShapesAreTheNetworks() throws {
    for isTied in [true, false] {
      var configuration = TransformerConfiguration(
        tokens: .char, vocabularySize: 11, context: 8, width: 6, layers: 2, heads: 3)
      configuration.shape.inner = 5
      configuration.shape.isTied = isTied
      // Two blocks of 6 · (4 · 6 + 2 · 5 + 9) + 5 weights; tables and the last norm.
      #expect(configuration.parameterCount == 2 * 263 + 6 * (isTied ? 21 : 32))
      let shapes = configuration.tensorShapes
      #expect(shapes.count == (isTied ? 28 : 29))
      #expect(shapes[0].name == "transformer.wte.weight" && shapes[0].shape == [11, 6])
      let inner = shapes.first { $0.name == "transformer.h.1.mlp.c_fc.weight" }
      #expect(inner?.shape == [6, 5])
      #expect((shapes.last?.name == "lm_head.weight") == !isTied)
    }
  }

  @Test func freshWeightsAreGPT2s() throws {
    let configuration = TransformerConfiguration(
      tokens: .char, vocabularySize: 200, context: 64, width: 64, layers: 8, heads: 4)
    var random = RandomSource(seed: 1)
    let network = configuration.network(using: &random)
    for (name, parameter) in network.namedParameters {
      let values = parameter.value.values
      if name.hasSuffix("bias") {
        #expect(values.allSatisfy { $0 == 0 }, "\(name)")
      } else if name.contains("ln_") {
        #expect(values.allSatisfy { $0 == 1 }, "\(name)")
      } else {
        let deviation = (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
        let expected: Float = name.hasSuffix("c_proj.weight") ? 0.02 / 4 : 0.02
        #expect(abs(deviation / expected - 1) < 0.05, "\(name): \(deviation)")
      }
    }
  }

  @Test func gradientsAndTenSteps() throws {
    let file = try Checkpoint.open(gpt2Fixture("training.safetensors"))
    var configuration = TransformerConfiguration(
      tokens: .char, vocabularySize: 97, context: 64, width: 32, layers: 2, heads: 4)
    configuration.shape.epsilon = 1e-5
    let network = configuration.network
    try StateDictionary.load(network.namedParameters, from: file, prefix: "start.")
    let tokens = try file.tensor("tokens").integers().map { Int32($0) }
    try expectTenSteps(network.trainableNamedParameters, beside: file, keyBiases: 32..<64) { step in
      var (inputs, targets): ([Int32], [Int32]) = ([], [])
      for row in 0..<4 {
        let first = (step * 4 + row) * 65
        inputs += tokens[first..<first + 64]
        targets += tokens[first + 1..<first + 65]
      }
      let context = Context(isTraining: true, random: RandomSource(seed: 0))
      return network.loss(Indices(inputs, [4, 64]), targets: targets, context)
    }
  }

  /// The values stay finite and the graph whole where dropout drops.
  @Test func dropoutChangesTrainingOnly() throws {
    var configuration = TransformerConfiguration(
      tokens: .char, vocabularySize: 13, context: 8, width: 8, layers: 2, heads: 2)
    (configuration.dropout.embedding, configuration.dropout.residual) = (0.5, 0.5)
    var random = RandomSource(seed: 3)
    let network = configuration.network(using: &random)
    let tokens = Indices([1, 2, 3, 4], [1, 4])
    let first = network.logits(tokens, Context(isTraining: true, random: RandomSource(seed: 1)))
    let second = network.logits(tokens, Context(isTraining: true, random: RandomSource(seed: 2)))
    #expect(first.values != second.values)
    #expect(
      network.logits(tokens, .inference).values == network.logits(tokens, .inference).values)
  }
}
