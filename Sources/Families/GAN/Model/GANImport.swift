import Checkpoints
import Files
import Kernels
import NN
import Training

/// `aigc convert FILE FOLDER --family gan|dcgan`: bare state_dicts of the article's classes.
extension GANFamily {
  /// Makes a model folder of a generator, its sizes from the shapes; a discriminator joins the
  /// folder of its generator.
  func importCheckpoint(
    _ checkpoint: Checkpoint, options: ImportOptions, to folder: String
  ) throws(AIGCError) {
    var nothing = RandomSource.zeros
    if options.part == .discriminator {
      guard fileExists("\(folder)/\(GANFolder.generator)") else {
        throw .usage("\(folder): import the generator first; the discriminator joins its folder")
      }
      let configuration = try GANConfiguration.read(folder: folder)
      guard configuration.family == name else {
        throw .mismatch("\(folder): a model of the family \(configuration.family), not \(name)")
      }
      let network = try GANFolder.discriminator(checkpoint, configuration)
      try StateDictionary.write(
        network.namedParameters, to: "\(folder)/\(GANFolder.discriminator)")
      return
    }
    let configuration = try GANShapes.configuration(checkpoint, Name.kind)
    let generator = GANGenerator(configuration, using: &nothing)
    try StateDictionary.load(generator.namedParameters, from: checkpoint)
    let output = try OutputFolder(path: folder)
    try GANFolder.write(
      configuration, generator: generator.namedParameters, discriminator: nil, to: output.file)
    try output.commit()
  }
}

/// The sizes of a generator, as the shapes of its tensors have them.
private enum GANShapes {
  static func configuration(
    _ checkpoint: Checkpoint, _ kind: GANKind
  ) throws(AIGCError) -> GANConfiguration {
    let shapes = weights(checkpoint, kind == .gan ? 2 : 3)
    guard shapes.count > 1, shapes.allSatisfy({ $0.count == (kind == .gan ? 2 : 4) }) else {
      throw .mismatch("\(checkpoint.path): no generator of a \(kind.rawValue): model.0.weight …")
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
    while shapes.count < 16, let tensor = checkpoint["model.\(step * shapes.count).weight"] {
      shapes.append(tensor.shape)
    }
    return shapes
  }

  /// Square pictures, grey or in colour, by the number of values.
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
