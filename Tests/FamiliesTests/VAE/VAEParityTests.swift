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

/// Autoencoders and their steps beside PyTorch's (`Scripts/fixtures/torch_vae.py`).
@Suite struct VAEParityTests {
  private let fixture: TensorFixture
  private var file: Checkpoint { fixture.file }

  init() throws { fixture = try TensorFixture("vae.safetensors") }

  private let exact = Context(
    isTraining: true, random: RandomSource(seed: 1), convolution: .exact)

  /// A tensor of the file; images, of rank 4 or 5, with their channels last.
  private func tensor(_ name: String) throws -> Tensor {
    let stored = try file.tensor(name)
    let result = Tensor(try stored.floats(), Shape(stored.shape))
    switch stored.shape.count {
    case 4: return result.permuted([0, 2, 3, 1])
    case 5: return result.permuted([0, 1, 3, 4, 2])
    default: return result
    }
  }

  private func part(_ tensor: Tensor, _ index: Int) -> Tensor {
    tensor.sliced(index..<index + 1).reshaped(Shape(Array(tensor.shape.dimensions.dropFirst())))
  }

  /// Whether values lie as close as `tolerance` of the largest one.
  private func expectSame(
    _ found: [Float], _ expected: [Float], _ tolerance: Float, _ name: String, share: Double = 1
  ) {
    #expect(found.count == expected.count, "\(name)")
    let limit = tolerance * max(expected.reduce(0) { max($0, abs($1)) }, 1e-6)
    let wrong = zip(found, expected).reduce(0) { $0 + (abs($1.0 - $1.1) <= limit ? 0 : 1) }
    #expect(Double(wrong) <= (1 - share) * Double(found.count), "\(name): \(wrong) differ")
  }

  private static let plain: [(String, VAEConfiguration)] = {
    var vae = VAEConfiguration(.vae, width: 5, height: 6, channels: 1)
    (vae.latent, vae.layers) = (5, [12, 8])
    var beta = vae
    beta.training = VAETrainingOptions()
    beta.training?.beta = 4
    beta.training?.freeBits = 0.05
    var conditional = VAEConfiguration(.vae, width: 4, height: 4, channels: 3)
    (conditional.latent, conditional.layers) = (4, [12, 8])
    conditional.classes = ["a", "b", "c"]
    conditional.likelihood = .gaussian
    var convolutional = VAEConfiguration(.vae, width: 8, height: 8, channels: 1)
    convolutional.network = .convolutional
    (convolutional.latent, convolutional.layers, convolutional.hidden) = (5, [4, 6], 10)
    var both = VAEConfiguration(.vae, width: 8, height: 8, channels: 3)
    both.network = .convolutional
    (both.latent, both.layers, both.hidden) = (4, [4, 6], 10)
    both.classes = ["a", "b"]
    return [
      ("vae", vae), ("beta", beta), ("conditional", conditional),
      ("convolutional", convolutional), ("conditional_convolutional", both),
    ]
  }()

  private func networks(
    _ configuration: VAEConfiguration, _ name: String
  ) throws -> VAENetworks {
    var random = RandomSource(seed: 1)
    let result = random.drawn { VAENetworks(configuration, using: &$0) }
    try StateDictionary.load(result.namedParameters, from: file, prefix: name)
    return result
  }

  private func batch(_ name: String, _ index: Int, labels: [Int32]) throws -> VAEBatch {
    let count = try file.tensor("\(name).noise").shape[1]
    let part = labels.isEmpty ? [] : Array(labels[index * count..<(index + 1) * count])
    return VAEBatch(
      images: self.part(try tensor("\(name).x"), index),
      noise: self.part(try tensor("\(name).noise"), index), labels: part)
  }

