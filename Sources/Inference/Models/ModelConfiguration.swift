import Files
import FoundationEssentials

/// The head of every model's `config.json`. Families read their own further keys from the same file
/// with ``decode(_:folder:isInput:)``.
public struct ModelConfiguration: Codable, Equatable, Sendable {
  /// The name of the model family: "ngram". A folder that other programs made calls it `model_type`.
  public var family: String
  /// The version of the folder's format, which the family checks; a folder with `model_type` in
  /// place of `family` counts as 1.
  public var formatVersion: Int
  /// What the model makes: "text", "image" …
  public var kind: String
  /// One line for `aigc models`.
  public var description: String?
  /// Whether a bundled model is the one to take for its kind when none is named.
  public var isDefault: Bool?

  /// `model_type` of what makes vectors of texts, and no text.
  private static let encoders: Set = ["bert"]

  enum CodingKeys: String, CodingKey {
    case family
    case formatVersion = "format_version"
    case kind
    case description
    case isDefault = "default"
    case modelType = "model_type"
  }

  /// Reads the keys of every model. A folder that another program made, with `model_type` but
  /// without `family`, is taken for a text model of that family, or for an encoder.
  /// - Throws: `DecodingError` when a key is missing or has another type.
  public init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    description = try keys.decodeIfPresent(String.self, forKey: .description)
    isDefault = try keys.decodeIfPresent(Bool.self, forKey: .isDefault)
    guard keys.contains(.family) || !keys.contains(.modelType) else {
      family = try keys.decode(String.self, forKey: .modelType)
      formatVersion = 1
      kind = Self.encoders.contains(family) ? "embedding" : "text"
      return
    }
    family = try keys.decode(String.self, forKey: .family)
    formatVersion = try keys.decode(Int.self, forKey: .formatVersion)
    kind = try keys.decode(String.self, forKey: .kind)
  }

  /// Writes the keys of every model; those that are nil are left out.
  public func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(family, forKey: .family)
    try keys.encode(formatVersion, forKey: .formatVersion)
    try keys.encode(kind, forKey: .kind)
    try keys.encodeIfPresent(description, forKey: .description)
    try keys.encodeIfPresent(isDefault, forKey: .isDefault)
  }

  /// Creates the head of a configuration.
  public init(
    family: String, formatVersion: Int, kind: String, description: String? = nil,
    isDefault: Bool? = nil
  ) {
    self.family = family
    self.formatVersion = formatVersion
    self.kind = kind
    self.description = description
    self.isDefault = isDefault
  }

  /// The file's name inside a model folder.
  public static let fileName = OutputFolder.configurationName
  private static let largest = 16 << 20

  /// The head of the configuration in a model folder.
  /// - Parameters:
  ///   - folder: of the model.
  ///   - isInput: whether the model is used, and not only looked at.
  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing, too large or not what is needed.
  public static func read(
    folder: String, isInput: Bool = true
  ) throws(AIGCError) -> ModelConfiguration {
    try decode(ModelConfiguration.self, folder: folder, isInput: isInput)
  }

  /// Reads `config.json` of a model folder as `type`.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names the file and the key.
  public static func decode<Configuration: Decodable>(
    _ type: Configuration.Type = Configuration.self, folder: String, isInput: Bool = true
  ) throws(AIGCError) -> Configuration {
    let path = "\(folder)/\(fileName)"
    let file = try MappedFile(path: path, isInput: isInput)
    guard file.count <= largest else { throw .badInput("\(path): too large for a configuration") }
    let bytes = try file.bytes()
    do {
      return try JSONDecoder().decode(type, from: Data(bytes.indices.map { bytes[$0] }))
    } catch {
      throw .badInput("\(path): \(reason(error))")
    }
  }

  /// Writes `configuration` as the `config.json` at `path`, keys sorted.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public static func write(
    _ configuration: some Encodable, to path: String
  ) throws(AIGCError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    guard let data = try? encoder.encode(configuration) else {
      throw .failed("\(path): the configuration cannot be written")
    }
    let file = try OutputFile(path: path)
    try file.write(Array(data) + [10])
    try file.commit(sync: true)
  }

  /// One line about what JSONDecoder did not like.
  private static func reason(_ error: any Error) -> String {
    func name(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "the file" : "'\(path.map { $0.stringValue }.joined(separator: "."))'"
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context): return "\(name(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): return "\(name(context.codingPath)) is null"
    case .typeMismatch(_, let context): return "\(name(context.codingPath)) has the wrong type"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(name(context.codingPath)): \(context.debugDescription)"
    default: return "not valid JSON"
    }
  }
}
