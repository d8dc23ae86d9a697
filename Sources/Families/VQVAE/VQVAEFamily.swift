import Checkpoints
import Files
import Training

/// VQ-VAEs: autoencoders whose latents are maps of codes. Before they had a family of their own they were
/// called "vae", and such models are still this family's.
public struct VQVAEFamily: AutoencoderFamily {
  /// The name in `config.json`.
  public static let name = "vqvae"

  public init() {}

  public var name: String { Self.name }
  public var names: [String] { [Self.name, VAEKind.vae.rawValue] }

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

  public func load(_ path: String) throws(AIGCError) -> any ImageModel {
    try VQVAEModel(folder: path)
  }

  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    try VQVAEModel(folder: path).description
  }

  public func likelihood(
    _ generator: any ImageModel, of path: String, _ options: LikelihoodOptions,
    _ notices: NoticeHandler
  ) throws(AIGCError) -> [JSONValue.Member] {
    guard let model = generator as? VQVAEModel else { return [] }
    return try model.likelihood(of: path, options, notices)
  }

  public var hasParts: Bool { true }

  /// The same model with weights of another type.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    guard !output.hasSuffix(".safetensors") else {
      throw .usage("\(output): an autoencoder is a folder; name one")
    }
    guard options.part != .discriminator else {
      throw .usage("--part discriminator: a model folder needs its encoder and decoder")
    }
    let model = try VQVAEModel(folder: path)
    let stored = try Checkpoint.open("\(path)/\(VAEFolder.weights)")["encoder.0.weight"]?.type
    let target = try RunFolder.path(
      family: model.configuration.family, data: path, out: output, force: options.force)
    let folder = try OutputFolder(path: target)
    try model.write(type: options.type ?? stored ?? .f32, to: folder.file)
    try folder.commit()
  }
}
