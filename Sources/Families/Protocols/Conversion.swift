import Checkpoints
import Datasets
import Files

/// What `aigc convert` hands to a family that writes one of its models in another format.
public struct ConversionOptions: Sendable {
  /// What a token of an n-gram file is, where its format does not say.
  public var tokens: TokenMode?
  /// Whether a model at the output may be replaced.
  public var force = false
  /// How the weights of a neural model are to be saved; nil: as they are.
  public var type: ScalarType?
  /// Which of two models that were trained together is written; nil: both.
  public var part: ImportOptions.Part?

  /// Creates the options that keep the type of the weights and replace nothing.
  public init() {}

  /// Refuses an output that is no folder, and a part that makes no model by itself.
  /// - Parameters:
  ///   - output: where the model is to be written.
  ///   - model: "a GAN".
  ///   - rest: what a model has beside its discriminator: "its generator".
  func checkFolder(_ output: String, of model: String, needing rest: String) throws(AIGCError) {
    guard !output.hasSuffix(".safetensors") else {
      throw .usage("\(output): \(model) is a folder; name one")
    }
    guard part != .discriminator else {
      throw .usage("`part` discriminator: a model folder needs \(rest)")
    }
  }
}

/// What `aigc convert --family` hands to a family that makes a model of a file of tensors.
public struct ImportOptions: Sendable {
  /// Which model of several that were trained together the file holds.
  public enum Part: String, CaseIterable, Sendable {
    case generator, discriminator
  }

  /// A file with one token a line, for families whose models need one.
  public var vocabulary: String?
  /// Which of two networks that were trained together the file holds; nil leaves it to the shapes.
  public var part: Part?
  /// Which way the translator of the file goes; nil leaves it to the file's name.
  public var direction: TranslationDirection?

  /// Creates the options for one part, or for a file that says itself what it holds.
  public init(part: Part? = nil) { self.part = part }
}
