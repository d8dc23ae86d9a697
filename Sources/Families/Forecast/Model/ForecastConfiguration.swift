import Files
import NN
import Training

/// `config.json` of a forecasting model, beyond the keys of every model.
public struct ForecastConfiguration: Codable, Equatable, Sendable {
  /// The name of the family, "forecast".
  public var family = ForecastFamily.name
  /// The version of the folder's format; ``version`` is the only one that is read.
  public var formatVersion = ForecastConfiguration.version
  /// What the model makes, "series".
  public var kind = ForecastFamily.kind
  /// One line about the model for `aigc models`.
  public var description: String
  /// rnn, gru or lstm.
  public var network: RecurrentKind
  /// Units of each recurrent layer, 1 to ``largestHidden``.
  public var hiddenSize: Int
  /// The number of recurrent layers, 1 to ``mostLayers``.
  public var layers: Int
  /// The dropout rate between the layers, from 0 to below 1.
  public var dropout: Float
  /// The columns of the table, in the order of the network's inputs and outputs.
  public var columns: [String]
  /// Steps that the network sees.
  public var context: Int
  /// Steps ahead for which it was measured.
  public var horizon: Int
  /// Steps of a season; nil: none was found.
  public var period: Int?
  /// How values become the network's inputs, and its outputs values.
  public var normalisation: SeriesTransform
  /// Deviation of the one-step errors in the network's unit, column by column.
  public var residuals: [Double]
  /// The end of the series, column by column: where a forecast begins.
  public var history: [[Double]]
  /// The labels of the last steps; empty when the table has none.
  public var labels: [String]
  /// Steps of the series that the network learned from.
  public var trainingSteps: Int

  /// The keys of `config.json`.
  public enum CodingKeys: String, CodingKey {
    case family, kind, description, network, layers, dropout, columns, context, horizon, period
    case normalisation, residuals, history, labels
    case formatVersion = "format_version"
    case hiddenSize = "hidden_size"
    case trainingSteps = "training_steps"
  }

  /// The version of the format that is written and read.
  public static let version = 1

  /// Steps before a forecast that a model needs.
  public var needed: Int { context + normalisation.lag }

  var sizes: ForecastNetwork.Sizes {
    .init(
      kind: network, columns: columns.count, hidden: hiddenSize, layers: layers, dropout: dropout)
  }

  /// The limits of `context` and of a period.
  public static let longest = 10_000
  /// The most units that a layer may have.
  public static let largestHidden = 4096
  /// The most layers that a network may have.
  public static let mostLayers = 16

  /// Reads and checks the file in a model folder.
  /// - Throws: ``/Files/AIGCError`` (badInput).
  public static func read(folder: String) throws(AIGCError) -> ForecastConfiguration {
    let path = "\(folder)/\(ModelConfiguration.fileName)"
    let result: ForecastConfiguration = try ModelConfiguration.decode(folder: folder)
    guard result.formatVersion == version else {
      throw .badInput(
        "\(path): format version \(result.formatVersion) instead of \(version); a newer aigc is "
          + "needed")
    }
    if let key = result.damaged { throw .badInput("\(path): '\(key)' is out of range") }
    return result
  }

  /// The first key with an impossible value.
  private var damaged: String? {
    let count = columns.count
    let checks: [(String, Bool)] = [
      ("columns", (1...TimeSeries.mostColumns).contains(count)),
      ("hidden_size", (1...Self.largestHidden).contains(hiddenSize)),
      ("layers", (1...Self.mostLayers).contains(layers)),
      ("dropout", (0..<1).contains(dropout)),
      ("context", (1...Self.longest).contains(context)),
      ("horizon", (1...Self.longest).contains(horizon)),
      ("period", period.map { (2...Self.longest).contains($0) } ?? true),
      ("normalisation.difference_lag", (0...Self.longest).contains(normalisation.lag)),
      ("normalisation.means", isColumns(normalisation.means) { $0.isFinite }),
      ("normalisation.deviations", isColumns(normalisation.deviations) { $0 > 0 && $0.isFinite }),
      ("residuals", isColumns(residuals) { $0 >= 0 && $0.isFinite }),
      ("labels", labels.count <= 2 * Self.longest),
    ]
    if let failed = checks.first(where: { !$0.1 }) { return failed.0 }
    if ParameterPlan.problem({ ForecastNetwork(sizes, using: &$0) }) != nil { return "hidden_size" }
    let isHistory =
      history.count == count
      && history.allSatisfy { column in
        column.count >= needed && column.count == history[0].count
          && column.allSatisfy {
            $0.magnitude <= TimeSeries.largest && (!normalisation.usesLogarithm || $0 > 0)
          }
      }
    return isHistory ? nil : "history"
  }

  private func isColumns(_ values: [Double], _ accept: (Double) -> Bool) -> Bool {
    values.count == columns.count && values.allSatisfy(accept)
  }
}
