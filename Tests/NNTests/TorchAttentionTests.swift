import Autograd
import Kernels
import Testing

/// Attention and GELU beside those of PyTorch, from `Scripts/fixtures/torch_attention.py`.
@Suite struct TorchAttentionTests {
  private func compare(_ name: String, _ x: Tensor, _ operation: (Tensor) -> Tensor) throws {
    let file = try checkpoint("attention")
    let x = x.watchedCopy()
    let y = operation(x)
    expectClose(y, try file.values("\(name).output"), 1e-5, "\(name).output")
    let loss = (y * (formula(y.shape, seed: 99) * 8)).sum()
    expectClose(
      gradients(of: loss, at: [x])[0], try file.values("\(name).gradient"), 1e-5,
      "\(name).gradient")
  }

  @Test(arguments: [([2, 7, 45], 3), ([1, 70, 192], 2), ([1, 65, 384], 2)])
  func attention(_ sizes: [Int], _ heads: Int) throws {
    try compare("attention.\(sizes[1])", formula(Shape(sizes), seed: 1) * 16) {
      Autograd.attention($0, heads: heads)
    }
  }

  @Test func gelu() throws {
    let x = formula([3, 101], seed: 2) * 40
    try compare("gelu.none", x) { Autograd.gelu($0) }
    try compare("gelu.tanh", x) { Autograd.gelu($0, approximation: .tanh) }
  }
}
