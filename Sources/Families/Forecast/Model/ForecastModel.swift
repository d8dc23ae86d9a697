import Autograd
import Checkpoints
import Files
import FoundationEssentials
import Glibc
import Kernels
import NN
import Training

/// A network with all that is needed to forecast.
///
/// Nothing of it changes after it was opened, so that many callers may use it at once.
public struct ForecastModel: @unchecked Sendable {
  /// What `config.json` says of the model: sizes, columns, transform and the end of the series.
  public let configuration: ForecastConfiguration
  let network: ForecastNetwork
  /// The file of its weights; nil for a model in memory.
  private let path: String?

  /// The name of the weights' file inside a model folder.
  public static let weightsName = "model.safetensors"
  /// Forecasts that are computed at the same time.
  private static let batch = 256

  init(configuration: ForecastConfiguration, network: ForecastNetwork) {
    self.configuration = configuration
    self.network = network
    path = nil
  }

  /// Opens a model folder.
  /// - Throws: ``/Files/AIGCError``: badInput when a file is missing or damaged, mismatch when the weights
  ///   are not those of the configuration.
  public init(folder: String) throws(AIGCError) {
    configuration = try ForecastConfiguration.read(folder: folder)
    let file = try Checkpoint.open("\(folder)/\(Self.weightsName)")
    path = file.path
    let sizes = configuration.sizes
    network = ParameterPlan.shapes { ForecastNetwork(sizes, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: file)
  }

  /// The files of a model.
  static func write(
    _ configuration: ForecastConfiguration, _ network: ForecastNetwork,
    to path: (String) -> String
  ) throws(AIGCError) {
    try StateDictionary.write(network.namedParameters, to: path(weightsName))
    try writeConfiguration(configuration, to: path(ModelConfiguration.fileName))
  }

  /// Writes the `config.json` at `path`, keys sorted.
  /// - Throws: ``/Files/AIGCError`` (failed) when a value is not finite, which JSON cannot hold, or when
  ///   the disk refuses.
  public static func writeConfiguration(
    _ configuration: ForecastConfiguration, to path: String
  ) throws(AIGCError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(configuration) else {
      throw .failed("\(path): a setting cannot be written")
    }
    let file = try OutputFile(path: path)
    try file.write(Array(data) + [UInt8(ascii: "\n")])
    try file.commit(sync: true)
  }

  // MARK: Forecasts

  /// Forecasts from several places of a series, each fed with its own forecasts.
  /// - Parameters:
  ///   - series: one array a column.
  ///   - origins: how many values are known at each place, at least `configuration.needed`.
  ///   - horizon: steps ahead.
  ///   - noise: draws errors like those that were seen, for each place anew; nil: none.
  /// - Returns: for each place, one array a column.
  /// - Throws: ``/Files/AIGCError`` (interrupted).
  public func forecasts(
    _ series: [[Double]], from origins: [Int], horizon: Int, noise: UInt64? = nil
  ) throws(AIGCError) -> [[[Double]]] {
    try AIGCError.check(
      series.count == configuration.columns.count
        && origins.allSatisfy { origin in
          origin >= configuration.needed && series.allSatisfy { $0.count >= origin }
        },
      "\(series.count) columns, or places of which fewer than \(configuration.needed) values are known"
    )
    let levels = series.map { column in column.map { configuration.normalisation.leveled($0) } }
    var results: [[[Double]]] = []
    for start in stride(from: 0, to: origins.count, by: Self.batch) {
      let part = start..<min(start + Self.batch, origins.count)
      var paths = origins[part].map { ForecastPath(levels, $0, configuration) }
      var sources = part.map { RandomSource(seed: noise ?? 0, stream: $0) }
      for _ in 0..<horizon {
        try Interruption.check()
        try advance(&paths, &sources, isNoisy: noise != nil)
      }
      results += paths.map { path in
        path.levels.map { column in
          column.suffix(horizon).map { configuration.normalisation.value($0) }
        }
      }
    }
    return results
  }

  /// One more value of each path.
  private func advance(
    _ paths: inout [ForecastPath], _ sources: inout [RandomSource], isNoisy: Bool
  ) throws(AIGCError) {
    let (steps, columns) = (configuration.context, configuration.columns.count)
    let count = paths.count
    var values = [Float](repeating: 0, count: steps * count * columns)
    for (place, path) in paths.enumerated() {
      for column in 0..<columns {
        let inputs = path.inputs[column].suffix(steps)
        for (step, value) in inputs.enumerated() {
          values[(step * count + place) * columns + column] = value
        }
      }
    }
    let outputs = try DamagedWeights.check(
      network.next(Tensor(values, [steps, count, columns])), "forecasts", of: path,
      network.namedParameters
    ).values
    for place in paths.indices {
      for column in 0..<columns {
        var output = outputs[place * columns + column]
        if isNoisy {
          output += Float(sources[place].normal() * configuration.residuals[column])
        }
        paths[place].append(output, column: column, configuration.normalisation)
      }
    }
  }
}

/// What is known and forecast at one place.
private struct ForecastPath {
  /// Values or their logarithms, column by column.
  var levels: [[Double]]
  /// What the network sees of them.
  var inputs: [[Float]]

  init(_ levels: [[Double]], _ origin: Int, _ configuration: ForecastConfiguration) {
    let start = origin - configuration.needed
    self.levels = levels.map { Array($0[start..<origin]) }
    inputs = self.levels.enumerated().map { configuration.normalisation.inputs($1, column: $0) }
  }

  mutating func append(_ output: Float, column: Int, _ transform: SeriesTransform) {
    inputs[column].append(output)
    levels[column].append(transform.level(output, after: levels[column], column: column))
  }
}
