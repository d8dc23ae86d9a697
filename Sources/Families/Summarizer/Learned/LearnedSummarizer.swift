import Checkpoints
import Datasets
import Files
import Training

/// A summariser that was learned: a weight for each feature of a sentence, and for each of many words and pairs.
public struct LearnedSummarizer: Sendable {
  /// What stands in config.json.
  public let configuration: SummarizerConfiguration
  let featureWeights: [Float]
  let phraseWeights: [Float]
  let phrases: [[UInt8]]
  /// Of its configuration's ``SummarizerConfiguration/embeddings``.
  let vectors: SentenceVectors?

  static let weightsFile = "model.safetensors"
  static let phrasesFile = "vocab.txt"

  init(
    _ configuration: SummarizerConfiguration, features: [Float], phrases: [[UInt8]],
    weights: [Float], vectors: SentenceVectors?
  ) {
    (self.configuration, self.vectors) = (configuration, vectors)
    (featureWeights, self.phrases, phraseWeights) = (features, phrases, weights)
  }

  /// Opens a model folder.
  /// - Parameters:
  ///   - folder: of the model.
  ///   - embeddings: where the model of its vectors is now; nil: where it was when it was trained.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the files do not fit
  ///   together, or vectors are not those that it learned with.
  public init(folder: String, embeddings: SentenceVectors? = nil) throws(AIGCError) {
    configuration = try SummarizerConfiguration.read(folder: folder)
    vectors = try Self.vectors(configuration, folder, embeddings)
    let path = "\(folder)/\(Self.weightsFile)"
    let checkpoint = try Checkpoint.open(path)
    func weights(_ name: String, _ count: Int) throws(AIGCError) -> [Float] {
      guard let tensor = checkpoint[name] else { throw .badInput("\(path): no tensor '\(name)'") }
      guard tensor.shape == [count] else {
        throw .mismatch("\(path): '\(name)' is \(tensor.shape), not [\(count)] as in config.json")
      }
      let values = try tensor.floats()
      guard values.allSatisfy({ $0.isFinite && abs($0) < 1e12 }) else {
        throw .badInput("\(path): '\(name)' holds what is no weight: the file is damaged")
      }
      return values
    }
    featureWeights = try weights(
      "features", SentenceFeatures.count(vectorWidth: configuration.embeddingWidth ?? 0))
    let count = PhraseIndex.weights(configuration.phrases, placed: configuration.placedPhrases)
    phraseWeights = count > 0 ? try weights("phrases", count) : []
    let list = "\(folder)/\(Self.phrasesFile)"
    phrases = configuration.phrases > 0 ? lines(of: try readText(path: list)) : []
    guard phrases.count == configuration.phrases else {
      throw .mismatch(
        "\(list): \(counted(phrases.count, "phrase")), \(configuration.phrases) in config.json")
    }
  }

  private static func vectors(
    _ configuration: SummarizerConfiguration, _ folder: String, _ given: SentenceVectors?
  ) throws(AIGCError) -> SentenceVectors? {
    guard let name = configuration.embeddings else {
      if let given {
        throw .usage(
          "\(folder): it learned without vectors of sentences; '\(given.name)' is not used")
      }
      return nil
    }
    let vectors: SentenceVectors
    if let given { vectors = given } else { vectors = try SentenceVectors(name) }
    guard vectors.width == configuration.embeddingWidth else {
      throw .mismatch(
        "\(folder): vectors of \(vectors.width) values by \(vectors.name); it learned with "
          + "\(configuration.embeddingWidth ?? 0)")
    }
    return vectors
  }

  /// Writes a model folder.
  /// - Throws: ``/Files/AIGCError``: usage for a folder that may not be replaced, failed when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    let folder = try OutputFolder(path: path)
    var tensors = [
      NewTensor(name: "features", shape: [featureWeights.count], floats: featureWeights)
    ]
    if !phrases.isEmpty {
      tensors.append(
        NewTensor(name: "phrases", shape: [phraseWeights.count], floats: phraseWeights))
    }
    try SafetensorsWriter.write(tensors, to: folder.file(Self.weightsFile), sync: true)
    if !phrases.isEmpty {
      let file = try OutputFile(path: folder.file(Self.phrasesFile))
      try file.write(Array(phrases.joined(separator: [10])) + [10])
      try file.commit(sync: true)
    }
    try ModelConfiguration.write(configuration, to: folder.file(ModelConfiguration.fileName))
    try folder.commit()
  }
}

/// A learned summariser with its phrases by the numbers of one table.
struct FeatureScorer {
  private let model: LearnedSummarizer
  private let index: PhraseIndex
  private let cues: CuePhrases

  init(_ model: LearnedSummarizer, _ table: inout TermTable) {
    self.model = model
    index = PhraseIndex(model.phrases, placed: model.configuration.placedPhrases, &table)
    cues = CuePhrases(&table)
  }

  /// - Throws: ``/Files/AIGCError`` (interrupted).
  func scores(_ document: SummaryDocument) throws(AIGCError) -> [Double] {
    let rows = try SentenceFeatures.rows(document, cues, model.vectors?.vectors(of: document))
    return rows.enumerated().map { place, row in
      let plain = zip(row, model.featureWeights).reduce(0) { $0 + $1.0 * Double($1.1) }
      return index.phrases(place, of: document).reduce(plain) {
        $0 + Double(model.phraseWeights[Int($1)])
      }
    }
  }
}
