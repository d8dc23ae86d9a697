import Autograd
import Files
import Kernels
import NN
import Training

/// The networks of a run: two translators and two judges, or with pairs one of each.
struct TranslationNetworks {
  /// A → B.
  let generatorA: TranslationGenerator
  /// B → A; nil with pairs.
  let generatorB: TranslationGenerator?
  /// Judges images of A; nil with pairs.
  let discriminatorA: PatchDiscriminator?
  /// Judges images of B, with pairs beside their original.
  let discriminatorB: PatchDiscriminator

  init(_ configuration: CycleGANConfiguration, using random: inout RandomSource) {
    generatorA = random.drawn { TranslationGenerator(configuration, using: &$0) }
    generatorB =
      configuration.isPaired
      ? nil : random.drawn { TranslationGenerator(configuration, using: &$0) }
    discriminatorA =
      configuration.isPaired ? nil : random.drawn { PatchDiscriminator(configuration, using: &$0) }
    discriminatorB = random.drawn { PatchDiscriminator(configuration, using: &$0) }
  }

  /// By the names of the files of a model folder.
  var translators: [(name: String, module: TranslationGenerator)] {
    [("generator_a", generatorA)] + (generatorB.map { [("generator_b", $0)] } ?? [])
  }
  var generators: [(name: String, module: any Module)] {
    translators.map { ($0.name, $0.module) }
  }
  var discriminators: [(name: String, module: any Module)] {
    (discriminatorA.map { [("discriminator_a", $0 as any Module)] } ?? [])
      + [("discriminator_b", discriminatorB)]
  }
}

/// One step of CycleGAN (Zhu et al. 2017) or pix2pix (Isola et al. 2017): first the translators through their
/// judges, then the judges. Images are translated once and serve both.
final class CycleGANStep {
  let networks: TranslationNetworks
  let generatorOptimizer: any Optimizer
  let discriminatorOptimizer: any Optimizer
  /// Translated images of A and of B that the judges see again.
  var pools: (a: ImagePool, b: ImagePool)
  private let options: CycleGANTrainingOptions
  private let generatorParameters: [Parameter]
  private let discriminatorParameters: [Parameter]
  private let updateGenerators: GradientStep
  private let updateDiscriminators: GradientStep
  /// Whether an image's result depends on no other of the batch, so that batches may be joined.
  private let seesEachAlone: Bool

  init(
    _ configuration: CycleGANConfiguration, _ networks: TranslationNetworks,
    _ options: CycleGANTrainingOptions, _ optimizer: OptimizerConfiguration
  ) {
    self.networks = networks
    self.options = options
    seesEachAlone = configuration.normalization != .batch
    func trainable(_ parts: [(name: String, module: any Module)]) -> NamedParameters {
      parts.flatMap { part in
        part.module.trainableNamedParameters.map { ("\(part.name).\($0.name)", $0.parameter) }
      }
    }
    let generators = trainable(networks.generators)
    let discriminators = trainable(networks.discriminators)
    generatorParameters = generators.map { $0.parameter }
    discriminatorParameters = discriminators.map { $0.parameter }
    generatorOptimizer = optimizer.make(generatorParameters)
    discriminatorOptimizer = optimizer.make(discriminatorParameters)
    updateGenerators = GradientStep(generators, generatorOptimizer, clip: optimizer.gradClip)
    updateDiscriminators = GradientStep(
      discriminators, discriminatorOptimizer, clip: optimizer.gradClip)
    let length = configuration.width * configuration.height * configuration.channels
    // With pairs the judge sees the original too, and no image comes again.
    let pool = ImagePool(limit: configuration.isPaired ? 0 : options.poolSize, length: length)
    pools = (pool, pool)
  }

  /// Takes one step.
  /// - Parameters:
  ///   - a: images of A, [batch, height, width, channels].
  ///   - b: as many of B; with pairs the other halves.
  ///   - step: for messages.
  ///   - rate: the learning rate of all networks.
  ///   - context: its random source serves dropout and the pools.
  /// - Throws: ``/Files/AIGCError`` (diverged) when a gradient is not finite.
  func callAsFunction(
    _ a: Tensor, _ b: Tensor, _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) -> TranslationLosses {
    var losses = TranslationLosses()
    var fakes: (a: Tensor?, b: Tensor)?
    let gradients = watching(generatorParameters) { () -> [Tensor] in
      let (loss, made) =
        networks.generatorB.map { unpaired(a, b, back: $0, &losses, context) }
        ?? paired(a, b, &losses, context)
      fakes = made
      return Autograd.gradients(of: loss, at: generatorParameters)
    }
    losses.generatorNorm = try updateGenerators.apply(
      loss: losses.generator, gradients, step: step, rate: rate)
    if let fakes { try judge(a, b, fakes, &losses, step, rate: rate, context) }
    return losses
  }

  // MARK: Translators

