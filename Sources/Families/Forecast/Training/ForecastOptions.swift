import Files
import NN
import Training

/// What `aigc train rnn|gru|lstm --task forecast` can be told. nil: found from the data.
struct ForecastOptions: Sendable {
  /// The table.
  var data: String
  /// Names or numbers; none: the first column of numbers.
  var columns: [String] = []
  /// Whether missing values are filled by straight lines.
  var interpolates = false
  var kind = RecurrentKind.lstm
  var hidden = 32
  var layers = 1
  var dropout: Float = 0
  /// Steps that the network sees.
  var context: Int?
  /// Steps ahead for which it is measured.
  var horizon: Int?
  /// Steps of a season; 0 or 1: none.
  var period: Int?
  var difference = Differencing.auto
  /// Whether logarithms are taken.
  var logarithm: Bool?
  /// Share of the series, its last part, that is held out to measure forecasts.
  var heldOutShare: Double?
  /// How it is trained.
  var trainer = ForecastOptions.defaultTrainer

  init(data: String) { self.data = data }

  /// Takes what a run that goes on was started with.
  /// - Parameter saved: its model; what follows from the data alone follows again.
  mutating func keep(_ saved: ForecastConfiguration) {
    let settings = trainer.settings
    columns = saved.columns
    (hidden, layers, dropout) = (saved.hiddenSize, saved.layers, saved.dropout)
    (context, horizon, period) = (saved.context, saved.horizon, saved.period ?? 0)
    logarithm = saved.normalisation.usesLogarithm
    difference = settings?["--difference"].flatMap { Differencing(rawValue: $0) } ?? difference
    interpolates = interpolates || settings?["--interpolate"] != nil
    heldOutShare = heldOutShare ?? settings?["--val-split"].flatMap { Double($0) }
  }

  static var defaultTrainer: TrainerConfiguration {
    var result = TrainerConfiguration(steps: 600, schedule: Schedule(.cosine, peak: 2e-3))
    result.batchSize = 32
    result.evalEvery = 20
    result.logEvery = 10
    result.optimizer.gradClip = 1
    result.optimizer.weightDecay = 0.01
    return result
  }

  /// - Throws: ``AIGCError`` (usage) that names the option of the first value out of range.
  func validate() throws(AIGCError) {
    let checks: [(String, Int?, ClosedRange<Int>)] = [
      ("--hidden", hidden, 1...ForecastConfiguration.largestHidden),
      ("--layers", layers, 1...ForecastConfiguration.mostLayers),
      ("--context", context, 1...ForecastConfiguration.longest),
      ("--horizon", horizon, 1...ForecastConfiguration.longest),
      ("--period", period, 0...ForecastConfiguration.longest),
    ]
    for (name, value, range) in checks {
      guard let value, !range.contains(value) else { continue }
      throw .usage("\(name) \(value): \(range.lowerBound) to \(range.upperBound)")
    }
    guard dropout >= 0, dropout < 1 else {
      throw .usage("--dropout \(dropout): from 0 to below 1")
    }
    if let heldOutShare, !(heldOutShare > 0 && heldOutShare <= 0.5) {
      throw .usage("--val-split \(heldOutShare): above 0, up to 0.5")
    }
  }
}
