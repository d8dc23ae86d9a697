import ArgumentParser
import Families
import Files
import NN

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
    if let layers { result.layers = try sizes("--layers", layers, such: "256,128") }
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
  @Flag(help: "Turn half of the images left to right.")
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
  @Flag(help: "vaegan: the discriminator judges images of drawn latents too (features: always).")
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
  /// - Throws: ``/Files/AIGCError`` (usage) for a factor of what is not compared.
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

/// The flags of a VQ-VAE's codebook.
struct CodebookArguments: ParsableArguments {
  @Option(
    name: [.customLong("codes"), .customLong("num-embeddings")],
    help: "Entries of the codebook (default 256).")
  var codes: Int?
  @Option(
    name: [.customLong("code-dim"), .customLong("embedding-dim")],
    help: "Numbers of an entry (default 16).")
  var dimension: Int?
  @Option(
    name: [.customLong("codebook")],
    help: """
      How the codebook learns: average (default; moving averages, unused entries are set \
      anew), or gradient.
      """)
  var update: VectorQuantizer.Update?
  @Option(
    name: [.customLong("commitment"), .customLong("commitment-cost")], parsing: .unconditional,
    help: "How much the encoder keeps to the entries it chose (default 0.25).")
  var commitment: Float?

  var isGiven: Bool { codes != nil || dimension != nil || update != nil || commitment != nil }

  func validate() throws {
    if let codes, !Codebook.entryRange.contains(codes) {
      throw ValidationError("--codes \(codes): 2 to \(Codebook.entryRange.upperBound)")
    }
    if let dimension, !Codebook.dimensionRange.contains(dimension) {
      throw ValidationError("--code-dim \(dimension): 1 to \(Codebook.dimensionRange.upperBound)")
    }
    if let commitment, !(commitment >= 0 && commitment.isFinite) {
      throw ValidationError("--commitment \(commitment): a number from 0 up")
    }
  }

  var codebook: Codebook {
    var result = Codebook()
    if let codes { result.entries = codes }
    if let dimension { result.dimension = dimension }
    if let update { result.update = update }
    if let commitment { result.commitment = commitment }
    return result
  }

  /// What a run keeps of it.
  /// - Parameter saved: of a run that goes on.
  func settings(_ saved: Codebook?) -> [RunSetting] {
    [
      RunSetting("--codes", codes, else: saved?.entries.description),
      RunSetting("--code-dim", dimension, else: saved?.dimension.description),
      RunSetting("--codebook", update?.rawValue, else: saved?.update.rawValue),
      RunSetting("--commitment", commitment, else: saved?.commitment.description),
    ]
  }
}

extension VectorQuantizer.Update: ExpressibleByArgument {}

/// The flags that make an autoencoder a VQ-VAE: another spelling of `train vqvae`.
struct QuantizedArguments: ParsableArguments {
  @Flag(help: "Latents are maps of codes of a learned codebook (VQ-VAE), as of 'train vqvae'.")
  var vq = false
  @OptionGroup(title: "VQ-VAE") var codebook: CodebookArguments

  func validate() throws {
    if !vq, codebook.isGiven {
      throw ValidationError("--codes, --code-dim, --codebook, --commitment go with --vq")
    }
  }
}

/// The flags of a table to learn from.
struct VAETableArguments: ParsableArguments {
  enum Task: String, CaseIterable, ExpressibleByArgument {
    case images, tabular
    /// What images were called.
    case pictures
  }

  @Option(help: "images (default), or tabular: DATA is a CSV file, whose rows are learned.")
  var task = Task.images
  @Option(help: "tabular: the columns to learn, by name or number from 1 (default: all).")
  var columns: String?
  @Option(help: "tabular: the column that says which rows are normal; it is not learned.")
  var label: String?
  @Option(
    help: "tabular: what stands there at normal rows, which alone are learned (default 0,normal).")
  var normal: String?

  var isGiven: Bool { task == .tabular || columns != nil || label != nil || normal != nil }

  func validate() throws {
    if task != .tabular, isGiven {
      throw ValidationError("--columns, --label and --normal go with --task tabular")
    }
    if normal != nil, label == nil { throw ValidationError("--normal goes with --label") }
  }

  /// nil for images.
  var options: VAETableOptions? {
    guard task == .tabular else { return nil }
    var result = VAETableOptions()
    if let columns { result.columns = commaSeparated(columns) }
    result.label = label
    if let normal { result.normal = commaSeparated(normal) }
    return result
  }
}

/// The sizes of layers in a list with commas.
/// - Parameter example: what such a list looks like.
/// - Throws: ``/Files/AIGCError`` (usage) for a list of something else.
func sizes(_ flag: String, _ list: String, such example: String) throws(AIGCError) -> [Int] {
  let words = commaSeparated(list)
  let sizes = words.compactMap { Int($0) }
  guard sizes.count == words.count else {
    throw .usage("\(flag) \(list): numbers such as \(example)")
  }
  return sizes
}
