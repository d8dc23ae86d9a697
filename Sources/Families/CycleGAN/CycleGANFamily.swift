import Checkpoints
import Files
import Inference
import NN
import Training
import Weights

/// CycleGANs and pix2pix: translators of images between two domains.
public struct CycleGANFamily: Family {
  /// The name in `config.json`.
  public static let name = "cyclegan"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json` and after `aigc train`, "cyclegan".
  public var name: String { Self.name }
  /// What its models make, "translation": images of images.
  public var kind: String { "translation" }
  /// The benchmarks of one training step of all four networks, and of one translated image.
  public var benchmarks: [Benchmark] { [CycleGANBenchmarks.train, CycleGANBenchmarks.translate] }

  /// Opens the translators of a model folder; discriminators are not read.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public func load(_ path: String) throws(AIGCError) -> CycleGANModel {
    try CycleGANModel(folder: path)
  }

  /// The size of images, the networks, the directions that are there and how many images were learned
  /// from.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let model = try CycleGANModel(folder: path)
    let sizes = model.configuration
    return [
      .init("size", .string("\(sizes.width)x\(sizes.height)")),
      .init("channels", .int(sizes.channels)),
    ] + sizes.networkMembers + [
      .init("directions", .array(model.directions.map { .string($0.rawValue) })),
      .init("parameters", .int(model.parameterCount)),
      .init("training_images", JSONValue(sizes.trainingImages)),
    ]
  }

  /// Always true: translators and their discriminators.
  public var hasParts: Bool { true }

  /// The same model with weights of another type, the discriminators too unless one part is named.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    try options.checkFolder(output, of: "a CycleGAN", needing: "its translators")
    let model = try CycleGANModel(folder: path)
    let networks = try CycleGANFolder.networks(path, model, judges: options.part == nil)
    let target = try RunFolder.path(family: name, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    for network in networks {
      try StateDictionary.write(
        network.parameters, to: folder.file(network.file), type: options.type ?? network.type)
    }
    try ModelConfiguration.write(model.configuration, to: folder.file(ModelConfiguration.fileName))
    try folder.commit()
  }
}
