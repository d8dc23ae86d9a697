import Checkpoints
import Files
import Kernels
import NN
import Training

/// Variational autoencoders, plain and with a discriminator.
public struct VAEFamily: AutoencoderFamily {
  let network: VAEKind

  /// - Parameter network: which of the two.
  public init(_ network: VAEKind) { self.network = network }

  /// The name in `config.json` and after `aigc train`: "vae" or "vaegan".
  public var name: String { network.rawValue }
  /// The benchmark of one training step on a batch of 128 images.
  public var benchmarks: [Benchmark] { [VAEBenchmarks.train(network)] }

  /// Opens the encoder and decoder of a model folder; the discriminator is not read.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files
  ///   do not fit together, for a VQ-VAE and for a model of tables.
  public func load(_ path: String) throws(AIGCError) -> any ImageModel {
    let configuration = try VAEConfiguration.read(folder: path)
    guard configuration.table == nil else {
      throw .mismatch("\(path): a model of tables, which makes no images")
    }
    return try VAEModel(folder: path)
  }

  /// The size of images, latent dimension, network, layers, likelihood, classes, parameters and how
  /// many images were learned from; of a model trained here also β, annealing and free bits.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when its files
  ///   do not fit together.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let sizes = try VAEConfiguration.read(folder: path)
    let model = try VAEModel(folder: path)
    var members: [JSONValue.Member] = [
      .init("size", .string("\(sizes.width)x\(sizes.height)")),
      .init("channels", .int(sizes.channels)), .init("latent", .int(sizes.latent)),
      .init("network", .string(sizes.network.rawValue)),
      .init("layers", .array(sizes.layers.map { .int($0) })),
      .init("likelihood", .string(sizes.likelihood.rawValue)),
      .init("classes", .array(sizes.classes.map { .string($0) })),
      .init("parameters", .int(model.networks.parameterCount)),
      .init("training_pictures", JSONValue(sizes.trainingImages)),
    ]
    if let training = sizes.training {
      members += [
        .init("beta", .float(training.beta)), .init("kl_anneal", .int(training.annealingSteps)),
        .init("free_bits", .float(training.freeBits)),
      ]
      if network == .vaegan {
        members.append(.init("reconstruction", .string(training.reconstruction.rawValue)))
      }
    }
    return members
  }

  /// Always true: a VAE-GAN's discriminator can be left out.
  public var hasParts: Bool { true }

  /// The same model with weights of another type; with `--part generator` without its discriminator.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    try options.checkFolder(output, of: "an autoencoder", needing: "its encoder and decoder")
    let configuration = try VAEConfiguration.read(folder: path)
    let checkpoint = try Checkpoint.open("\(path)/\(VAEFolder.weights)")
    let stored = checkpoint["\(VAEFolder.prefix(network))encoder.0.weight"]?.type
    let target = try RunFolder.path(family: name, data: path, out: output, force: options.force)
    let networks = try VAEFolder.networks(checkpoint, configuration)
    let discriminator =
      options.part == nil ? try VAEFolder.discriminator(checkpoint, configuration) : nil
    let folder = try OutputFolder(path: target)
    try VAEFolder.write(
      configuration, networks, discriminator: discriminator, type: options.type ?? stored ?? .f32,
      to: folder.file)
    try folder.commit()
  }

  /// The names of the encoder's and decoder's tensors in a `state_dict`, and of a VAE-GAN's
  /// discriminator.
  public var importForm: ImportForm? {
    let prefix = VAEFolder.prefix(network)
    return ImportForm(
      tensors:
        "\(prefix)encoder.0.weight, \(prefix)encoder.2.weight … and \(prefix)decoder.0.weight …, the "
        + "last of the encoder with [2 x latent, …]"
        + (network == .vaegan ? ", and discriminator.model.0.weight …" : ""))
  }

  /// `aigc convert FILE FOLDER --family vae|vaegan`: a bare state_dict of the article's class, its sizes
  /// from the shapes; images are taken to be square.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard options.part == nil else {
      throw .usage("`part`: a file of an autoencoder is taken whole; leave it out")
    }
    guard checkpoint["\(VAEFolder.prefix(network))encoder.0.weight"] != nil else { return nil }
    guard let configuration = VAEShapes.configuration(checkpoint, network) else {
      throw .mismatch("\(checkpoint.path): the shapes are no \(name): \(checkpoint.summary)")
    }
    let networks = try VAEFolder.networks(checkpoint, configuration)
    let discriminator = try VAEFolder.discriminator(checkpoint, configuration)
    if network == .vaegan, discriminator == nil {
      throw .mismatch("\(checkpoint.path): no discriminator.model.0.weight")
    }
    return { () throws(AIGCError) in
      let output = try OutputFolder(path: folder)
      try VAEFolder.write(configuration, networks, discriminator: discriminator, to: output.file)
      try output.commit()
    }
  }
}