  @Test(arguments: plain) func outputsAndGradients(
    _ name: String, _ configuration: VAEConfiguration
  ) throws {
    let networks = try networks(configuration, "\(name).start.")
    let labels = try file["\(name).labels"]?.integers().map { Int32($0) } ?? []
    let batch = try batch(name, 0, labels: labels)
    let (mean, logVariance) = networks.encode(batch.images, labels: batch.labels, exact)
    expectSame(mean.values, try tensor("\(name).mean").values, 1e-5, "mean")
    expectSame(
      logVariance.values, try tensor("\(name).log_variance").values, 1e-5, "log variance")
    let z = VAENetworks.reparameterized(mean, logVariance, noise: batch.noise)
    let logits = networks.decode(z, labels: batch.labels, exact)
    expectSame(logits.values, try tensor("\(name).logits").values, 1e-5, "logits")

    let parameters = networks.trainableNamedParameters
    let options = configuration.training ?? VAETrainingOptions()
    let (_, gradients) = valueAndGradients(for: parameters.map { $0.parameter }) {
      let (mean, logVariance) = networks.encode(batch.images, labels: batch.labels, exact)
      let z = VAENetworks.reparameterized(mean, logVariance, noise: batch.noise)
      let losses = VAELosses(
        batch.images, logits: networks.decode(z, labels: batch.labels, exact), mean,
        logVariance, networks.likelihood, freeBits: options.freeBits)
      return losses.reconstruction + losses.charged * options.beta
    }
    let named = zip(parameters, gradients).map { parameter, gradient in
      (parameter.name, Parameter(gradient, stored: parameter.parameter.stored))
    }
    try fixture.expectSame(named, below: "\(name).gradient", 1e-5)
  }

  @Test(arguments: plain) func tenSteps(
    _ name: String, _ configuration: VAEConfiguration
  ) throws {
    let networks = try networks(configuration, "\(name).start.")
    let step = VAEStep(
      networks, configuration.training ?? VAETrainingOptions(), VAERecipe.defaults.optimizer)
    let terms = try file.tensor("\(name).terms").floats().map { Double($0) }
    let labels = try file["\(name).labels"]?.integers().map { Int32($0) } ?? []
    for index in 0..<10 {
      let metrics = try step(try batch(name, index, labels: labels), index, rate: 1e-3, exact)
      #expect(metrics[0].name == "loss" && metrics[2].name == "kl")
      for (place, metric) in metrics.prefix(3).enumerated() {
        let expected = terms[3 * index + place]
        #expect(abs(metric.value - expected) <= 1e-5 * max(1, expected), "\(metric) step \(index)")
      }
    }
    try fixture.expectSame(networks.namedParameters, below: "\(name).end", 1e-3, share: 0.999)
  }

  @Test(arguments: VAETrainingOptions.Reconstruction.allCases) func tenStepsOfBoth(
    _ reconstruction: VAETrainingOptions.Reconstruction
  ) throws {
    let name = reconstruction == .pixels ? "vaegan" : "features"
    var configuration = VAEConfiguration(.vaegan, width: 5, height: 6, channels: 1)
    (configuration.latent, configuration.layers) = (5, [12, 8])
    let networks = try networks(configuration, "\(name).start.vae.")
    var random = RandomSource(seed: 1)
    let sizes = try #require(VAEFolder.discriminatorSizes(configuration))
    let discriminator = random.drawn { GANDiscriminator(sizes, using: &$0) }
    try StateDictionary.load(
      discriminator.namedParameters, from: file, prefix: "\(name).start.discriminator.")
    var options = VAETrainingOptions()
    options.reconstruction = reconstruction
    (options.featureWeight, options.adversarialWeight) = (0.5, 0.7)
    let step = VAEGANStep(
      networks, discriminator, options, VAERecipe.defaults.optimizer, peak: 1e-3)
    let terms = try file.tensor("\(name).terms").floats().map { Double($0) }
    let drawn = try tensor("\(name).drawn")
    let wanted = [
      "reconstruction", "kl", "discriminator_loss", "generator_loss", "feature_loss",
    ]
    for index in 0..<10 {
      var batch = try batch(name, index, labels: [])
      if reconstruction == .features { batch.drawn = part(drawn, index) }
      let metrics = try step(batch, index, rate: 1e-3, exact)
      for (place, metric) in wanted.enumerated() {
        guard let found = metrics.first(where: { $0.name == metric }) else {
          #expect(metric == "feature_loss" && reconstruction == .pixels)
          continue
        }
        let expected = terms[5 * index + place]
        #expect(
          abs(found.value - expected) <= 1e-5 * max(1, expected), "\(found) \(expected) \(index)")
      }
    }
    let all = VAEFolder.named(.vaegan, networks, discriminator)
    try fixture.expectSame(all, below: "\(name).end", 1e-3, share: 0.999)
  }
}
