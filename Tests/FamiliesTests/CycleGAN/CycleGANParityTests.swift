import Autograd
import FamilySupport
import Kernels
import NN
import Testing
import Training

@testable import Families

/// Translators, their judges and their steps beside PyTorch's (`Scripts/fixtures/torch_cyclegan.py`).
@Suite struct CycleGANParityTests {
  private let fixture: TensorFixture

  init() throws { fixture = try TensorFixture("cyclegan.safetensors") }

  private let exact = Context(
    isTraining: true, random: RandomSource(seed: 1), convolution: .exact)

  /// A small model of the published networks.
  private static func sizes(
    _ width: Int, _ height: Int, channels: Int,
    _ change: (inout CycleGANConfiguration) -> Void = { _ in }
  ) -> CycleGANConfiguration {
    var result = CycleGANConfiguration(width: width, height: height, channels: channels)
    (result.generatorWidth, result.discriminatorWidth) = (2, 2)
    change(&result)
    return result
  }

  private static let generators: [(name: String, sizes: CycleGANConfiguration)] = [
    (
      "article",
      sizes(9, 6, channels: 3) { ($0.generator, $0.generatorWidth, $0.blocks) = (.article, 4, 2) }
    ),
    ("resnet_6blocks", sizes(16, 12, channels: 3) { $0.generator = .resnet6 }),
    (
      "resnet_9blocks",
      sizes(12, 16, channels: 1) { ($0.generator, $0.normalization) = (.resnet9, .batch) }
    ),
    (
      "unet_128", sizes(128, 128, channels: 1) { ($0.generator, $0.generatorWidth) = (.unet128, 1) }
    ),
  ]

  private static let discriminators: [(name: String, sizes: CycleGANConfiguration)] = [
    ("basic", sizes(40, 32, channels: 3)),
    (
      "n_layers",
      sizes(24, 20, channels: 1) {
        ($0.discriminator, $0.discriminatorLayers, $0.normalization) = (.layers, 2, .batch)
      }
    ),
    ("pixel", sizes(4, 5, channels: 3) { $0.discriminator = .pixel }),
  ]

  /// The images that the fixture's script computes by the same formula, channels last.
  private func images(_ sizes: CycleGANConfiguration, seed: UInt32) -> Tensor {
    var state = seed
    let shape: Shape = [2, sizes.channels, sizes.height, sizes.width]
    return Tensor(shape) { memory in
      for index in memory.indices {
        state = state &* 1_664_525 &+ 1_013_904_223
        memory[index] = (Float(state >> 16) - 32768) / 32768
      }
    }.permuted([0, 2, 3, 1])
  }

  /// Output and gradients of a network with the fixture's weights.
  private func check(
    _ name: String, _ network: some Module, _ x: Tensor, every step: Int = 1,
    _ output: (Tensor) -> Tensor
  ) throws {
    try fixture.load(network, "\(name).start.")
    let parameters = network.trainableNamedParameters
    var y = Tensor(0)
    let (_, gradients) = valueAndGradients(for: parameters.map { $0.parameter }) {
      y = output(x)
      return square(y).mean()
    }
    let (height, width, channels) = (y.shape[1], y.shape[2], y.shape[3])
    let values = y.values
    let shown = (0..<values.count).filter {
      ($0 / channels / width) % height % step == 0 && ($0 / channels) % width % step == 0
    }.map { values[$0] }
    try fixture.expectSame(shown, "\(name).output", 1e-4)
    let named = zip(parameters, gradients).map { parameter, gradient in
      (parameter.name, Parameter(gradient, stored: parameter.parameter.stored))
    }
    // Where a norm follows, biases have no effect, and their gradients are what rounding leaves.
    let felt = named.filter { name, gradient in
      !name.hasSuffix("bias") || gradient.value.values.contains { abs($0) > 1e-5 }
    }
    try fixture.expectSame(felt, below: "\(name).gradient", 2e-3, share: 0.999)
  }

  @Test(arguments: 0..<4) func generatorsGiveTheSameImages(_ index: Int) throws {
    let (name, sizes) = Self.generators[index]
    var random = RandomSource(seed: 1)
    let network = random.drawn { TranslationGenerator(sizes, using: &$0) }
    let seed: [UInt32] = [100, 101, 102, 103]
    try check(
      name, network, images(sizes, seed: seed[index]), every: name.hasPrefix("unet") ? 5 : 1
    ) { network($0, exact) }
  }