  /// There and back, and what is changed in images that are of the target domain already.
  private func unpaired(
    _ a: Tensor, _ b: Tensor, back: TranslationGenerator, _ losses: inout TranslationLosses,
    _ context: Context
  ) -> (loss: Tensor, fakes: (a: Tensor?, b: Tensor)) {
    let hasIdentity = options.lambdaIdentity > 0
    let (fakeB, sameB) = translated(a, and: hasIdentity ? b : nil, networks.generatorA, context)
    let (fakeA, sameA) = translated(b, and: hasIdentity ? a : nil, back, context)
    let adversarialA =
      networks.discriminatorA.map {
        options.objective.loss($0(changed(fakeA, context), context), isReal: true)
      } ?? Tensor(0)
    let adversarialB = options.objective.loss(
      networks.discriminatorB(changed(fakeB, context), context), isReal: true)
    let cycleA = meanAbsoluteError(back(fakeB, context), a) * options.lambdaA
    let cycleB = meanAbsoluteError(networks.generatorA(fakeA, context), b) * options.lambdaB
    var loss = adversarialA + adversarialB + cycleA + cycleB
    if let sameA, let sameB {
      // The names are the published ones: A is what the translator A → B does with B.
      let identityA = meanAbsoluteError(sameB, b) * (options.lambdaB * options.lambdaIdentity)
      let identityB = meanAbsoluteError(sameA, a) * (options.lambdaA * options.lambdaIdentity)
      loss = loss + identityA + identityB
      (losses.identityA, losses.identityB) = (Double(identityA.item), Double(identityB.item))
    }
    (losses.adversarialA, losses.adversarialB) = (
      Double(adversarialA.item), Double(adversarialB.item)
    )
    (losses.cycleA, losses.cycleB) = (Double(cycleA.item), Double(cycleB.item))
    return (loss, (fakeA.detached, fakeB.detached))
  }

  private func paired(
    _ a: Tensor, _ b: Tensor, _ losses: inout TranslationLosses, _ context: Context
  ) -> (loss: Tensor, fakes: (a: Tensor?, b: Tensor)) {
    let fake = networks.generatorA(a, context)
    let logits = networks.discriminatorB(
      changed(concatenated([a, fake], axis: 3), context), context)
    let adversarial = options.objective.loss(logits, isReal: true)
    let l1 = meanAbsoluteError(fake, b) * options.lambdaL1
    (losses.adversarialB, losses.l1) = (Double(adversarial.item), Double(l1.item))
    return (adversarial + l1, (nil, fake.detached))
  }

  /// Both in one pass where that changes nothing: half as many products, each of twice the rows.
  private func translated(
    _ x: Tensor, and other: Tensor?, _ generator: TranslationGenerator, _ context: Context
  ) -> (Tensor, Tensor?) {
    guard let other else { return (generator(x, context), nil) }
    guard seesEachAlone else { return (generator(x, context), generator(other, context)) }
    let (both, count) = (generator(concatenated([x, other]), context), x.shape[0])
    return (both.sliced(0..<count), both.sliced(count..<both.shape[0]))
  }

  /// Images as discriminators see them.
  private func changed(_ images: Tensor, _ context: Context) -> Tensor {
    options.augmentation?(images, using: &context.random) ?? images
  }

  // MARK: Judges

  private func judge(
    _ a: Tensor, _ b: Tensor, _ fakes: (a: Tensor?, b: Tensor), _ losses: inout TranslationLosses,
    _ step: Int, rate: Float, _ context: Context
  ) throws(AIGCError) {
    let isPaired = networks.discriminatorA == nil
    let seenB = isPaired ? fakes.b : pools.b.exchanged(fakes.b, using: &context.random)
    let seenA = fakes.a.map { pools.a.exchanged($0, using: &context.random) }
    let (loss, gradients) = valueAndGradients(for: discriminatorParameters) {
      func beside(_ image: Tensor) -> Tensor {
        isPaired ? concatenated([a, image], axis: 3) : image
      }
      let lossB = judged(networks.discriminatorB, beside(b), beside(seenB), &losses, context)
      losses.judgeB = Double(lossB.item)
      guard let discriminator = networks.discriminatorA, let seenA else { return lossB }
      let lossA = judged(discriminator, a, seenA, &losses, context)
      losses.judgeA = Double(lossA.item)
      return lossA + lossB
    }
    losses.discriminatorNorm = try updateDiscriminators.apply(
      loss: Double(loss.item), gradients, step: step, rate: rate)
  }

  private func judged(
    _ discriminator: PatchDiscriminator, _ real: Tensor, _ fake: Tensor,
    _ losses: inout TranslationLosses, _ context: Context
  ) -> Tensor {
    let (realLogits, fakeLogits): (Tensor, Tensor)
    let (real, fake) = (changed(real, context), changed(fake, context))
    if seesEachAlone {
      let (both, count) = (
        discriminator(concatenated([real, fake]), context), real.shape[0]
      )
      (realLogits, fakeLogits) = (both.sliced(0..<count), both.sliced(count..<both.shape[0]))
    } else {
      (realLogits, fakeLogits) = (discriminator(real, context), discriminator(fake, context))
    }
    losses.observe(
      real: realLogits, fake: fakeLogits, threshold: options.objective.threshold,
      share: networks.discriminatorA == nil ? 1 : 0.5)
    return
      (options.objective.loss(realLogits, isReal: true)
      + options.objective.loss(fakeLogits, isReal: false)) * 0.5
  }
}
