import Checkpoints
import Files
import Inference
import Training

/// Every family of the program.
public let families: [any Family] = [
  NGramFamily(), RecurrentFamily(.rnn), RecurrentFamily(.gru), RecurrentFamily(.lstm),
  TransformerFamily(.gpt2), TransformerFamily(.llama), TransformerFamily(.qwen2),
  TransformerFamily(.qwen3), TransformerFamily(.gemma3), EncoderFamily(), ForecastFamily(),
  ClassifierFamily(),
  GANFamily(.gan), GANFamily(.dcgan),
  VQVAEFamily(), VAEFamily(.vae), VAEFamily(.vaegan), CycleGANFamily(), StyleGANFamily(),
  TextClassifierFamily(),
  SummarizerFamily(), ReinforcementFamily(),
]

/// The family of the model at `path`: a model folder or a bare file.
/// - Throws: ``/Files/AIGCError`` (badInput) when no family knows it.
public func family(of path: String) throws(AIGCError) -> any Family {
  if isFolder(path) {
    let name = try ModelConfiguration.read(folder: path).family
    if let family = families.first(where: { $0.owns(path, named: name) }) { return family }
    let known = families.map { $0.name }.joined(separator: ", ")
    throw .badInput("\(path): unknown model family '\(name)'; this program knows: \(known)")
  }
  if try GGUFFile.recognizes(path) { return try family(ofGGUF: path) }
  if let family = families.first(where: { $0.claims(path) }) { return family }
  throw .badInput("\(path): no model that this program reads")
}

private func family(ofGGUF path: String) throws(AIGCError) -> any Family {
  let name = try GGUFFile.open(path).metadata.string("general.architecture")
  let found = families.filter { $0 is TransformerFamily || $0 is EncoderFamily }
  if let family = found.first(where: { $0.name == name }) { return family }
  let known = found.map { $0.name }.joined(separator: ", ")
  throw .badInput(
    "\(path): a model of the architecture '\(printable(name))'; read are: \(known)")
}

extension ModelStore {
  /// The look-up of the `aigc` command, which lists GGUF files too.
  public static func standard() -> ModelStore {
    standard(describesFile: { path in
      guard let family = try? family(ofGGUF: path), let file = try? GGUFFile.open(path) else {
        return nil
      }
      return ModelConfiguration(
        family: family.name, formatVersion: 1, kind: family.kind,
        description: try? file.metadata.string("general.name"))
    })
  }
}

/// The family of the language model at `path`.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another kind.
public func textFamily(of path: String) throws(AIGCError) -> any TextFamily {
  let family = try family(of: path)
  if let text = family as? any TextFamily { return text }
  throw .mismatch("\(path): a model of kind '\(family.kind)'; a text model is needed here")
}
