import Autograd
import Checkpoints
import Datasets
import Files
import Kernels
import Weights
import TestSupport
import Training

@testable import Commands
@testable import Families

/// Targets of models of images: `config.json` of a folder with small sound weights; `vaeWeights`
/// changes these.
struct ImageModelFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []
  private let path: String

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    path =
      "\(folder)/" + (target == .vaeWeights ? VAEFolder.weights : ModelConfiguration.fileName)
    try writeModel()
    seeds = [try bytes(path)]
  }

  var dictionary: [String] {
    [
      "\"width\": ", "\"height\": ", "\"channels\": ", "\"latent\": ", "\"layers\": ",
      "\"stages\": ", "\"hidden\": ", "\"classes\": ", "\"codebook\": ", "\"entries\": ",
      "\"table\": ", "\"threshold\": ", "\"training\": null", "\"convolutional\"", "\"gaussian\"",
      "\"instance\"", "true", "null", "[]", "{}", "[\"a\", \"b\"]", "[4096]", "[1,1,1,1]", "-1",
      "0", "1", "2", "8", "16", "4096", "65536", "1e99", "9223372036854775807", "F16", "I64",
      "\"shape\":[",
    ]
  }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch] }

  /// Half of the changes are sound JSON with other numbers, so that the checks behind its reader are
  /// reached.
  func write(_ input: [UInt8]) throws {
    let isSound = target != .vaeWeights && input.count % 2 == 0
    let other = isSound ? otherNumbers(input.reduce(0) { $0 &* 31 &+ UInt64($1) }) : input
    try TestSupport.write(other, to: path)
  }

  private static let numbers = [
    "0", "1", "2", "3", "4", "5", "8", "12", "16", "31", "32", "256", "4096", "4097", "65536",
    "16777216", "4294967296", "9223372036854775807", "-1", "0.5", "1e99",
  ]

  /// The sound file with a fifth of its numbers exchanged.
  private func otherNumbers(_ seed: UInt64) -> [UInt8] {
    var random = RandomSource(seed: seed)
    var (result, digits): ([UInt8], [UInt8]) = ([], [])
    for byte in seeds[0] + [0x0A] {
      if (0x30...0x39).contains(byte) || byte == 0x2E || byte == 0x2D {
        digits.append(byte)
        continue
      }
      if !digits.isEmpty, random.integer(below: 5) == 0 {
        digits = Array(Self.numbers[Int(random.integer(below: UInt64(Self.numbers.count)))].utf8)
      }
      result += digits + [byte]
      digits = []
    }
    return result
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  // MARK: Models

  private func writeModel() throws {
    let name = { (file: String) in "\(folder)/\(file)" }
    var random = RandomSource(seed: 1)
    switch target {
    case .gan, .dcgan:
      let kind: GANKind = target == .gan ? .gan : .dcgan
      var sizes = GANConfiguration(kind, width: 8, height: 8, channels: 1, layers: [4])
      sizes.latent = 3
      sizes.classes = ["a", "b"]
      sizes.training = GANTrainingOptions()
      let generator = random.drawn { GANGenerator(sizes, using: &$0) }.namedParameters
      let discriminator = random.drawn { GANDiscriminator(sizes, using: &$0) }.namedParameters
      try GANFolder.write(sizes, generator: generator, discriminator: discriminator, to: name)
    case .classifier:
      var sizes = ClassifierConfiguration(
        size: ImageSize(width: 8, height: 6), channels: 1, classes: ["a", "b", "c"])
      (sizes.stages, sizes.hidden) = ([3], 5)
      try ClassifierFamily().write(
        sizes, random.drawn { ClassifierNetwork(sizes, using: &$0) }, type: .f32, to: folder)
    case .cyclegan:
      var sizes = CycleGANConfiguration.article(width: 16, height: 16, channels: 1)
      (sizes.generatorWidth, sizes.discriminatorWidth, sizes.blocks) = (3, 2, 1)
      sizes.training = CycleGANTrainingOptions()
      let networks = TranslationNetworks(sizes, using: &random)
      for part in networks.generators + networks.discriminators {
        try StateDictionary.write(
          part.module.namedParameters, to: name("\(part.name).safetensors"))
      }
      try ModelConfiguration.write(sizes, to: name(ModelConfiguration.fileName))
    case .stylegan:
      var sizes = StyleGANConfiguration(side: 8, channels: 3)
      (sizes.latent, sizes.style, sizes.depth) = (3, 4, 2)
      (sizes.baseMaps, sizes.mostMaps, sizes.clamp) = (32, 4, 256)
      sizes.classes = ["a", "b"]
      sizes.training = StyleGANTrainingOptions()
      let generator = random.drawn { StyleGenerator(sizes, using: &$0) }.namedParameters
      let judge = random.drawn { StyleGANDiscriminator(sizes, using: &$0) }.namedParameters
      try GANFolder.write(sizes, generator: generator, discriminator: judge, to: name)
    case .vqvae:
      var sizes = VAEConfiguration(.vae, width: 8, height: 8, channels: 1)
      sizes.layers = [4]
      var codebook = Codebook()
      (codebook.entries, codebook.dimension) = (6, 3)
      sizes = sizes.quantized(codebook)
      let networks = random.drawn { VQVAENetworks(sizes, codebook, using: &$0) }
      try VQVAEModel(sizes, codebook, networks, prior: nil).write(to: name)
    default:
      let sizes = autoencoder
      let networks = random.drawn { VAENetworks(sizes, using: &$0) }
      let discriminator = VAEFolder.discriminatorSizes(sizes)
        .map { sizes in random.drawn { GANDiscriminator(sizes, using: &$0) } }
      try VAEFolder.write(sizes, networks, discriminator: discriminator, to: name)
    }
  }

  private var autoencoder: VAEConfiguration {
    let isTable = target == .vaeTable
    var sizes = VAEConfiguration(
      target == .vaegan ? .vaegan : .vae, width: isTable ? 4 : 8, height: isTable ? 1 : 4,
      channels: 1)
    (sizes.latent, sizes.layers) = (2, [5])
    sizes.training = VAETrainingOptions()
    sizes.latents = LatentStatistics.standard(2)
    if isTable {
      var table = VAETable()
      table.columns = [
        VAETable.Column(name: "x", mean: 1, deviation: 2),
        VAETable.Column(name: "word", words: ["a", "b", "c"]),
      ]
      (sizes.table, sizes.likelihood) = (table, .gaussian)
      sizes.threshold = AnomalyThreshold(.elbo, of: [1, 2, 3], quantile: 0.5)
    } else if target != .vaeWeights {
      (sizes.network, sizes.hidden) = (.convolutional, 6)
      sizes.classes = ["a", "b"]
    }
    return sizes
  }

  // MARK: Their use

  func run() throws {
    switch target {
    case .gan: try use(GANFamily(.gan))
    case .dcgan: try use(GANFamily(.dcgan))
    case .classifier: try classify()
    case .cyclegan: try translate()
    case .stylegan: try mix()
    case .vqvae: try useCodes()
    default: try encode()
    }
  }

  private func use(_ family: GANFamily) throws {
    try sample(family.load(folder))
    _ = try family.inspect(folder)
    let configuration = try GANConfiguration.read(folder: folder)
    let discriminator = try GANFolder.discriminator(
      "\(folder)/\(GANFolder.discriminator)", configuration)
    let image = Tensor.zeros([
      1, configuration.height, configuration.width, configuration.channels,
    ])
    let labels: [Int32] = configuration.classes.isEmpty ? [] : [0]
    guard discriminator(image, labels: labels, .inference).count == 1 else {
      throw AIGCError.failed("not one logit")
    }
  }

  @discardableResult
  private func sample(_ model: any ImageModel) throws -> [Float] {
    let values = try model.images(ImageRequest(seeds: [7]))
    guard values.count == model.width * model.height * model.channels else {
      throw AIGCError.failed("\(values.count) values")
    }
    return values
  }

  private func mix() throws {
    let model = try StyleGANModel(folder: folder)
    _ = try StyleGANFamily().inspect(folder)
    try sample(model)
    var projector = try StyleProjector(model, folder: folder)
    projector.steps = 1
    _ = try StyleSampler(model, labels: [], scale: 1).mixed(rows: [1], columns: [2], layers: [0])
  }

  private func translate() throws {
    let model = try CycleGANFamily().load(folder)
    _ = try CycleGANFamily().inspect(folder)
    _ = try CycleGANFolder.networks(folder, model, judges: true)
    let translator = try model.translator(.forward)
    let values = [Float](repeating: 0.5, count: 6 * 5 * model.configuration.channels)
    for tiles in [nil, TranslationTiles(side: 4)] {
      guard
        try translator.translated(values, width: 6, height: 5, tiles: tiles).count == values.count
      else { throw AIGCError.failed("impossible results") }
    }
  }

  private func classify() throws {
    let model = try Classifier(folder: folder)
    let size = model.size.width * model.size.height * model.channels
    let values = [Float](repeating: 0.5, count: 2 * size)
    let (features, classes, _) = try model.features(values)
    guard features.count == 2 * model.featureCount, classes.count == 2,
      try model.probabilities(values).count == 2 * model.classes.count
    else { throw AIGCError.failed("impossible results") }
    _ = try ClassifierFamily().inspect(folder)
  }

  private func encode() throws {
    let model = try VAEModel(folder: folder)
    let (_, labels) = model.draw(seed: 7)
    let values = try sample(model)
    let means = try model.posterior(values, labels: labels).means
    guard means.count == model.latentCount,
      try model.logLikelihoods(values, latents: means, labels: labels).count == 1,
      try AnomalyScorer(model, .elbo).scores(values, labels: labels).count == 1
    else { throw AIGCError.failed("impossible results") }
    let isPlain = model.configuration.vaeKind == .vae
    if isPlain {
      _ = try VAEFamily(.vae).inspect(folder)
    } else {
      _ = try VAEFamily(.vaegan).inspect(folder)
      let weights = try Checkpoint.open("\(folder)/\(VAEFolder.weights)")
      _ = try VAEFolder.discriminator(weights, model.configuration)
    }
  }

  private func useCodes() throws {
    let model = try VQVAEModel(folder: folder)
    let size = model.width * model.height * model.channels
    let codes = try model.codes([Float](repeating: 0.5, count: size))
    guard codes.count == model.latentCount, try model.images(codes: codes).count == size else {
      throw AIGCError.failed("impossible results")
    }
    _ = model.description
  }
}
