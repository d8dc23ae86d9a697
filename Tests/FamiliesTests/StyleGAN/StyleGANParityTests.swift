import Autograd
import Checkpoints
import FamilySupport
import Kernels
import NN
import Testing
import Training
import Weights

@testable import Families

/// StyleGAN2's parts beside PyTorch's (`Scripts/fixtures/torch_stylegan.py`).
@Suite struct StyleGANParityTests {
  private let fixture: TensorFixture

  init() throws { fixture = try TensorFixture("stylegan.safetensors") }

  private let exact = Context(
    isTraining: true, random: RandomSource(seed: 1), convolution: .exact)

  static func sizes(
    side: Int, cbase: Int = 256, cmax: Int = 16, latent: Int = 16, depth: Int = 3,
    classes: Int = 0
  ) -> StyleGANConfiguration {
    var result = StyleGANConfiguration(side: side, channels: 3)
    (result.latent, result.style, result.depth) = (latent, latent, depth)
    (result.baseMaps, result.mostMaps) = (cbase, cmax)
    result.classes = (0..<classes).map { "\($0)" }
    return result
  }

  // MARK: Operations

  private static let filters: [(name: String, filter: ResamplingFilter)] = [
    ("up", .doubling), ("down", .halving),
    ("blur", ResamplingFilter(ResamplingFilter.binomial, before: 2, after: 2)),
  ]

  @Test(arguments: filters) func filter(_ name: String, _ filter: ResamplingFilter) throws {
    let x = try fixture.image("filter.x").watchedCopy()
    let y = resample2d(x, filter)
    try fixture.expectSameImage(y, "filter.\(name).y", 1e-5)
    let dy = try fixture.image("filter.\(name).dy")
    try fixture.expectSameImage(
      gradients(of: (y * dy).sum(), at: [x])[0], "filter.\(name).dx", 1e-5)
  }

  @Test(arguments: ["up", "same", "rgb"]) func modulated(_ name: String) throws {
    func tensor(_ part: String) throws -> Tensor { try fixture.tensor("modulated.\(name).\(part)") }
    let x = try fixture.image("modulated.\(name).x").watchedCopy()
    let styles = try tensor("styles").watchedCopy()
    let weight = try tensor("weight").permuted([2, 3, 1, 0]).watchedCopy()
    let convolution = ModulatedConv2d(weight: weight, doubles: name == "up", mode: .exact)
    var y = convolution(x, styles: styles)
    if name != "rgb" {
      let noise = try tensor("noise")
      let side = noise.shape[-1]
      y = styledActivation(
        y, scale: convolution.demodulation(styles),
        noise: noise.reshaped([noise.count / side / side, side, side, 1]))
    }
    try fixture.expectSameImage(y, "modulated.\(name).y", 1e-5)
    let dy = try fixture.image("modulated.\(name).dy")
    let found = gradients(of: (y * dy).sum(), at: [x, styles, weight])
    try fixture.expectSameImage(found[0], "modulated.\(name).dx", 1e-4)
    try fixture.expectSame(found[1].values, "modulated.\(name).dstyles", 1e-4)
    try fixture.expectSame(
      found[2].permuted([3, 2, 0, 1]).values, "modulated.\(name).dweight", 1e-4)
  }

  // MARK: Networks

  private func generator(
    _ sizes: StyleGANConfiguration, _ prefix: String
  ) throws -> StyleGenerator {
    let result = ParameterPlan.shapes { StyleGenerator(sizes, using: &$0) }
    try fixture.loadWithoutFilters(result, prefix)
    return result
  }

  private func discriminator(
    _ sizes: StyleGANConfiguration, _ prefix: String
  ) throws -> StyleGANDiscriminator {
    let result = ParameterPlan.shapes { StyleGANDiscriminator(sizes, using: &$0) }
    try fixture.loadWithoutFilters(result, prefix)
    return result
  }

