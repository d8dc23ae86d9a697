/// The names of the files that this program writes into a model's folder. What else lies there is its
/// owner's, and is kept when the folder is replaced.
package enum ModelFolderFiles {
  private static let names: Set<String> = [
    // Models and runs.
    OutputFolder.configurationName, "model.safetensors", "generator.safetensors",
    "discriminator.safetensors", "training.safetensors", "log.jsonl", "model.ngram", "counts.ngram",
    "codes.prior", "generator_a.safetensors", "generator_b.safetensors",
    "discriminator_a.safetensors", "discriminator_b.safetensors",
    // Vocabularies and tokenizers, ours and those taken over with a model.
    "vocab.json", "vocab.txt", "merges.txt", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "generation_config.json",
    "model.safetensors.index.json", "chat_template.jinja", "model.gguf",
    // Images of runs.
    "loss.png", "reward.png", "samples.png", "animation.png", "reconstructions.png",
    "confusion.png", "forecast.png", "kl.png",
    // What tuned models write.
    "samples.jsonl",
    // Adapters.
    "adapter_config.json", "adapter_model.safetensors", "adapter_card.md",
  ]

  /// The folders in a model's folder that are the program's, and what it writes there.
  private static let folders: [String: Set<String>] = [
    // Where transformers looks for the other templates of chats.
    "additional_chat_templates": ["tool_use.jinja"]
  ]

  /// Whether the folder `name` in the model's folder at `path` is one of the program's, with nothing in it that is
  /// not.
  static func isOwnFolder(_ name: String, in path: String) -> Bool {
    let folder = "\(path)/\(name)"
    guard let own = folders[name], isFolder(folder),
      (try? OutputTarget.followed(folder)) == folder
    else { return false }
    return folderContents(folder).allSatisfy { own.contains($0) && !isFolder("\(folder)/\($0)") }
  }

  /// Whether a file of this name is one of the program's: one of the list, a shard of the weights, a log
  /// for TensorBoard, what a killed process left unfinished.
  package static func isOwn(_ name: String) -> Bool {
    names.contains(name) || name.hasPrefix("events.out.tfevents.") || name.contains(".tmp-")
      || name.hasPrefix("model-") && name.hasSuffix(".safetensors")
  }
}
