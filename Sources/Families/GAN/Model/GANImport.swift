import Checkpoints
import Files
import Kernels
import NN
import Training

/// `aigc convert FILE FOLDER --family gan|dcgan`: state_dicts of the article's classes.
extension GANFamily {
  /// The names and shapes of a generator's tensors in a `state_dict`: linear layers for a GAN,
  /// transposed convolutions for a DCGAN.
  public var importForm: ImportForm? {
    ImportForm(
      prefix: GANShapes.prefix,
      tensors: network == .gan
        ? "the generator's model.0.weight [outputs, latent], model.2.weight … up to [values of an image, …]"
        : "the generator's model.0.weight [latent, maps, 4, 4], model.3.weight … up to [maps, channels, 4, 4]"
    )
  }

  /// Makes a model folder of a generator, its sizes from the shapes; a discriminator joins the
  /// folder of its generator.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard checkpoint["\(GANShapes.prefix)0.weight"] != nil else { return nil }
    if options.part == .discriminator { return try discriminator(checkpoint, folder) }
    let configuration = try GANShapes.configuration(
      checkpoint, network, isGenerator: options.part == .generator)
    let generator = ParameterPlan.shapes { GANGenerator(configuration, using: &$0) }
    try StateDictionary.load(generator.namedParameters, from: checkpoint)
    return { () throws(AIGCError) in
      let output = try OutputFolder(path: folder)
      try GANFolder.write(
        configuration, generator: generator.namedParameters, discriminator: nil, to: output.file)
      try output.commit()
    }
  }

  private func discriminator(
    _ checkpoint: Checkpoint, _ folder: String
  ) throws(AIGCError) -> TensorImporter {
    guard fileExists("\(folder)/\(GANFolder.generator)") else {
      throw .usage("\(folder): import the generator first; the discriminator joins its folder")
    }
    let configuration = try GANConfiguration.read(folder: folder)
    guard configuration.family == name else {
      throw .mismatch("\(folder): a model of the family \(configuration.family), not \(name)")
    }
    let path = "\(folder)/\(GANFolder.discriminator)"
    if isSameFile(path, checkpoint.path) { throw .usage("\(path): stands there already") }
    let network = try GANFolder.discriminator(checkpoint, configuration)
    return { () throws(AIGCError) in
      let lock = try FolderLock(folder)
      defer { withExtendedLifetime(lock) {} }
      try StateDictionary.write(network.namedParameters, to: path)
    }
  }
}

/// The sizes of a generator, as the shapes of its tensors have them.
private enum GANShapes {
  /// What the names of the article's classes begin with.
  static let prefix = "model."

  /// - Parameter isGenerator: whether it is known to be one; else what only narrows is taken for
  ///   a discriminator, and refused.
  static func configuration(
    _ checkpoint: Checkpoint, _ kind: GANKind, isGenerator: Bool
  ) throws(AIGCError) -> GANConfiguration {
    let shapes = weights(checkpoint, kind == .gan ? 2 : 3)
    guard shapes.count > 1, shapes.allSatisfy({ $0.count == (kind == .gan ? 2 : 4) }) else {
      throw .mismatch(
        "\(checkpoint.path): no generator of a \(kind.rawValue): its weights are those of layers that "
          + "are \(kind == .gan ? "fully connected" : "transposed convolutions with norms between"): "
          + checkpoint.summary)
    }
    let narrows = !isGenerator && shapes.allSatisfy { $0[0] < $0[1] }
    if kind == .gan, narrows || shapes.last?[0] == 1 {
      let sizes = [shapes[0][1]] + shapes.map { $0[0] }
      throw .mismatch(
        "\(checkpoint.path): \(sizes.map { String($0) }.joined(separator: " → ")) is a discriminator: import "
          + "its generator, then this with `part` discriminator into the same folder")
    }
    let result = kind == .gan ? linear(shapes) : convolutional(shapes)
    guard let result, result.problem == nil else {
      throw .mismatch(
        "\(checkpoint.path): the shapes \(shapes) are no generator of a \(kind.rawValue)")
    }
    return result
  }

  /// Shapes of `model.0.weight`, `model.<step>.weight`, ….
  private static func weights(_ checkpoint: Checkpoint, _ step: Int) -> [[Int]] {
    var shapes: [[Int]] = []
    while shapes.count < 16, let tensor = checkpoint["\(prefix)\(step * shapes.count).weight"] {
      shapes.append(tensor.shape)
    }
    return shapes
  }

  /// Square images, grey or in colour, by the number of values.
  private static func linear(_ shapes: [[Int]]) -> GANConfiguration? {
    let outputs = shapes.map { $0[0] }
    for channels in [1, 3] {
      let pixels = outputs[outputs.count - 1] / channels
      let side = Int(Double(pixels).squareRoot().rounded())
      guard side * side * channels == outputs[outputs.count - 1] else { continue }
      var result = GANConfiguration(
        .gan, width: side, height: side, channels: channels, layers: Array(outputs.dropLast()))
      result.latent = shapes[0][1]
      return result
    }
    return nil
  }

  /// [in, out, rows, columns]; the first window is the first map.
  private static func convolutional(_ shapes: [[Int]]) -> GANConfiguration? {
    let outputs = shapes.map { $0[1] }
    let doublings = shapes.count - 1
    guard shapes[0][2...].allSatisfy({ (1...16).contains($0) }) else { return nil }
    var result = GANConfiguration(
      .dcgan, width: shapes[0][3] << doublings, height: shapes[0][2] << doublings,
      channels: outputs[doublings], layers: Array(outputs.dropLast()))
    result.latent = shapes[0][0]
    return result
  }
}