  @Test func wholeGenerator() throws {
    let sizes = Self.sizes(side: 64)
    let model = StyleGANModel(sizes, try generator(sizes, "generator.state."))
    let latents = try fixture.tensor("generator.z").values
    let styles = try model.styles(latents: latents, labels: [])
    try fixture.expectSame(styles, "generator.ws", 1e-5)
    func check(_ name: String, _ change: (inout StyleSettings) -> Void) throws {
      var settings = StyleSettings()
      change(&settings)
      try fixture.expectSameClipped(
        model.with(settings).images(latents: latents, labels: []), name, channels: 3)
    }
    try check("generator.image") { _ in }
    try check("generator.truncated") { $0.truncation = 0.5 }
    try check("generator.cutoff") { ($0.truncation, $0.cutoff) = (0.5, 4) }
    try check("generator.noiseless") { $0.noise = .none }
    let own = model.truncated(styles)
    let perImage = model.styleCount * model.styleWidth
    let mixed =
      own[..<(4 * model.styleWidth)] + own[(perImage + 4 * model.styleWidth)..<(2 * perImage)]
    try fixture.expectSameClipped(
      model.images(styles: Array(mixed)), "generator.mixed", channels: 3)
  }

  @Test func conditionalNetworks() throws {
    let sizes = Self.sizes(side: 16, cbase: 128, cmax: 8, classes: 3)
    let model = StyleGANModel(sizes, try generator(sizes, "conditional.state."))
    let labels = try fixture.file.tensor("conditional.c").integers().map { Int32($0) }
    try fixture.expectSameClipped(
      model.images(latents: fixture.tensor("conditional.z").values, labels: labels),
      "conditional.image", channels: 3)
    let judge = try discriminator(sizes, "conditional_discriminator.state.")
    let logits = judge(
      try fixture.image("conditional_discriminator.images"),
      labels: try fixture.file.tensor("conditional_discriminator.c").integers().map { Int32($0) },
      exact)
    try fixture.expectSame(logits.values, "conditional_discriminator.logits", 1e-4)
  }

  @Test func discriminatorWithPenalty() throws {
    let judge = try discriminator(Self.sizes(side: 32), "discriminator.state.")
    let images = try fixture.image("discriminator.images").watchedCopy()
    let parameters = judge.trainableNamedParameters
    func check(_ gradients: [Tensor], _ prefix: String) throws {
      let named = zip(parameters, gradients).map { parameter, gradient in
        (parameter.name, Parameter(gradient, stored: parameter.parameter.stored))
      }
      try fixture.expectSame(named, below: prefix, 1e-4)
    }
    try watching(parameters.map { $0.parameter }) {
      let logits = judge(images, labels: [], exact)
      try fixture.expectSame(logits.values, "discriminator.logits", 1e-4)
      let found = gradients(
        of: softplus(-logits).mean(), at: parameters.map { $0.parameter.value } + [images])
      try check(Array(found.dropLast()), "discriminator.grad")
      try fixture.expectSameImage(found[found.count - 1], "discriminator.dimages", 1e-4)
    }
    let (penalty, penalties) = valueAndGradients(for: parameters.map { $0.parameter }) {
      let watched = images.detached.watchedCopy()
      return GradientPenalty.zeroCentered(
        watched, logits: judge(watched, labels: [], exact), gamma: 10)
    }
    try fixture.expectSame([penalty.item], "discriminator.penalty", 1e-4)
    try check(penalties, "discriminator.r1")
  }

  @Test func pathLengths() throws {
    let generator = try generator(Self.sizes(side: 64), "generator.state.")
    let z = try fixture.tensor("generator.z")
    let direction = try fixture.image("path.noise")
    let parameters = generator.trainableNamedParameters
    var lengths: [Float] = []
    let (_, found) = valueAndGradients(for: parameters.map { $0.parameter }) {
      let style = generator.style(z, labels: [], exact)
      let result = PathLength.penalty(
        generator, [Tensor](repeating: style, count: generator.styleCount), mean: 0.3, .const,
        direction, exact)
      lengths = result.lengths.values
      #expect(abs(result.mean - 0.297 - lengths.reduce(0, +) / Float(lengths.count) * 0.01) < 1e-4)
      return result.loss * 2
    }
    try fixture.expectSame(lengths, "path.lengths", 1e-4)
    let named = zip(parameters, found).map { parameter, gradient in
      (parameter.name, Parameter(gradient, stored: parameter.parameter.stored))
    }
    try fixture.expectSame(named, below: "path.grad", 2e-4)
  }

