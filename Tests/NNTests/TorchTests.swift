import Autograd
import Checkpoints
import Files
import Kernels
import NN
import Testing

/// The tensors of a fixture that PyTorch wrote; see Scripts/fixtures/torch_layers.py.
struct Fixture {
  let file: Checkpoint

  init(_ name: String, path: String = #filePath) throws {
    file = try Checkpoint.open("\(parentFolder(of: path))/Fixtures/\(name).safetensors")
  }

  func tensor(_ name: String) throws -> Tensor {
    let stored = try file.tensor(name)
    return Tensor(try stored.floats(), Shape(stored.shape))
  }

  func indices(_ name: String) throws -> Indices {
    let stored = try file.tensor(name)
    return Indices(try stored.integers().map { Int32($0) }, Shape(stored.shape))
  }

  /// Gives the parameters the fixture's values.
  func load(_ parameters: NamedParameters, _ prefix: String) throws {
    try StateDictionary.load(parameters, from: file, prefix: prefix)
  }
}

/// The largest difference, as a share of the largest expected value.
func difference(_ ours: Tensor, _ theirs: Tensor) -> Double {
  guard ours.shape == theirs.shape else { return .infinity }
  let scale = theirs.values.map { Double($0.magnitude) }.max() ?? 0
  let worst = zip(ours.values, theirs.values).map { Double(abs($0 - $1)) }.max() ?? 0
  return worst / max(scale, 1e-30)
}

/// Outputs, gradients and optimizer steps beside PyTorch's.
@Suite struct TorchTests {
  private struct Holder: Module {
    let recurrent: Recurrent
  }

  private func compare(
    _ name: String, _ fixture: Fixture, _ parameters: NamedParameters, input: Tensor?,
    _ run: (Tensor?) -> Tensor
  ) throws {
    try fixture.load(parameters, "\(name)/parameter/")
    let projection = try fixture.tensor("\(name)/projection")
    let x = input?.watchedCopy()
    try watching(parameters.map { $0.parameter }) {
      let output = run(x)
      #expect(difference(output, try fixture.tensor("\(name)/output")) <= 1e-5, "\(name)")
      let loss = (output * projection).sum()
      let targets: [any Differentiable] = parameters.map { $0.parameter } + [x].compactMap { $0 }
      let found = gradients(of: loss, at: targets)
      for (index, entry) in parameters.enumerated() {
        let expected = try fixture.tensor("\(name)/gradient/\(entry.name)")
        #expect(difference(found[index], expected) <= 1e-5, "\(name) \(entry.name)")
      }
      if let last = found.last, x != nil {
        #expect(difference(last, try fixture.tensor("\(name)/dinput")) <= 1e-5, "\(name) input")
      }
    }
  }

  @Test func linearEmbeddingLayerNorm() throws {
    let fixture = try Fixture("layers")
    var random = RandomSource(seed: 1)
    let linear = Linear(9, 5, using: &random)
    try compare(
      "linear", fixture, linear.namedParameters, input: fixture.tensor("linear/input")
    ) { linear($0 ?? Tensor(0)) }
    let embedding = Embedding(11, 6, using: &random)
    let ids = try fixture.indices("embedding/input")
    try compare("embedding", fixture, embedding.namedParameters, input: nil) { _ in embedding(ids) }
    let norm = LayerNorm(13)
    try compare(
      "layernorm", fixture, norm.namedParameters, input: fixture.tensor("layernorm/input")
    ) { norm($0 ?? Tensor(0), .inference) }
  }

  @Test(arguments: ["rnn", "rnn-relu", "gru", "lstm", "lstm-wide", "gru-wide"])
  func recurrent(_ name: String) throws {
    let fixture = try Fixture("layers")
    var random = RandomSource(seed: 1)
    let isWide = name.hasSuffix("wide")
    let kind = try #require(RecurrentKind(rawValue: String(name.prefix { $0 != "-" })))
    let layer = Recurrent(
      kind, input: isWide ? 5 : 9, hidden: isWide ? 66 : 20, layers: isWide ? 1 : 2,
      nonlinearity: name == "rnn-relu" ? .relu : .tanh, using: &random)
    try compare(
      name, fixture, layer.namedParameters, input: fixture.tensor("\(name)/input")
    ) { layer($0 ?? Tensor(0), nil, .inference).output }
  }

  private struct LanguageModel: Module {
    let embedding: Embedding
    let recurrent: Recurrent
    let fc: Linear
  }

  @Test(arguments: RecurrentKind.allCases, ["sgd", "momentum", "adam", "adamw"])
  func tenSteps(_ kind: RecurrentKind, _ name: String) throws {
    let fixture = try Fixture("training")
    var random = RandomSource(seed: 1)
    let model = LanguageModel(
      embedding: Embedding(11, 6, using: &random),
      recurrent: Recurrent(kind, input: 6, hidden: 12, layers: 1, using: &random),
      fc: Linear(12, 11, using: &random))
    try fixture.load(model.namedParameters, "\(kind.rawValue)/start/")
    let parameters = model.trainableParameters
    let (optimizer, rate) = makeOptimizer(name, parameters)
    let inputs = try fixture.indices("inputs")
    let targets = try fixture.indices("targets").values
    let losses = try fixture.tensor("\(kind.rawValue)/\(name)/losses").values
    for step in 0..<10 {
      let (loss, gradients) = valueAndGradients(for: parameters) {
        let (output, _) = model.recurrent(inputs, model.embedding, nil, .inference)
        let rows = output.reshaped([24, 12])
        // The fused loss and the plain one in turn.
        return step % 2 == 0
          ? linearCrossEntropy(rows, model.fc.weight.value, model.fc.bias?.value, targets)
          : crossEntropy(model.fc(rows), targets)
      }
      #expect(abs(loss.item - losses[step]) <= 1e-5 * losses[step], "\(kind) \(name) step \(step)")
      let scale = clippingScale(norm: globalNorm(gradients), limit: name == "adamw" ? 0.25 : nil)
      optimizer.step(gradients, rate: rate, scale: scale)
    }
    for (key, parameter) in model.namedParameters {
      let expected = try fixture.tensor("\(kind.rawValue)/\(name)/end/\(key)")
      #expect(difference(parameter.value, expected) <= 1e-4, "\(kind) \(name) \(key)")
    }
  }

  private func makeOptimizer(
    _ name: String, _ parameters: [Parameter]
  ) -> (any Optimizer, Float) {
    var settings = OptimizerConfiguration()
    settings.kind = name == "adam" ? .adam : name == "adamw" ? .adamw : .sgd
    switch name {
    case "momentum": (settings.momentum, settings.weightDecay) = (0.9, 0.01)
    case "adam": settings.weightDecay = 0.01
    case "adamw": (settings.beta1, settings.beta2, settings.weightDecay) = (0.8, 0.95, 0.1)
    default: break
    }
    return (settings.make(parameters), name == "sgd" ? 0.5 : name == "momentum" ? 0.1 : 0.01)
  }
}
