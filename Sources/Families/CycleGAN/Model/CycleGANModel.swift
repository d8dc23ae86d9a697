import Autograd
import Checkpoints
import Datasets
import Files
import Inference
import Kernels
import NN

/// Which way images are translated, under pytorch-CycleGAN's names.
public enum TranslationDirection: String, Codable, CaseIterable, Sendable {
  /// From domain A to domain B.
  case forward = "AtoB"
  /// From domain B to domain A.
  case back = "BtoA"

  /// The other one.
  public var reversed: TranslationDirection { self == .forward ? .back : .forward }
}

/// Trained translators of images.
///
/// Nothing of them changes after they were opened, so that many callers may use them at once.
public final class CycleGANModel: @unchecked Sendable {
  /// What `config.json` says of the model: its networks and how it was trained.
  public let configuration: CycleGANConfiguration
  private let generators: [TranslationDirection: TranslationGenerator]
  /// The folder; nil for a model in memory.
  private let folder: String?

  init(
    _ configuration: CycleGANConfiguration,
    _ generators: [TranslationDirection: TranslationGenerator], folder: String? = nil
  ) {
    (self.configuration, self.generators, self.folder) = (configuration, generators, folder)
  }

  /// Opens a model folder, with as many translators as are there.
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file is missing or damaged, (mismatch) when its
  ///   files do not fit together.
  public convenience init(folder: String) throws(AIGCError) {
    let configuration = try CycleGANConfiguration.read(folder: folder)
    var generators: [TranslationDirection: TranslationGenerator] = [:]
    for direction in TranslationDirection.allCases {
      let path = "\(folder)/\(CycleGANFolder.generator(direction))"
      guard fileExists(path) else { continue }
      let generator = ParameterPlan.shapes { TranslationGenerator(configuration, using: &$0) }
      try StateDictionary.load(generator.namedParameters, from: Checkpoint.open(path))
      generators[direction] = generator
    }
    guard !generators.isEmpty else {
      throw .badInput("\(folder)/\(CycleGANFolder.generator(.forward)): no such file")
    }
    self.init(configuration, generators, folder: folder)
  }

  /// The parameters of one translator; nil where the model does not have it.
  func parameters(_ direction: TranslationDirection) -> NamedParameters? {
    generators[direction]?.namedParameters
  }

  /// Values of all translators that training changes.
  var parameterCount: Int { generators.values.reduce(0) { $0 + $1.parameterCount } }

  /// The ways that the model knows.
  public var directions: [TranslationDirection] {
    TranslationDirection.allCases.filter { generators[$0] != nil }
  }

  /// The translator of one way, as a model that makes images of images.
  /// - Throws: ``/Files/AIGCError`` (mismatch) where the model does not have it.
  public func translator(_ direction: TranslationDirection) throws(AIGCError) -> ImageTranslator {
    guard let generator = generators[direction] else {
      throw .mismatch(
        "\(folder ?? "the model") translates \(directions.map { $0.rawValue }.joined(separator: ", ")) only"
      )
    }
    let path = folder.map { "\($0)/\(CycleGANFolder.generator(direction))" }
    return ImageTranslator(configuration, generator, path: path)
  }
}

/// The files of a model folder, beside its configuration.
enum CycleGANFolder {
  static func generator(_ direction: TranslationDirection) -> String {
    direction == .forward ? "generator_a.safetensors" : "generator_b.safetensors"
  }

  /// The files of discriminators: judges of images of A and of B.
  static let discriminators = ["discriminator_a.safetensors", "discriminator_b.safetensors"]

  /// A network of a folder, as its file has it.
  struct Network {
    let file: String
    let parameters: NamedParameters
    let type: ScalarType
  }

  /// The networks of a folder.
  /// - Parameter judges: whether the discriminators are wanted, which bundled models lack.
  static func networks(
    _ folder: String, _ model: CycleGANModel, judges: Bool
  ) throws(AIGCError) -> [Network] {
    var result: [Network] = []
    for direction in model.directions {
      let file = generator(direction)
      guard let parameters = model.parameters(direction) else { continue }
      let type = try Checkpoint.open("\(folder)/\(file)").tensors.first?.type ?? .f32
      result.append(Network(file: file, parameters: parameters, type: type))
    }
    for file in discriminators where judges && fileExists("\(folder)/\(file)") {
      let checkpoint = try Checkpoint.open("\(folder)/\(file)")
      let network = ParameterPlan.shapes { PatchDiscriminator(model.configuration, using: &$0) }
      try StateDictionary.load(network.namedParameters, from: checkpoint)
      result.append(
        Network(
          file: file, parameters: network.namedParameters,
          type: checkpoint.tensors.first?.type ?? .f32))
    }
    return result
  }
}
