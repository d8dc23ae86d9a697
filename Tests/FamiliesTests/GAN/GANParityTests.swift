import Autograd
import Checkpoints
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// The networks and their steps beside PyTorch's (`Scripts/fixtures/torch_gan.py`).
@Suite struct GANParityTests {
  private let fixture: TensorFixture
  private var file: Checkpoint { fixture.file }

  init() throws { fixture = try TensorFixture("gan.safetensors") }

  private let exact = Context(
    isTraining: true, random: RandomSource(seed: 1), convolution: .exact)

  private func tensor(_ name: String) throws -> Tensor { try fixture.tensor(name) }

  private func numbers(_ name: String) throws -> [Double] {
    try file.tensor(name).floats().map { Double($0) }
  }

  /// Two networks with the fixture's starting weights.
  private func networks(
    _ configuration: GANConfiguration, _ name: String
  ) throws -> (GANGenerator, GANDiscriminator) {
    var random = RandomSource(seed: 1)
    let generator = random.drawn { GANGenerator(configuration, using: &$0) }
    let discriminator = random.drawn { GANDiscriminator(configuration, using: &$0) }
    try fixture.load(generator, "\(name).generator.start.")
    try fixture.load(discriminator, "\(name).discriminator.start.")
    return (generator, discriminator)
  }

  private func configuration(_ kind: GANKind) -> GANConfiguration {
    var result =
      kind == .gan
      ? GANConfiguration(.gan, width: 5, height: 6, channels: 1, layers: [12, 24])
      : GANConfiguration(.dcgan, width: 16, height: 16, channels: 1, layers: [12, 8])
    result.latent = kind == .gan ? 7 : 5
    return result
  }

  /// Whether values lie as close as `tolerance` of the largest one.
  private func expectSame(_ found: [Float], _ name: String, _ tolerance: Float) throws {
    try fixture.expectSame(found, name, tolerance)
  }

  @Test(arguments: GANKind.allCases) func firstGradients(_ kind: GANKind) throws {
    let name = kind.rawValue
    let (generator, discriminator) = try networks(configuration(kind), name)
    let real = try tensor("\(name).real")
    let size = real.count / 10
    let images = Tensor(Array(real.values.prefix(size)), [6, real.shape[3], real.shape[4], 1])
    let latents = try tensor("\(name).latents").sliced(0..<1).reshaped([6, generatorInput(kind)])
    let fake = generator(latents, exact)
    try expectSame(fake.values, "\(name).pictures", 1e-5)
    let parameters = discriminator.trainableNamedParameters
    let (_, gradients) = valueAndGradients(for: parameters.map { $0.parameter }) {
      AdversarialLoss.original.discriminator(
        real: discriminator(images, labels: [], exact),
        fake: discriminator(fake, labels: [], exact), smoothing: 0)
    }
    let named = zip(parameters, gradients).map { parameter, gradient in
      (parameter.name, Parameter(gradient, stored: parameter.parameter.stored))
    }
    try fixture.expectSame(named, below: "\(name).discriminator.gradient", 1e-5)
  }

  private func generatorInput(_ kind: GANKind) -> Int { kind == .gan ? 7 : 5 }

  @Test(arguments: GANKind.allCases) func tenSteps(_ kind: GANKind) throws {
    let name = kind.rawValue
    let (generator, discriminator) = try networks(configuration(kind), name)
    let step = GANStep(
      generator, discriminator, GANTrainingOptions(), GANRecipe.defaults(kind).optimizer)
    let (real, latents) = (try tensor("\(name).real"), try tensor("\(name).latents"))
    let generatorLosses = try numbers("\(name).generator_losses")
    let discriminatorLosses = try numbers("\(name).discriminator_losses")
    func part(_ tensor: Tensor, _ index: Int, _ shape: Shape) -> Tensor {
      tensor.sliced(index..<index + 1).reshaped(shape)
    }
    let latentShape: Shape = [6, latents.shape[2]]
    for index in 0..<10 {
      let batch = GANBatch(
        images: part(real, index, [6, real.shape[3], real.shape[4], 1]),
        latents: part(latents, index, latentShape), labels: [])
      let result = try step(index, rate: 2e-4, exact) { batch }
      #expect(abs(result.generatorLoss - generatorLosses[index]) < 1e-5, "step \(index)")
      #expect(abs(result.discriminatorLoss - discriminatorLosses[index]) < 1e-5, "step \(index)")
    }
    let parts = [
      ("generator", generator.namedParameters), ("discriminator", discriminator.namedParameters),
    ]
    for (part, parameters) in parts {
      try fixture.expectSame(parameters, below: "\(name).\(part).end", 1e-3, share: 0.999)
    }
    let shown = generator(part(latents, 0, latentShape), .inference)
    try expectSame(shown.values, "\(name).eval_pictures", 1e-3)
  }

  /// Channels and rows stand as in PyTorch, in the layers and in their weights.
  @Test(arguments: GANKind.allCases) func colourWiderThanHigh(_ kind: GANKind) throws {
    var configuration =
      kind == .gan
      ? GANConfiguration(.gan, width: 4, height: 3, channels: 3, layers: [6, 12])
      : GANConfiguration(.dcgan, width: 24, height: 16, channels: 3, layers: [6, 4])
    configuration.latent = 5
    let name = "colour.\(kind.rawValue)"
    let (generator, discriminator) = try networks(configuration, name)
    let images = generator(try tensor("\(name).latents"), exact)
    try expectSame(images.values, "\(name).pictures", 1e-5)
    let logits = discriminator(images, labels: [], exact)
    try expectSame(logits.values, "\(name).logits", 1e-5)
  }

  private static let lossNames: [(String, AdversarialLoss)] = [
    ("original", .original), ("lsgan", .lsgan), ("hinge", .hinge), ("wgan-gp", .wganGP),
    ("r1", .original), ("smooth", .original),
  ]

  @Test(arguments: lossNames) func losses(_ name: String, _ loss: AdversarialLoss) throws {
    var configuration = GANConfiguration(
      .gan, width: 4, height: 3, channels: 1, layers: [4, 8])
    configuration.latent = 2
    var random = RandomSource(seed: 1)
    let discriminator = random.drawn { GANDiscriminator(configuration, using: &$0) }
    try fixture.load(discriminator, "losses.start.")
    func images(_ name: String) throws -> Tensor { try tensor(name).reshaped([5, 3, 4, 1]) }
    let (real, fake) = (try images("losses.real"), try images("losses.fake"))
    let shares = try tensor("losses.shares")
    func logits(_ images: Tensor) -> Tensor { discriminator(images, labels: [], exact) }
    let parameters = discriminator.trainableNamedParameters
    let (value, gradients) = valueAndGradients(for: parameters.map { $0.parameter }) {
      let x = real.watchedCopy()
      let realLogits = logits(x)
      var result = loss.discriminator(
        real: realLogits, fake: logits(fake), smoothing: name == "smooth" ? 0.1 : 0)
      if name == "r1" {
        result = result + GradientPenalty.zeroCentered(x, logits: realLogits, gamma: 3)
      }
      if loss == .wganGP {
        result =
          result
          + GradientPenalty.wasserstein(
            real: real, fake: fake, shares: shares, weight: 10, logits)
      }
      return result
    }
    try expectSame(value.values, "losses.\(name).discriminator", 1e-5)
    try expectSame(loss.generator(fake: logits(fake)).values, "losses.\(name).generator", 1e-5)
    for (parameter, gradient) in zip(parameters, gradients) {
      try expectSame(gradient.values, "losses.\(name).gradient.\(parameter.name)", 2e-5)
    }
  }
}
