import Checkpoints
import Files
import Kernels
import NN
import Training

/// StyleGANs: StyleGAN2, the article's simplified generator, and published weights of both.
public struct StyleGANFamily: ImageFamily {
  /// The name in `config.json`.
  public static let name = "stylegan"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json` and after `aigc train`, "stylegan".
  public var name: String { Self.name }
  /// The benchmarks of one training step of the article's networks and of StyleGAN2, and of one image.
  public var benchmarks: [Benchmark] {
    [StyleGANBenchmarks.article, StyleGANBenchmarks.train, StyleGANBenchmarks.sample]
  }

  /// Opens the generator of a model folder; the discriminator is not read.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public func load(_ path: String) throws(AIGCError) -> any ImageModel {
    try StyleGANModel(folder: path)
  }

  /// The networks, the size of images, numbers of latents and styles, classes, the generator's parameters and
  /// how many images were learned from.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try StyleGANModel(folder: path)
    let sizes = model.configuration
    return sizes.networkMembers + [
      .init("layers", .int(sizes.styleCount)),
      .init("classes", .array(sizes.classes.map { .string($0) })),
      .init("parameters", .int(model.generator.parameterCount)),
      .init("training_images", JSONValue(sizes.trainingImages)),
    ]
  }

  /// Always true: a generator and its discriminator.
  public var hasParts: Bool { true }

  /// The same model with weights of another type, the discriminator too unless one part is named.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    try options.checkFolder(output, of: "a StyleGAN", needing: "its generator")
    let model = try StyleGANModel(folder: path)
    let file = try Checkpoint.open("\(path)/\(StyleGANFolder.generator)")
    let stored = file.tensors.first { $0.shape.count == 4 }?.type
    var discriminator: StyleGANDiscriminator?
    let weights = "\(path)/\(StyleGANFolder.discriminator)"
    if options.part == nil, fileExists(weights) {
      discriminator = try StyleGANFolder.discriminator(
        Checkpoint.open(weights), model.configuration)
    }
    let target = try RunFolder.path(family: name, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    try GANFolder.write(
      model.configuration, generator: model.generator.namedParameters,
      discriminator: discriminator?.namedParameters, type: options.type ?? stored ?? .f32,
      to: folder.file)
    try folder.commit()
  }
}

extension StyleGANConfiguration {
  /// What `inspect` and a plan say of the networks.
  var networkMembers: [JSONValue.Member] {
    [
      .init("network", .string(network.rawValue)), .init("size", .string("\(side)x\(side)")),
      .init("channels", .int(channels)), .init("latent", .int(latent)),
      .init("style", .int(style)), .init("map_depth", .int(depth)),
      .init("cbase", .int(baseMaps)), .init("cmax", .int(mostMaps)),
    ]
  }
}
