import Files
import NN

/// What the training of a forecast can be told. nil: found from the data.
public struct ForecastSettings: Codable, Equatable, Sendable {
  /// The table.
  public var data = ""
  /// Names or numbers; none: the first column of numbers.
  public var columns: [String] = []
  /// Whether missing values are filled by straight lines.
  public var interpolates = false
  /// The kind of the recurrent layers.
  public var kind = RecurrentKind.lstm
  /// Units of each recurrent layer, 1 to 4096.
  public var hidden = 32
  /// The number of recurrent layers, 1 to 16.
  public var layers = 1
  /// The dropout rate between the layers, from 0 to below 1.
  public var dropout: Float = 0
  /// Steps that the network sees.
  public var context: Int?
  /// Steps ahead for which it is measured.
  public var horizon: Int?
  /// Steps of a season; 0 or 1: none.
  public var period: Int?
  /// What is subtracted from a value: the last one, the one a season before, nothing, or what the
  /// data decide.
  public var difference = Differencing.auto
  /// Whether logarithms are taken.
  public var logarithm: Bool?

  /// Creates the settings that take from the data what they can, for one LSTM layer of 32 units.
  public init() {}

  /// - Parameter heldOutShare: of the series, its last part, to measure forecasts on; nil: found from the
  ///   data.
  /// - Throws: ``/Files/AIGCError`` (usage) that names the option of the first value out of range.
  func validate(heldOutShare: Double?) throws(AIGCError) {
    let checks: [(String, Int?, ClosedRange<Int>)] = [
      ("`hidden`", hidden, 1...ForecastConfiguration.largestHidden),
      ("`layers`", layers, 1...ForecastConfiguration.mostLayers),
      ("`context`", context, 1...ForecastConfiguration.longest),
      ("`horizon`", horizon, 1...ForecastConfiguration.longest),
      ("`period`", period, 0...ForecastConfiguration.longest),
    ]
    for (name, value, range) in checks {
      guard let value, !range.contains(value) else { continue }
      throw .usage("\(name) \(value): \(range.lowerBound) to \(range.upperBound)")
    }
    guard dropout >= 0, dropout < 1 else {
      throw .usage("`dropout` \(dropout): from 0 to below 1")
    }
    if let heldOutShare, !(heldOutShare > 0 && heldOutShare <= 0.5) {
      throw .usage("`heldOut.share` \(heldOutShare): above 0, up to 0.5")
    }
  }
}
