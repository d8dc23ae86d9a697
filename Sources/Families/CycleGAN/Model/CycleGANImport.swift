import Checkpoints
import Files
import Inference
import NN

/// `aigc convert FILE FOLDER --family cyclegan`: state_dicts of the article's class and of pytorch-CycleGAN's
/// translators, `latest_net_G_A.pth`.
extension CycleGANFamily {
  /// The names and shapes of a translator's tensors in a `state_dict`.
  public var importForm: ImportForm? {
    ImportForm(
      prefix: "model.",
      tensors: "model.1.weight [maps, channels, 7, 7] … of a resnet_6blocks or resnet_9blocks, "
        + "model.model.0.weight [maps, channels, 4, 4] … of a unet_128 or unet_256, or model.0.weight "
        + "[maps, channels, 7, 7] … of the article's")
  }

  /// Always true: from A to B and back.
  public var hasDirections: Bool { true }

  /// Whether the folder holds a translator of the other direction alone.
  public func joins(_ folder: String, _ checkpoint: String, _ options: ImportOptions) -> Bool {
    let direction = Self.direction(checkpoint, options)
    func has(_ direction: TranslationDirection) -> Bool {
      fileExists("\(folder)/\(CycleGANFolder.generator(direction))")
    }
    return has(direction.reversed) && !has(direction)
  }

  /// Makes a model folder of a translator, its sizes from the shapes; one of the other direction joins the
  /// folder of the first.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard let configuration = try TranslatorShapes(checkpoint).configuration() else { return nil }
    guard options.part != .discriminator else {
      throw .usage("`part` discriminator: translators are read, not what judged them")
    }
    let direction = Self.direction(checkpoint.path, options)
    let generator = ParameterPlan.shapes { TranslationGenerator(configuration, using: &$0) }
    // Instance norms kept averages in files of 2017, which no version of PyTorch reads any more.
    let known = Set(generator.namedParameters.map { $0.name })
    let weights = try checkpoint.without { name in
      !known.contains(name)
        && ["running_mean", "running_var", "num_batches_tracked"].contains { name.hasSuffix($0) }
    }
    try StateDictionary.load(generator.namedParameters, from: weights)
    let file = CycleGANFolder.generator(direction)
    if joins(folder, checkpoint.path, options) {
      try checkSame(configuration, folder, checkpoint.path)
      return { () throws(AIGCError) in
        let lock = try FolderLock(folder)
        defer { withExtendedLifetime(lock) {} }
        try StateDictionary.write(generator.namedParameters, to: "\(folder)/\(file)")
      }
    }
    return { () throws(AIGCError) in
      let output = try OutputFolder(path: folder)
      try StateDictionary.write(generator.namedParameters, to: output.file(file))
      try ModelConfiguration.write(configuration, to: output.file(ModelConfiguration.fileName))
      try output.commit()
    }
  }

  private static func direction(_ path: String, _ options: ImportOptions) -> TranslationDirection {
    let name = lastComponent(of: path)
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    return options.direction ?? (stem.hasSuffix("_G_B") ? .back : .forward)
  }

  /// - Throws: ``/Files/AIGCError`` (mismatch) when the folder's model is of other networks.
  private func checkSame(
    _ configuration: CycleGANConfiguration, _ folder: String, _ path: String
  ) throws(AIGCError) {
    let standing = try CycleGANConfiguration.read(folder: folder)
    func sizes(_ model: CycleGANConfiguration) -> [String] {
      [
        model.generator.rawValue, "\(model.generatorWidth) channels wide",
        "\(model.channels) channels of images", "\(model.normalization.rawValue) norms",
        model.generator == .article ? "\(model.blocks) blocks" : "",
      ]
    }
    let wrong = zip(sizes(configuration), sizes(standing)).first { $0 != $1 }
    if let wrong {
      throw .mismatch("\(path): \(wrong.0), but \(folder) has \(wrong.1): name another folder")
    }
  }
}

/// The networks that a `state_dict` is of.
private struct TranslatorShapes {
  private let checkpoint: Checkpoint

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// - Returns: nil when the names are those of no translator.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when they are, and no known network has as many layers.
  func configuration() throws(AIGCError) -> CycleGANConfiguration? {
    if let first = shape("model.0.weight", window: 7) { return try article(first) }
    if let first = shape("model.1.weight", window: 7) { return try residual(first) }
    if let first = shape("model.model.0.weight", window: 4),
      shape("model.model.1.model.1.weight", window: 4) != nil
    {
      return try unet(first)
    }
    return nil
  }

  private func shape(_ name: String, window: Int) -> [Int]? {
    guard let shape = checkpoint[name]?.shape, shape.count == 4, shape[2] == window,
      shape[3] == window
    else { return nil }
    return shape
  }

  /// The different numbers of residual blocks, which stand behind `model.`.
  private var blocks: Int {
    Set(
      checkpoint.tensors.compactMap { tensor -> Substring? in
        let parts = tensor.name.split(separator: ".")
        return parts.count > 2 && parts[2] == "conv_block" ? parts[1] : nil
      }
    ).count
  }

  private func model(
    _ generator: CycleGANConfiguration.Generator, _ first: [Int], side: Int
  ) throws(AIGCError) -> CycleGANConfiguration {
    var result = CycleGANConfiguration(width: side, height: side, channels: first[1])
    (result.generator, result.generatorWidth) = (generator, first[0])
    return result
  }

  private func checked(
    _ configuration: CycleGANConfiguration
  ) throws(AIGCError) -> CycleGANConfiguration {
    if let problem = configuration.problem { throw .mismatch("\(checkpoint.path): \(problem)") }
    return configuration
  }

  private func article(_ first: [Int]) throws(AIGCError) -> CycleGANConfiguration {
    var result = try model(.article, first, side: 64)
    (result.discriminator, result.blocks) = (.article, blocks)
    return try checked(result)
  }

  private func residual(_ first: [Int]) throws(AIGCError) -> CycleGANConfiguration {
    let kinds: [Int: CycleGANConfiguration.Generator] = [6: .resnet6, 9: .resnet9]
    guard let kind = kinds[blocks] else {
      throw .mismatch("\(checkpoint.path): \(blocks) residual blocks: 6 and 9 are known")
    }
    var result = try model(kind, first, side: 256)
    result.normalization = checkpoint["model.2.weight"] == nil ? .instance : .batch
    // Dropout stands between the two convolutions of a block, and moves the second one's number.
    result.usesDropout = checkpoint["model.10.conv_block.6.weight"] != nil
    return try checked(result)
  }

  private func unet(_ first: [Int]) throws(AIGCError) -> CycleGANConfiguration {
    let halvings = checkpoint.tensors.count { $0.shape.count == 4 } / 2
    let kinds: [Int: CycleGANConfiguration.Generator] = [7: .unet128, 8: .unet256]
    guard let kind = kinds[halvings] else {
      throw .mismatch("\(checkpoint.path): a U-Net of \(halvings) halvings: 7 and 8 are known")
    }
    var result = try model(kind, first, side: 1 << halvings)
    result.normalization =
      checkpoint["model.model.1.model.2.weight"] == nil ? .instance : .batch
    return try checked(result)
  }
}
