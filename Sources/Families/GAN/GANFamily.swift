import Checkpoints
import Files
import Kernels
import NN
import Training

/// Generative adversarial networks: of fully connected layers, and of convolutions.
public struct GANFamily: ImageFamily {
  let network: GANKind

  /// - Parameter network: which of the two.
  public init(_ network: GANKind) { self.network = network }

  /// The name in `config.json` and after `aigc train`: "gan" or "dcgan".
  public var name: String { network.rawValue }
  /// The benchmark of one training step of both networks on a batch of 64 images.
  public var benchmarks: [Benchmark] { [GANBenchmarks.train(network)] }

  /// Opens the generator of a model folder; the discriminator is not read.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public func load(_ path: String) throws(AIGCError) -> any ImageModel {
    try GANModel(folder: path)
  }

  /// The size of images, latent dimension, layers, classes, the generator's parameters and how many
  /// images were learned from; of a model trained here also its loss, average and normalisation.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try GANModel(folder: path)
    let sizes = model.configuration
    var members: [JSONValue.Member] = [
      .init("size", .string("\(sizes.width)x\(sizes.height)")),
      .init("channels", .int(sizes.channels)), .init("latent", .int(sizes.latent)),
      .init("layers", .array(sizes.layers.map { .int($0) })),
      .init("classes", .array(sizes.classes.map { .string($0) })),
      .init("parameters", .int(model.generator.parameterCount)),
      .init("training_pictures", JSONValue(sizes.trainingImages)),
    ]
    if let training = sizes.training {
      members += [
        .init("loss", .string(training.loss.rawValue)),
        .init("ema", training.average.map { .float($0) } ?? .null),
        .init("discriminator_norm", .string(sizes.discriminatorNorm.rawValue)),
        .init("spectral_norm", .bool(sizes.isSpectral)),
      ]
    }
    return members
  }

  /// Always true: a generator and its discriminator.
  public var hasParts: Bool { true }

  /// The same model with weights of another type, the discriminator too unless one part is named.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    try options.checkFolder(output, of: "a GAN", needing: "its generator")
    let model = try GANModel(folder: path)
    let stored = try Checkpoint.open("\(path)/\(GANFolder.generator)")["model.0.weight"]?.type
    var discriminator: GANDiscriminator?
    let weights = "\(path)/\(GANFolder.discriminator)"
    if options.part == nil, fileExists(weights) {
      discriminator = try GANFolder.discriminator(weights, model.configuration)
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
