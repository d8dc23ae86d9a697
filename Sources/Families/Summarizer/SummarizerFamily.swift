import Files
import Training

/// Learned summarisers, which choose sentences of a text.
public struct SummarizerFamily: Family {
  /// The name in `config.json` and after `aigc train`, "summarizer".
  public let name = "summarizer"
  /// What its models make, "summary".
  public let kind = "summary"

  /// Creates the family, which has no settings of its own.
  public init() {}

  /// How many features, words and pairs of words have a weight, and how much was learned from.
  /// - Throws: ``/Files/AIGCError``: as ``LearnedSummarizer/init(folder:embeddings:)``.
  public func inspect(_ path: String) throws(AIGCError) -> [JSONValue.Member] {
    let configuration = try LearnedSummarizer(folder: path).configuration
    return [
      .init("features", .int(configuration.features.count)),
      .init("phrases", .int(configuration.phrases)),
      .init("penalties", .array(configuration.penalties.map { .double($0) })),
      .init("training_articles", .int(configuration.trainingArticles)),
      .init("training_sentences", .int(configuration.trainingSentences)),
    ]
  }
}
