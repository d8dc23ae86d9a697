import Autograd
import Checkpoints
import Files
import Kernels
import NN
import TestSupport
import Testing
import Weights

/// Ten steps of small language models beside those of PyTorch.
@Suite struct TorchTrainingTests {
  private struct Model: Module {
    let embedding: Embedding
    let recurrent: Recurrent
    let fc: Linear

    init(_ kind: RecurrentKind) {
      var random = RandomSource(seed: 1)
      embedding = random.drawn { Embedding(13, 6, using: &$0) }
      recurrent = random.drawn { Recurrent(kind, input: 6, hidden: 10, layers: 2, using: &$0) }
      fc = random.drawn { Linear(10, 13, using: &$0) }
    }

    /// By the fused loss and the short way through the embedding, or by plain operations.
    func loss(_ tokens: Indices, _ targets: [Int32], isFused: Bool) -> Tensor {
      let context = Context.inference
      let output =
        isFused
        ? recurrent(tokens, embedding, nil, context).output
        : recurrent(embedding(tokens), nil, context).output
      let rows = output.reshaped([tokens.values.count, 10])
      return isFused
        ? linearCrossEntropy(rows, fc.weight.value, fc.bias?.value, targets)
        : crossEntropy(fc(rows), targets)
    }
  }

  private func optimizer(_ name: String, _ parameters: [Parameter]) -> (any Optimizer, Float) {
    switch name {
    case "sgd": return (SGD(parameters), 0.5)
    case "clipped": return (SGD(parameters, momentum: 0.9, weightDecay: 0.01), 0.2)
    case "adam":
      var configuration = Adam.Configuration()
      configuration.weightDecay = 0.01
      return (Adam(parameters, configuration), 0.01)
    default:
      var configuration = Adam.Configuration.adamW
      configuration.weightDecay = 0.1
      return (Adam(parameters, configuration), 0.01)
    }
  }

  @Test(arguments: RecurrentKind.allCases, ["sgd", "clipped", "adam", "adamw"])
  func tenSteps(_ kind: RecurrentKind, _ name: String) throws {
    let file = try checkpoint("training")
    let tokens = try file.indices("tokens")
    let targets = try file.indices("targets").values
    for isFused in [false, true] {
      let model = Model(kind)
      try file.load(model, "\(kind.rawValue).start.")
      let parameters = model.trainableParameters
      let (optimizer, rate) = optimizer(name, parameters)
      let losses = try file.values("\(kind.rawValue).\(name).losses").values
      let norms = name == "clipped" ? try file.values("\(kind.rawValue).clipped.norms").values : []
      for step in 0..<10 {
        let (loss, gradients) = valueAndGradients(for: parameters) {
          model.loss(tokens, targets, isFused: isFused)
        }
        #expect(abs(loss.item - losses[step]) <= 1e-5 * losses[step], "step \(step)")
        var scale: Float = 1
        if name == "clipped" {
          let norm = globalNorm(gradients)
          #expect(abs(norm / Double(norms[step]) - 1) < 1e-5, "step \(step)")
          scale = clippingScale(norm: norm, limit: 0.1)
        }
        optimizer.step(gradients, rate: rate, scale: scale)
      }
      for (parameter, value) in model.namedParameters {
        expectClose(
          value.value, try file.values("\(kind.rawValue).\(name).end.\(parameter)"), 1e-4,
          "\(kind) \(name) \(parameter)", share: name.hasPrefix("adam") ? 0.999 : 1)
      }
    }
  }

  @Test func schedulesArePyTorchs() throws {
    let file = try checkpoint("schedules")
    for (name, shape) in [
      ("one_cycle", Schedule.Shape.oneCycle), ("cosine", .cosine), ("linear", .linear),
    ] {
      let schedule = Schedule(shape, peak: 2)
      let rates = Tensor((0..<20).map { schedule.rate($0, of: 20) }, [20])
      expectClose(rates, try file.values(name), 1e-6, name)
    }
  }

  @Test func warmupRisesToThePeak() {
    var schedule = Schedule(.constant, peak: 0.5)
    schedule.warmup = 4
    #expect((0..<6).map { schedule.rate($0, of: 10) } == [0.125, 0.25, 0.375, 0.5, 0.5, 0.5])
    schedule.shape = .cosine
    #expect(schedule.rate(3, of: 10) == 0.5)
    #expect(schedule.rate(4, of: 10) == 0.5)
    #expect(abs(schedule.rate(10, of: 10) - 0.05) < 1e-6)
    #expect(abs(schedule.rate(1000, of: 10) - 0.05) < 1e-6)
  }

  @Test func clipping() {
    #expect(clippingScale(norm: 3, limit: nil) == 1)
    #expect(clippingScale(norm: 3, limit: 4) == 1)
    #expect(abs(clippingScale(norm: 8, limit: 4) - 0.5) < 1e-6)
    let gradients = [Tensor([3, 0], [2]), Tensor([4], [])]
    #expect(globalNorm(gradients) == 5)
    #expect(!globalNorm([Tensor([.nan], [1])]).isFinite)
  }

  @Test(arguments: [(12, 12), (30, 7), (5, 40)])
  func orthogonalWeights(rows: Int, columns: Int) {
    var random = RandomSource(seed: 4)
    let q = Initializer.orthogonal([rows, columns], gain: 2, using: &random)
    #expect(q.shape == [rows, columns])
    let size = min(rows, columns)
    let product =
      rows < columns
      ? matmul(q, q, transposeB: true) : matmul(q, q, transposeA: true)
    for i in 0..<size {
      for j in 0..<size {
        #expect(abs(product.values[i * size + j] - (i == j ? 4 : 0)) < 1e-4)
      }
    }
  }

  /// Everything that does not fit is said in one message, and nothing is changed.
  @Test func strictLoading() throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 6)
    let written = random.drawn { Linear(3, 2, using: &$0) }
    let path = folder.file("model.safetensors")
    let weight = Parameter(Tensor.zeros([2, 4]))
    try StateDictionary.write(
      [("fc.weight", weight), ("fc.extra", written.weight), ("fc.other", written.weight)], to: path)
    let read = random.drawn { Linear(3, 2, using: &$0) }
    let before = read.weight.value.values
    let checkpoint = try Checkpoint.open(path)
    let error = try #require(throws: AIGCError.self) {
      try StateDictionary.load(read.namedParameters, from: checkpoint, prefix: "fc.")
    }
    #expect(error.code == .mismatch)
    let text = error.description
    for part in [
      path, "weight has the shape [2, 4], not [2, 3]", "bias is missing", "extra is unknown",
      "other is unknown",
    ] {
      #expect(text.contains(part), "\(text)")
    }
    #expect(!text.contains("\n"))
    #expect(read.weight.value.values == before)
  }

  @Test func savedIsLoaded() throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 7)
    let (a, b) = (
      random.drawn { Linear(3, 2, using: &$0) }, random.drawn { Linear(3, 2, using: &$0) }
    )
    let path = folder.file("model.safetensors")
    try StateDictionary.write(a.namedParameters, to: path)
    try StateDictionary.load(b.namedParameters, from: Checkpoint.open(path))
    #expect(a.weight.value.values == b.weight.value.values)
    #expect(a.bias?.value.values == b.bias?.value.values)
  }
}