  @Test(arguments: 0..<3) func discriminatorsGiveTheSameLogits(_ index: Int) throws {
    let (name, sizes) = Self.discriminators[index]
    var random = RandomSource(seed: 1)
    let network = random.drawn { PatchDiscriminator(sizes, using: &$0) }
    try check(name, network, images(sizes, seed: UInt32(104 + index))) { network($0, exact) }
  }

  /// The networks of a run, with the fixture's weights.
  private func networks(
    _ sizes: CycleGANConfiguration, _ name: String
  ) throws -> TranslationNetworks {
    var random = RandomSource(seed: 1)
    let networks = TranslationNetworks(sizes, using: &random)
    for part in networks.generators + networks.discriminators {
      try fixture.load(part.module, "\(name).\(part.name).start.")
    }
    return networks
  }

  /// Ten steps of all networks: losses of each, and where the weights end.
  private func tenSteps(
    _ name: String, _ sizes: CycleGANConfiguration, _ options: CycleGANTrainingOptions,
    _ losses: (TranslationLosses) -> [Double]
  ) throws {
    let networks = try networks(sizes, name)
    let step = CycleGANStep(sizes, networks, options, CycleGANRecipe.defaults.optimizer)
    let (a, b) = (try fixture.tensor("\(name).a"), try fixture.tensor("\(name).b"))
    let expected = try fixture.tensor("\(name).losses")
    for index in 0..<10 {
      let found = losses(
        try step(
          a.sliced(index..<index + 1), b.sliced(index..<index + 1), index, rate: 2e-4, exact))
      let row = expected.sliced(index..<index + 1).values
      for (place, value) in found.enumerated() {
        #expect(
          abs(value - Double(row[place])) < 1e-4 * max(1, abs(value)),
          "\(name), step \(index), loss \(place)")
      }
    }
    for part in networks.generators + networks.discriminators {
      try fixture.expectSame(
        part.module.namedParameters.filter { !$0.name.hasSuffix("bias") },
        below: "\(name).\(part.name).end", 2e-3, share: 0.995)
    }
  }

  private func unpaired(_ losses: TranslationLosses) -> [Double] {
    [
      losses.adversarialA, losses.adversarialB, losses.cycleA, losses.cycleB, losses.identityA,
      losses.identityB, losses.judgeA, losses.judgeB,
    ]
  }

  @Test func tenStepsOfTheArticlesNetworks() throws {
    var sizes = CycleGANConfiguration.article(width: 24, height: 16, channels: 3)
    (sizes.generatorWidth, sizes.discriminatorWidth, sizes.blocks) = (4, 2, 1)
    try tenSteps("article_steps", sizes, CycleGANTrainingOptions(), unpaired)
  }

  @Test func tenStepsOfThePublishedNetworks() throws {
    let sizes = Self.sizes(32, 32, channels: 1) { $0.generator = .resnet6 }
    try tenSteps("resnet_steps", sizes, CycleGANTrainingOptions(), unpaired)
  }

  @Test func tenStepsOnPairs() throws {
    let sizes = Self.sizes(32, 32, channels: 1) { ($0.generator, $0.isPaired) = (.resnet6, true) }
    var options = CycleGANTrainingOptions()
    options.objective = .vanilla
    try tenSteps("paired_steps", sizes, options) { [$0.adversarialB, $0.l1, $0.judgeB] }
  }

  /// The pool gives back what pytorch-CycleGAN's does, when the same places are drawn.
  @Test func thePoolExchangesTheSameImages() throws {
    let (given, places) = (
      try fixture.tensor("pool.given").values, try fixture.tensor("pool.places").values
    )
    var pool = ImagePool(limit: 3, length: 2)
    for index in given.indices {
      let new = Tensor([Float(index), Float(-index)], [1, 1, 2, 1])
      let shown = pool.exchanged(new) { places[index] < 0 ? nil : Int(places[index]) }
      #expect(shown.values == [given[index], -given[index]])
    }
  }

  /// An image that was drawn from the pool is as likely as a new one, and each of the pool as the others.
  @Test func thePoolDrawsHalfOfTheTime() {
    var pool = ImagePool(limit: 4, length: 1)
    var random = RandomSource(seed: 2)
    let old = (0..<4000).filter { index in
      pool.exchanged(Tensor([Float(index)], [1, 1, 1, 1]), using: &random).values[0] != Float(index)
    }
    #expect((1850...2150).contains(old.count))
  }
}