  @Test func article() throws {
    var sizes = StyleGANConfiguration.article()
    (sizes.latent, sizes.style) = (6, 16)
    let network = ParameterPlan.shapes { StyleGenerator(sizes, using: &$0) }
    try fixture.load(network, "article.state.")
    try fixture.expectSameClipped(
      StyleGANModel(sizes, network).images(
        latents: fixture.tensor("article.z").values, labels: []), "article.images", channels: 3)
  }

  // MARK: Training

  @Test func relativisticLosses() throws {
    let real = try fixture.tensor("relativistic.real").watchedCopy()
    let fake = try fixture.tensor("relativistic.fake").watchedCopy()
    let loss = AdversarialLoss.relativistic
    for (name, value) in [
      ("discriminator", loss.discriminator(real: real, fake: fake, smoothing: 0)),
      ("generator", loss.generator(fake: fake, real: real)),
    ] {
      try fixture.expectSame([value.item], "relativistic.\(name).loss", 1e-6)
      let found = gradients(of: value, at: [real, fake])
      try fixture.expectSame(found[0].values, "relativistic.\(name).dreal", 1e-5)
      try fixture.expectSame(found[1].values, "relativistic.\(name).dfake", 1e-5)
    }
  }

  /// Three steps of both networks, the first one with both regularisations.
  @Test func steps() throws {
    let sizes = Self.sizes(side: 8, cbase: 64, cmax: 8, latent: 8, depth: 2)
    var options = StyleGANTrainingOptions()
    options.gamma = 1
    let step = StyleGANStep(
      sizes, try generator(sizes, "steps.generator."),
      try discriminator(sizes, "steps.discriminator."), options, StyleGANRecipe.defaults.optimizer)
    let (z, real) = (try fixture.tensor("steps.z"), try fixture.tensor("steps.real"))
    let pathNoise = try fixture.image("steps.path_noise")
    var losses: [Float] = []
    for index in 0..<3 {
      let images = real.sliced(index..<index + 1).reshaped([4, 3, 8, 8]).permuted([0, 2, 3, 1])
      let result = try step(
        StyleGANBatch(images: images, labels: []),
        z.sliced(index..<index + 1).reshaped([4, 8]), index, rate: 2.5e-3, exact, mixing: nil,
        noise: .const, pathNoise: pathNoise)
      losses += [Float(result.networks.discriminatorLoss), Float(result.networks.generatorLoss)]
    }
    try fixture.expectSame(losses, "steps.losses", 1e-4)
    try fixture.expectSame([step.pathMean], "steps.path_mean", 1e-4)
    try fixture.expectSame(
      step.generator.namedParameters, below: "steps.after.generator", 1e-3)
    try fixture.expectSame(
      step.discriminator.namedParameters, below: "steps.after.discriminator", 1e-3)
  }
}

extension TensorFixture {
  /// Images of PyTorch's order with their channels last.
  func image(_ name: String) throws -> Tensor { try tensor(name).permuted([0, 2, 3, 1]) }

  func expectSameImage(
    _ image: Tensor, _ name: String, _ tolerance: Float,
    location: SourceLocation = #_sourceLocation
  ) throws {
    try expectSame(image.permuted([0, 3, 1, 2]).values, name, tolerance, location: location)
  }

  /// Images of a model, which are cut to -1 to 1, beside those of the file.
  func expectSameClipped(
    _ values: [Float], _ name: String, channels: Int,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try image(name)
    #expect(values.count == expected.count, "\(name)", sourceLocation: location)
    let distance = zip(values, expected.values).reduce(Float(0)) {
      max($0, abs($1.0 - min(max($1.1, -1), 1)))
    }
    #expect(distance < 1e-3, "\(name): differs by \(distance)", sourceLocation: location)
  }

  /// Takes a network's parameters of NVlabs' names, without their constant filters.
  func loadWithoutFilters(_ module: some Module, _ prefix: String) throws {
    let weights = try file.without { $0.hasSuffix("resample_filter") }
    try StateDictionary.load(module.namedParameters, from: weights, prefix: prefix)
  }
}
