import Autograd
import Kernels
import Testing

/// What Llama and its kin are made of beside those operations of PyTorch and transformers, from
/// `Scripts/fixtures/torch_transformer.py`.
@Suite struct TorchTransformerTests {
  private func compare(
    _ name: String, _ shapes: [Shape], _ operation: ([Tensor]) -> Tensor
  ) throws {
    let file = try checkpoint("transformer")
    let inputs = shapes.enumerated().map {
      (formula($1, seed: UInt32($0 + 1)) * 16).watchedCopy()
    }
    let y = operation(inputs)
    expectClose(y, try file.values("\(name).output"), 1e-5, "\(name).output")
    let loss = (y * (formula(y.shape, seed: 99) * 8)).sum()
    for (index, gradient) in gradients(of: loss, at: inputs).enumerated() {
      let label = "\(name).gradient.\(index)"
      expectClose(gradient, try file.values(label), 1e-5, label)
    }
  }

  @Test(arguments: [[7, 4, 2, 5, 3], [70, 2, 1, 8, 40]])
  func attention(_ sizes: [Int]) throws {
    let (steps, size) = (sizes[0], sizes[3])
    let narrow: Shape = [2, steps, sizes[2] * size]
    try compare("attention.\(steps)", [[2, steps, sizes[1] * size], narrow, narrow]) {
      Autograd.attention($0[0], $0[1], $0[2], headSize: size, scale: 0.25, window: sizes[4])
    }
  }

  @Test func norms() throws {
    try compare("rms", [[2, 3, 12], [12]]) { rmsNorm($0[0], $0[1], epsilon: 1e-5) }
    try compare("rms.heads", [[2, 3, 12], [6]]) {
      rmsNorm($0[0], $0[1], addsOne: true, epsilon: 1e-6)
    }
  }

  @Test func rotary() throws {
    var shape = TransformerShape(
      vocabulary: 1, context: 50, width: 24, layers: 1, heads: 3, inner: 1,
      positions: .rotary(RotaryEmbedding(base: 100)))
    shape.headSize = 8
    let table = RotaryTable(frequencies: shape.rotaryFrequencies(ofLayer: 0), positions: 0..<50)
    try compare("rotary", [[2, 20, 24]]) { Autograd.rotary($0[0], table) }
  }

  @Test(arguments: [TransformerActivation.geluTanh, .gelu, .relu, .silu])
  func gates(_ activation: TransformerActivation) throws {
    try compare("gated.\(activation)", [[3, 101], [3, 101]]) {
      gated($0[0] * 4, $0[1], by: activation)
    }
    if activation == .silu { try compare("silu", [[3, 101]]) { silu($0[0] * 4) } }
  }
}
