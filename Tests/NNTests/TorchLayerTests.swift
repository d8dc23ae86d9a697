import Autograd
import Checkpoints
import Kernels
import NN
import Testing

/// Outputs and gradients of layers beside those of PyTorch, from `Scripts/fixtures/torch_layers.py`.
@Suite struct TorchLayerTests {
  private static let tolerance: Float = 1e-5

  /// Runs a layer under the fixture's projection and compares its output and every gradient.
  private func compare(
    _ file: Checkpoint, _ prefix: String, _ module: some Module, input: Tensor?,
    _ layer: (Tensor?) -> Tensor
  ) throws {
    let named = module.namedParameters
    try watching(named.map { $0.parameter }) {
      let x = input?.watchedCopy()
      let output = layer(x)
      expectClose(
        output, try file.values("\(prefix).output"), Self.tolerance, "\(prefix).output")
      let loss = (output * (formula(output.shape, seed: 99) * 8)).sum()
      let targets: [any Differentiable] = named.map { $0.parameter } + (x.map { [$0] } ?? [])
      let found = gradients(of: loss, at: targets)
      for (index, entry) in named.enumerated() {
        try compareGradient(file, "\(prefix).gradient.\(entry.name)", found[index])
      }
      if x != nil, let gradient = found.last {
        expectClose(
          gradient, try file.values("\(prefix).x.grad"), Self.tolerance, "\(prefix).x.grad")
      }
    }
  }

  private func compareGradient(_ file: Checkpoint, _ name: String, _ found: Tensor) throws {
    if file[name] != nil {
      expectClose(found, try file.values(name), Self.tolerance, name)
      return
    }
    // Of a large matrix the file has some rows and the sum of all.
    let rows = try file.values("\(name).rows")
    let taken = (0..<rows.shape[0]).map { found.sliced($0 * 61..<$0 * 61 + 1) }
    expectClose(concatenated(taken), rows, Self.tolerance, "\(name).rows")
    expectClose(
      found.sum(axis: 0), try file.values("\(name).sum"), Self.tolerance, "\(name).sum")
  }

  @Test func linear() throws {
    let file = try checkpoint("layers")
    var random = RandomSource(seed: 1)
    let layer = random.drawn { Linear(7, 9, using: &$0) }
    try file.load(layer, "linear.parameter.")
    let x = try file.values("linear.x")
    try compare(file, "linear", layer, input: x) { $0.map { layer($0) } ?? x }
  }

  @Test func embedding() throws {
    let file = try checkpoint("layers")
    var random = RandomSource(seed: 1)
    let layer = random.drawn { Embedding(11, 5, using: &$0) }
    try file.load(layer, "embedding.parameter.")
    let indices = try file.indices("embedding.x")
    try compare(file, "embedding", layer, input: nil) { _ in layer(indices) }
  }

  @Test func layerNorm() throws {
    let file = try checkpoint("layers")
    let layer = ParameterPlan.shapes { LayerNorm(13, using: &$0) }
    try file.load(layer, "layer_norm.parameter.")
    let x = try file.values("layer_norm.x")
    try compare(file, "layer_norm", layer, input: x) {
      $0.map { layer($0, .inference) } ?? x
    }
  }

  @Test(arguments: ["rnn_tanh", "rnn_relu", "gru", "lstm"], [20, 70])
  func recurrent(_ name: String, hidden: Int) throws {
    let file = try checkpoint("recurrent")
    var random = RandomSource(seed: 1)
    let kind = RecurrentKind(rawValue: String(name.prefix { $0 != "_" })) ?? .lstm
    let layer = random.drawn {
      Recurrent(
        kind, input: 4, hidden: hidden, layers: 2,
        nonlinearity: name == "rnn_relu" ? .relu : .tanh, using: &$0)
    }
    if hidden == 20 {
      try file.load(layer, "\(name).20.parameter.")
    } else {
      for (index, entry) in layer.namedParameters.enumerated() {
        entry.parameter.value = formula(entry.parameter.shape, seed: UInt32(index + 1))
      }
    }
    let x = try file.values("\(name).\(hidden).x")
    try compare(file, "\(name).\(hidden)", layer, input: x) {
      layer($0 ?? x, nil, .inference).output
    }
    guard hidden == 20 else { return }
    let state = layer(x, nil, .inference).state
    let shape: Shape = [1, 5, 20]
    expectClose(
      concatenated(state.hidden.map { $0.reshaped(shape) }), try file.values("\(name).20.h"),
      Self.tolerance, "\(name): the last states")
    if kind == .lstm {
      expectClose(
        concatenated(state.cells.map { $0.reshaped(shape) }), try file.values("\(name).20.c"),
        Self.tolerance, "\(name): the last cells")
    }
  }

  /// A sequence in two pieces gives what the whole gives.
  @Test(arguments: RecurrentKind.allCases) func statesGoOn(_ kind: RecurrentKind) throws {
    var random = RandomSource(seed: 5)
    let layer = random.drawn { Recurrent(kind, input: 3, hidden: 9, layers: 2, using: &$0) }
    let x = Tensor.normal([6, 4, 3], using: &random)
    let whole = layer(x, nil, .inference).output
    let (first, state) = layer(x.sliced(0..<2), nil, .inference)
    let second = layer(x.sliced(2..<6), state, .inference).output
    expectClose(concatenated([first, second]), whole, 1e-6, "\(kind)")
  }
}
