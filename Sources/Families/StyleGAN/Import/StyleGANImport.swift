import Checkpoints
import Files
import NN
import Training
import Weights

/// `aigc convert FILE FOLDER --family stylegan`: NVlabs' `network-snapshot-….pkl`, files of lucidrains'
/// `stylegan2-pytorch`, and state_dicts of both and of the article's class.
extension StyleGANFamily {
  /// The names and shapes of a generator's tensors.
  public var importForm: ImportForm? {
    ImportForm(
      tensors:
        "mapping.fc0.weight [styles, latent], synthesis.b4.const [maps, 4, 4] … of NVlabs' StyleGAN2, "
        + "SE.net.0.weight and GE.initial_block … of lucidrains', or mapping.0.weight and synthesis.0.weight … "
        + "of the article's",
      preferred: ["G_ema."])
  }

  /// Makes a model folder of a generator, its sizes from the shapes; a discriminator joins the folder of its
  /// generator.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    if checkpoint["b4.fc.weight"] != nil, checkpoint["b4.out.weight"] != nil {
      guard options.part == .discriminator else { return nil }
      return try discriminator(checkpoint, folder)
    }
    guard options.part != .discriminator else { return nil }
    let found: (configuration: StyleGANConfiguration, weights: Checkpoint)?
    if checkpoint["synthesis.b4.const"] != nil {
      found = try NVlabsWeights(checkpoint).found()
    } else if checkpoint["synthesis.0.weight"] != nil, checkpoint["mapping.0.weight"] != nil {
      found = try article(checkpoint)
    } else {
      found = try LucidrainsWeights(checkpoint).found()
    }
    guard let found else { return nil }
    if let problem = found.configuration.problem {
      throw .mismatch("\(checkpoint.path): \(problem)")
    }
    let isLucidrains = found.configuration.network == .lucidrains
    let network = ParameterPlan.shapes { StyleGenerator(found.configuration, using: &$0) }
    let own = network.namedParameters.filter {
      !isLucidrains || $0.name != LucidrainsNetwork.averageName
    }
    try StateDictionary.load(own, from: found.weights)
    return { () throws(AIGCError) in
      let output = try OutputFolder(path: folder)
      if isLucidrains { LucidrainsWeights.setAverage(network, found.configuration) }
      try GANFolder.write(
        found.configuration, generator: network.namedParameters, discriminator: nil,
        to: output.file)
      try output.commit()
    }
  }

  private func discriminator(
    _ checkpoint: Checkpoint, _ folder: String
  ) throws(AIGCError) -> TensorImporter {
    guard fileExists("\(folder)/\(StyleGANFolder.generator)") else {
      throw .usage("\(folder): import the generator first; the discriminator joins its folder")
    }
    let configuration = try StyleGANConfiguration.read(folder: folder)
    guard configuration.network == .stylegan2 else {
      throw .mismatch("\(folder): a model of other networks: \(configuration.network.rawValue)")
    }
    let path = "\(folder)/\(StyleGANFolder.discriminator)"
    if isSameFile(path, checkpoint.path) { throw .usage("\(path): stands there already") }
    let weights = try NVlabsWeights.withoutFilters(checkpoint)
    let network = try StyleGANFolder.discriminator(weights, configuration)
    return { () throws(AIGCError) in
      let lock = try FolderLock(folder)
      defer { withExtendedLifetime(lock) {} }
      try StateDictionary.write(network.namedParameters, to: path)
    }
  }

  /// The article's `StyleGANGenerator`.
  private func article(
    _ checkpoint: Checkpoint
  ) throws(AIGCError) -> (StyleGANConfiguration, Checkpoint)? {
    guard let first = checkpoint["mapping.0.weight"]?.shape, first.count == 2,
      let last = checkpoint["synthesis.4.weight"]?.shape, last.count == 4
    else { return nil }
    var result = StyleGANConfiguration.article(channels: last[1])
    (result.latent, result.style) = (first[1], first[0])
    return (result, checkpoint)
  }
}
