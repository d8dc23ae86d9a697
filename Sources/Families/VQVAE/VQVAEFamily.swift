import Checkpoints
import Files
import Training

/// VQ-VAEs: autoencoders whose latents are maps of codes. Before they had a family of their own they were
/// called "vae", and such models are still this family's.
public struct VQVAEFamily: AutoencoderFamily {
  /// The name in `config.json`.
  public static let name = "vqvae"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// The name in `config.json` and after `aigc train`, "vqvae".
  public var name: String { Self.name }
  /// "vqvae" and "vae", as older models are called.
  public var names: [String] { [Self.name, VAEKind.vae.rawValue] }

  /// Whether the model is called "vqvae", or "vae" with a codebook in its `config.json`.
  public func owns(_ folder: String, named name: String) -> Bool {
    if name == Self.name { return true }
    return name == VAEKind.vae.rawValue
      && (try? ModelConfiguration.decode(CodebookPresence.self, folder: folder))?.codebook != nil
  }

  /// As much of `config.json` as tells a VQ-VAE.
  private struct CodebookPresence: Decodable {
    struct Anything: Decodable {
      init(from decoder: any Decoder) throws {}
    }
    var codebook: Anything?
  }

  /// Opens a model folder, with the prior of its codes where training has come to its end.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch for an
  ///   autoencoder without a codebook and when files do not fit together.
  public func load(_ path: String) throws(AIGCError) -> any ImageModel {
    try VQVAEModel(folder: path)
  }

  /// The size of images, layers, grid of codes, codebook, likelihood and parameters, whether there
  /// is a prior, and how many images were learned from.
  /// - Throws: ``/Files/AIGCError``: as ``load(_:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    try VQVAEModel(folder: path).description
  }

  /// The evidence lower bound of images and its parts in nats an image, with the bits of their
  /// codes under the prior; parts that need a prior are null without one. Nothing for a generator
  /// of another family.
  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read or weights are damaged,
  ///   interrupted.
  public func likelihood(
    _ generator: any ImageModel, of path: String, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] {
    guard let model = generator as? VQVAEModel else { return [] }
    return try model.likelihood(of: path, options, notices)
  }

  /// Always true, so that `--part generator` is taken as for other autoencoders, though there is no
  /// discriminator to leave out.
  public var hasParts: Bool { true }

  /// The same model with weights of another type.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    try options.checkFolder(output, of: "an autoencoder", needing: "its encoder and decoder")
    let model = try VQVAEModel(folder: path)
    let stored = try Checkpoint.open("\(path)/\(VAEFolder.weights)")["encoder.0.weight"]?.type
    let target = try RunFolder.path(
      family: model.configuration.family, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    try model.write(type: options.type ?? stored ?? .f32, to: folder.file)
    try folder.commit()
  }
}
