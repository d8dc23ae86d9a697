import ArgumentParser
import Console
import Files

/// The flags of an autoencoder's networks.
struct VAEModelArguments: ParsableArguments {
  @Option(
    name: [.customLong("latent"), .customLong("latent-dim"), .customLong("z-dim")],
    help: "Numbers of a latent (default 20).")
  var latent: Int?
  @Option(help: "linear or convolutional (default linear).")
  var network: VAEConfiguration.Network?
  @Option(
    help: """
      Units of the encoder's layers (default 256,128), or channels of its convolutions, each of \
      which halves the sides (32,64).
      """)
  var layers: String?
  @Option(help: "convolutional: units between the last map and the latent (default 256).")
  var hidden: Int?
  @Option(
    help: """
      How pixels are distributed: bernoulli (default; grey values as probabilities) or gaussian \
      (default for colours), its deviation learned.
      """)
  var likelihood: VAEConfiguration.Likelihood?
  @Flag(help: "Learn the classes of the data, to be asked for with --class.")
  var conditional = false

  func validate() throws {
    if let latent, !(1...4096).contains(latent) {
      throw ValidationError("--latent \(latent): 1 to 4096")
    }
    if let hidden, !(1...1 << 16).contains(hidden) {
      throw ValidationError("--hidden \(hidden): 1 to 65536")
    }
  }

  /// Refuses what a VQ-VAE has not.
  func checkQuantized() throws {
    if latent != nil || hidden != nil {
      throw ValidationError(
        "--latent and --hidden are not of --vq: --layers, --codes and --code-dim say its sizes")
    }
    if network == .linear {
      throw ValidationError("--network linear: --vq is of convolutions; leave --network out")
    }
  }

  func options() throws(AIGCError) -> VAEModelOptions {
    var result = VAEModelOptions()
    result.latent = latent
    if let network { result.network = network }
    if let layers {
      let words = layers.split(separator: ",", omittingEmptySubsequences: false)
      let sizes = words.compactMap { Int($0) }
      guard sizes.count == words.count else {
        throw .usage("--layers \(layers): numbers such as 256,128")
      }
      result.layers = sizes
    }
    result.hidden = hidden
    result.likelihood = likelihood
    result.isConditional = conditional
    return result
  }
}

/// The flags of what an autoencoder learns from.
struct VAELossArguments: ParsableArguments {
  @Option(
    name: [.customLong("beta"), .customLong("kl-weight")], parsing: .unconditional,
    help: "Factor of the divergence of the latents from the prior (default 1).")
  var beta: Float?
  @Option(
    parsing: .unconditional,
    help: "Steps in which that factor grows from 0 (default 0: at once).")
  var klAnneal: Int?
  @Option(
    parsing: .unconditional,
    help: "Nats of each number of a latent that cost nothing, against collapse: 0.1 (default 0).")
  var freeBits: Float?
  @Flag(help: "Turn half of the pictures left to right.")
  var mirror = false

  var isOfDivergence: Bool { beta != nil || klAnneal != nil || freeBits != nil }

  func validate() throws {
    try requireFromZero([("--beta", beta), ("--free-bits", freeBits)])
    if let klAnneal, !(0...1 << 53).contains(klAnneal) {
      throw ValidationError("--kl-anneal \(klAnneal): a number of steps")
    }
  }

  /// Puts in what was given.
  func apply(to options: inout VAETrainingOptions) {
    if let beta { options.beta = beta }
    if let klAnneal { options.annealingSteps = klAnneal }
    if let freeBits { options.freeBits = freeBits }
    if mirror { options.isMirrored = true }
  }
}

/// The flags of an autoencoder with a discriminator.
struct VAEGANArguments: ParsableArguments {
  @Option(
    help: """
      vaegan: what reconstructions are compared by: pixels (default), or features of the \
      discriminator.
      """)
  var reconstruction: VAETrainingOptions.Reconstruction?
  @Flag(help: "vaegan: the discriminator judges pictures of drawn latents too (features: always).")
  var judgeSamples = false
  @Option(
    name: [.customLong("feature-weight"), .customLong("gamma")], parsing: .unconditional,
    help: "vaegan: factor of the features in the decoder's loss (default 1).")
  var featureWeight: Float?
  @Option(
    parsing: .unconditional,
    help: "vaegan: factor of the discriminator in the decoder's loss (default 1).")
  var adversarialWeight: Float?
  @Option(
    parsing: .unconditional,
    help: "vaegan: factor of the R1 penalty on the discriminator's gradient (default 0).")
  var r1: Float?
  @Option(
    name: [.customLong("d-lr")], parsing: .unconditional,
    help: "vaegan: learning rate of the discriminator (default 0.0002).")
  var discriminatorRate: Float?

  var isGiven: Bool {
    judgeSamples || reconstruction != nil || r1 != nil || featureWeight != nil
      || adversarialWeight != nil
      || discriminatorRate != nil
  }

  func validate() throws {
    try requireFromZero([
      ("--feature-weight", featureWeight), ("--adversarial-weight", adversarialWeight),
      ("--d-lr", discriminatorRate), ("--r1", r1),
    ])
  }

  /// Puts in what was given.
  /// - Throws: ``AIGCError`` (usage) for a factor of what is not compared.
  func apply(to options: inout VAETrainingOptions) throws(AIGCError) {
    if let reconstruction { options.reconstruction = reconstruction }
    if let featureWeight { options.featureWeight = featureWeight }
    if let adversarialWeight { options.adversarialWeight = adversarialWeight }
    if judgeSamples { options.judgesSamples = true }
    if let r1 { options.r1 = r1 > 0 ? r1 : nil }
    if let discriminatorRate { options.discriminatorRate = discriminatorRate }
    if featureWeight != nil, options.reconstruction != .features {
      throw .usage("--feature-weight is of --reconstruction features")
    }
  }
}

extension VAEConfiguration.Network: ExpressibleByArgument {}
extension VAEConfiguration.Likelihood: ExpressibleByArgument {}
extension VAETrainingOptions.Reconstruction: ExpressibleByArgument {}
