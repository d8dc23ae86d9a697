import Files

/// Which states of a language model, or vectors of an encoder, a classifier reads.
public struct TextBackbone: Codable, Equatable, Sendable {
  /// The name or path of the model.
  public var model: String
  /// After how many of its layers the mean of the text's states is taken; an encoder counts as one.
  public var layer: Int
  /// Values of a state.
  public var width: Int
  /// What a language model reads each text in, `{}` being its place; nil: the text alone.
  public var prompt: String?
  /// After how many layers the state of the prompt's last token is read too; nil: it is not.
  public var lastLayer: Int?

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case model, layer, width, prompt
    case lastLayer = "last_layer"
  }

  /// What is read of each text, one behind the other.
  var places: [StatePlace] {
    [StatePlace(layer: layer, isLast: false)]
      + (lastLayer.map { [StatePlace(layer: $0, isLast: true)] } ?? [])
  }

  /// Values that are read of each text.
  var columns: Int { width * places.count }

  /// Why it is none; nil: it is one.
  var problem: String? {
    guard (0...100_000).contains(layer), (0...100_000).contains(lastLayer ?? 0),
      (1...1 << 20).contains(width)
    else { return "'backbone' with layer \(layer) and width \(width)" }
    return prompt.flatMap { TextPrompt.problem($0) }
  }
}

/// What is read of a text: the mean of its tokens' states after a layer, or the last token's state.
struct StatePlace: Hashable, Sendable {
  var layer: Int
  var isLast: Bool
}
