import Autograd
import Checkpoints
import Kernels
import NN
import TestSupport
import Testing
import Weights

/// Layers of images beside those of PyTorch, from `Scripts/fixtures/torch_images.py`: outputs, all
/// gradients, running statistics, some steps of training, a gradient penalty.
@Suite struct TorchImageTests {
  private static let tolerance: Float = 1e-5

  /// PyTorch's order of the axes as ours, and back.
  private func ours(_ x: Tensor) -> Tensor { x.rank == 4 ? x.permuted([0, 2, 3, 1]) : x }
  private func torchs(_ x: Tensor) -> Tensor { x.rank == 4 ? x.permuted([0, 3, 1, 2]) : x }

  private func context(_ isTraining: Bool) -> Context {
    Context(isTraining: isTraining, random: RandomSource(seed: 0), convolution: .exact)
  }

  /// Compares values of a file with those of parameters, in the file's layout.
  private func compare(
    _ file: Checkpoint, _ prefix: String, _ named: NamedParameters, _ values: [Tensor]
  ) throws {
    for (entry, value) in zip(named, values) {
      let stand = Parameter(value, stored: entry.parameter.stored)
      let written = StateDictionary.tensors([(entry.name, stand)])[0]
      let folder = try TemporaryFolder()
      try SafetensorsWriter.write([written], to: folder.file("x.safetensors"), sync: false)
      let found = try Checkpoint.open(folder.file("x.safetensors")).values(entry.name)
      expectClose(found, try file.values(prefix + entry.name), Self.tolerance, prefix + entry.name)
    }
  }

  private func check(_ name: String, _ layers: [any Layer], isTraining: Bool = true) throws {
    let file = try checkpoint("images")
    let module = layers.count == 1 ? nil : Sequential(layers)
    let named = module?.namedParameters ?? layers[0].namedParameters
    try StateDictionary.load(named, from: file, prefix: "\(name).start.")
    let trainable = named.filter { $0.parameter.isTrainable }
    try watching(trainable.map { $0.parameter }) {
      let x = ours(try file.values("\(name).x")).watchedCopy()
      let context = context(isTraining)
      let output = torchs(module?(x, context) ?? layers[0](x, context))
      expectClose(output, try file.values("\(name).output"), Self.tolerance, "\(name).output")
      let loss = (output * (formula(output.shape, seed: 99) * 8)).sum()
      let targets: [any Differentiable] = [x] + trainable.map { $0.parameter }
      let found = gradients(of: loss, at: targets)
      expectClose(
        torchs(found[0]), try file.values("\(name).x.grad"), Self.tolerance, "\(name).x.grad")
      try compare(file, "\(name).gradient.", trainable, Array(found.dropFirst()))
    }
    try compare(file, "\(name).end.", named, named.map { $0.parameter.value })
  }

  @Test func convolutions() throws {
    var random = RandomSource(seed: 1)
    try check("conv", [random.drawn { Conv2d(3, 5, kernel: 3, padding: 1, using: &$0) }])
    try check(
      "strided",
      [random.drawn { Conv2d(4, 6, kernel: 4, stride: 2, padding: 1, hasBias: false, using: &$0) }])
    try check(
      "transposed",
      [random.drawn { ConvTranspose2d(5, 3, kernel: 4, stride: 2, padding: 1, using: &$0) }])
    try check(
      "output_padding",
      [
        random.drawn {
          ConvTranspose2d(4, 2, kernel: 3, stride: 2, padding: 1, outputPadding: 1, using: &$0)
        }
      ])
  }

  @Test func normalisation() throws {
    var random = RandomSource(seed: 1)
    try check("batch_norm", [random.drawn { BatchNorm2d(5, using: &$0) }])
    try check("batch_norm_relu", [random.drawn { BatchNorm2d(20, using: &$0) }, Activation.relu])
    try check(
      "batch_norm_leaky",
      [random.drawn { BatchNorm2d(5, momentum: 0.3, using: &$0) }, Activation.leakyRelu(0.2)])
    try check(
      "batch_norm_eval", [random.drawn { BatchNorm2d(5, using: &$0) }, Activation.relu],
      isTraining: false)
    // Not in the same passes.
    try check(
      "batch_norm_relu", [random.drawn { BatchNorm2d(20, using: &$0) }, Activation { relu($0) }])
    try check("instance_norm", [random.drawn { InstanceNorm2d(5, using: &$0) }])
    try check(
      "instance_norm_affine", [random.drawn { InstanceNorm2d(5, isAffine: true, using: &$0) }])
  }

  @Test func poolingAndUpsampling() throws {
    try check("max_pool", [MaxPool2d(2)])
    try check("max_pool_overlapping", [MaxPool2d(3, stride: 2)])
    try check("average_pool", [AvgPool2d(2)])
    try check("nearest", [Upsample(2)])
    try check("bilinear", [Upsample(2, mode: .bilinear)])
    var random = RandomSource(seed: 1)
    try check("flatten", [Flatten(), random.drawn { Linear(24, 5, using: &$0) }])
  }

