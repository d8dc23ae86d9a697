import Autograd
import Checkpoints
import Kernels
import NN
import Testing

/// The codebook layer beside PyTorch, from `Scripts/fixtures/torch_quantizer.py`, and what that has not:
/// entries that die and come back.
@Suite struct VectorQuantizerTests {
  private func training(_ seed: UInt64 = 1) -> Context {
    Context(isTraining: true, random: RandomSource(seed: seed))
  }

  @Test func lossesAndGradients() throws {
    let file = try checkpoint("quantizer")
    var random = RandomSource(seed: 1)
    let layer = random.drawn { VectorQuantizer(6, dimension: 4, update: .gradient, using: &$0) }
    #expect(layer.namedParameters.map { $0.name } == ["embedding.weight"])
    layer.embedding.value = try file.values("embedding.weight")
    try watching([layer.embedding]) {
      let x = try file.values("x").watchedCopy()
      let result = layer(x, training())
      #expect(result.codes == (try file.indices("codes").values))
      expectClose(result.vectors, try file.values("y"), 1e-6, "y")
      expectClose(result.codebookLoss, try file.values("codebook_loss"), 1e-6, "codebook loss")
      expectClose(result.commitmentLoss, try file.values("commitment_loss"), 1e-6, "commitment")
      let loss =
        (result.vectors * (formula(x.shape, seed: 99) * 8)).sum() + result.codebookLoss
        + result.commitmentLoss * 0.25
      let found = gradients(of: loss, at: [x, layer.embedding])
      expectClose(found[0], try file.values("x.grad"), 1e-6, "gradient of x")
      expectClose(found[1], try file.values("embedding.weight.grad"), 1e-6, "of the codebook")
    }
  }

  @Test func movingAverages() throws {
    let file = try checkpoint("quantizer")
    var random = RandomSource(seed: 1)
    let layer = random.drawn { VectorQuantizer(6, dimension: 4, using: &$0) }
    #expect(layer.trainableParameters.isEmpty)
    try file.load(layer, "start.")
    let context = training()
    for step in 0..<5 {
      _ = layer(formula([2, 3, 3, 4], seed: 20 + UInt32(step)) * 8, context)
    }
    for (name, parameter) in layer.namedParameters {
      expectClose(parameter.value, try file.values("end.\(name)"), 1e-5, name)
    }
  }

  /// Codes that stay unused are moved onto data, and then all are in use; nothing moves in inference, and
  /// the same seed moves the same.
  @Test func deadEntriesComeBack() {
    var random = RandomSource(seed: 3)
    // Far away from where the codebook begins.
    let x = Tensor.normal([512, 2], mean: 40, using: &random)
    func trained() -> (VectorQuantizer, [Int32]) {
      var random = RandomSource(seed: 5)
      let layer = random.drawn { VectorQuantizer(16, dimension: 2, using: &$0) }
      let before = layer.embedding.value.values
      _ = layer(x, .inference)
      #expect(layer.embedding.value.values == before)
      let context = training(7)
      for _ in 0..<30 { _ = layer(x, context) }
      return (layer, layer(x, .inference).codes)
    }
    let (layer, codes) = trained()
    #expect(Set(codes).count == 16)
    #expect(Quantized.perplexity(codes, entries: 16) > 12)
    #expect(trained().0.embedding.value.values == layer.embedding.value.values)
    #expect(layer(x, .inference).commitmentLoss.item < 0.2)
  }

  @Test func perplexity() {
    #expect(abs(Quantized.perplexity([0, 1, 2, 3], entries: 9) - 4) < 1e-12)
    #expect(abs(Quantized.perplexity([5, 5, 5], entries: 9) - 1) < 1e-12)
  }
}