  @Test func spectralNorm() throws {
    var random = RandomSource(seed: 1)
    try check("spectral_linear", [random.drawn { Linear(6, 4, isSpectral: true, using: &$0) }])
    let convolution = {
      random.drawn { Conv2d(3, 5, kernel: 4, stride: 2, padding: 1, isSpectral: true, using: &$0) }
    }
    try check("spectral_conv", [convolution()])
    try check("spectral_eval", [convolution()], isTraining: false)
    try check(
      "spectral_transposed",
      [
        random.drawn {
          ConvTranspose2d(5, 3, kernel: 4, stride: 2, padding: 1, isSpectral: true, using: &$0)
        }
      ])
  }

  /// Sets every parameter to PyTorch's formula, in the order of names and in the file's layout.
  private func setFormula(_ named: NamedParameters) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("start.safetensors")
    let start: [NewTensor] = named.sorted { $0.name < $1.name }.enumerated().map {
      index, entry in
      let written = StateDictionary.tensors([entry])[0]
      guard entry.parameter.stored != .integer else { return written }
      var value = formula(Shape(written.shape), seed: UInt32(index + 1)) * 4
      if entry.name.hasSuffix("running_var") { value = abs(value) + 0.1 }
      return NewTensor(name: entry.name, shape: written.shape, floats: value.values)
    }
    try SafetensorsWriter.write(start, to: path, sync: false)
    try StateDictionary.load(named, from: Checkpoint.open(path))
  }

  private struct Network: Module {
    let main: Sequential

    init() {
      var random = RandomSource(seed: 1)
      main = Sequential([
        random.drawn { Conv2d(1, 6, kernel: 4, stride: 2, padding: 1, hasBias: false, using: &$0) },
        random.drawn { BatchNorm2d(6, using: &$0) }, Activation.leakyRelu(0.2),
        random.drawn { Conv2d(6, 8, kernel: 3, padding: 1, using: &$0) }, Activation.relu,
        MaxPool2d(2),
        Flatten(), random.drawn { Linear(8 * 9, 10, using: &$0) },
      ])
    }
  }

  @Test(arguments: ["classes", "binary"]) func tenSteps(_ name: String) throws {
    let file = try checkpoint("images")
    let model = Network()
    let named = model.namedParameters
    try setFormula(named)
    var configuration = Adam.Configuration()
    configuration.beta1 = 0.5
    let parameters = model.trainableParameters
    let optimizer = Adam(parameters, configuration)
    let x = ours(formula([8, 1, 12, 12], seed: 5) * 8)
    let labels = (0..<8).map { Int32($0 * 7 % 10) }
    var losses: [Float] = []
    for _ in 0..<10 {
      let (loss, gradients) = valueAndGradients(for: parameters) {
        let logits = model.main(x, context(true))
        if name == "classes" { return crossEntropy(logits, labels) }
        let targets = Tensor(logits.values.map { $0 > 0 ? 0.9 : 0 }, logits.shape)
        return binaryCrossEntropy(logits: logits * 30, targets)
      }
      optimizer.step(gradients, rate: 0.002, scale: 1)
      losses.append(loss.item)
    }
    expectClose(Tensor(losses, [10]), try file.values("\(name).losses"), 1e-4, name)
    for entry in named {
      let written = StateDictionary.tensors([entry])[0]
      let end = try file.values("\(name).end.\(entry.name)")
      #expect(written.shape == end.shape.dimensions)
    }
    let last = model.namedParameters.first { $0.name == "main.7.weight" }?.parameter.value
    expectClose(try #require(last), try file.values("\(name).end.main.7.weight"), 2e-3, name)
    let mean = named.first { $0.name == "main.1.running_mean" }?.parameter.value
    expectClose(try #require(mean), try file.values("\(name).end.main.1.running_mean"), 2e-3, name)
  }

  /// The gradient penalty of WGAN-GP: derivatives of a derivative.
  @Test func gradientPenalty() throws {
    let file = try checkpoint("images")
    var random = RandomSource(seed: 1)
    let model = Sequential([
      random.drawn { Conv2d(3, 6, kernel: 4, stride: 2, padding: 1, using: &$0) },
      Activation.leakyRelu(0.2),
      random.drawn { Conv2d(6, 8, kernel: 4, stride: 2, padding: 1, using: &$0) },
      random.drawn { InstanceNorm2d(8, using: &$0) },
      Activation.leakyRelu(0.2), random.drawn { Conv2d(8, 1, kernel: 2, using: &$0) },
    ])
    let named = model.namedParameters
    try setFormula(named)
    let (loss, found) = valueAndGradients(for: named.map { $0.parameter }) {
      let x = ours(formula([4, 3, 8, 8], seed: 3) * 8).watchedCopy()
      let slope = gradients(
        of: model(x, context(true)).sum(), at: [x], createGraph: true)[0]
      let norms = sqrt(square(slope.reshaped([4, 8 * 8 * 3])).sum(axis: 1))
      return square(norms - 1).mean()
    }
    expectClose(loss, try file.values("penalty.loss"), 1e-5, "penalty")
    // No slope depends on the last bias, nor on the one before the normalisation.
    let kept = zip(named, found).filter { !["2.bias", "5.bias"].contains($0.0.name) }
    try compare(file, "penalty.gradient.", kept.map { $0.0 }, kept.map { $0.1 })
  }
}
