import Checkpoints
import FamilySupport
import Files
import FoundationEssentials
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

@Suite struct ForecastModelTests {
  @Test func beatsTheNaiveForecasts() throws {
    let folder = try TemporaryFolder()
    let options = smallForecast(
      try folder.write("series.csv", waveTable(144)), steps: 200)
    let result = try options.train(to: "\(folder.path)/model")
    let configuration = try ForecastConfiguration.read(folder: result.folder)
    #expect(configuration.period == 12)
    #expect(configuration.normalisation.lag == 12)
    let column = try #require(result.measures?.columns.first)
    #expect(column.multiStep.map { $0.name } == ["model", "naive", "seasonal_naive"])
    let errors = column.multiStep.map { $0.metrics.mae }
    #expect(errors[0] < 0.5 * errors[1], "\(errors)")
    #expect(errors[0] < errors[2], "\(errors)")
    #expect(column.oneStep[0].metrics.mae < column.oneStep[1].metrics.mae)
    let names = Set(folderContents("\(folder.path)/model"))
    #expect(
      names.isSuperset(of: [
        "config.json", "model.safetensors", "forecast.png", "loss.png", "log.jsonl",
      ]))
    let weights = try Checkpoint.open("\(folder.path)/model/model.safetensors")
    #expect(weights["lstm.weight_ih_l0"]?.shape == [32, 1])
    #expect(weights["fc.weight"]?.shape == [1, 8])
  }

  /// The same seed, the same bytes; a run with a break ends as one without.
  @Test func runsAreRepeatable() throws {
    let folder = try TemporaryFolder()
    var options = smallForecast(
      try folder.write("series.csv", waveTable(60, columns: 2)), steps: 12)
    // The same column twice.
    options.settings.columns = ["v0", "2"]
    #expect(refusal { _ = try options.train(to: "\(folder.path)/no") }?.code == .usage)
    options.settings.columns = ["v1", "v0"]
    options.settings.kind = .gru
    options.run.trainer.schedule.shape = .constant
    options.run.trainer.evalEvery = 6
    let resumed = try expectResumes(
      options, at: 6, files: ["model.safetensors", "config.json", "forecast.png"], in: folder)
    options.settings.data = try folder.write("series.csv", waveTable(61, columns: 2))
    refuses([.mismatch]) { _ = try options.resume(in: resumed.path) }
  }

  @Test func aFolderForecastsAsTheSeriesDoes() throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("series.csv", waveTable(60))
    let path = "\(folder.path)/model"
    _ = try smallForecast(data, steps: 5).train(to: path)
    let model = try ForecastModel(folder: path)
    let stored = model.configuration.history
    let series = try TimeSeries.read(
      data, for: model.configuration.columns, interpolates: false)
    let a = try model.forecasts(stored, from: [stored[0].count], horizon: 20)
    let b = try model.forecasts(series.values, from: [series.count, 40], horizon: 20)
    // Sums of a product may be taken in another order in a larger batch.
    for (x, y) in zip(a[0][0], b[0][0]) { #expect((x - y).magnitude < 1e-3 * y.magnitude) }
    #expect(a[0] == (try model.forecasts(stored, from: [stored[0].count], horizon: 20)[0]))
    #expect(a[0] != b[1])
    #expect(a[0][0].count == 20 && a[0][0].allSatisfy { $0.isFinite })
    func samples() throws -> [[[Double]]] {
      let origins = [stored[0].count, stored[0].count]
      return try model.forecasts(stored, from: origins, horizon: 5, noise: 1)
    }
    let drawn = try samples()
    #expect(drawn[0] != drawn[1])
    #expect(try drawn == samples())
    let result = try ForecastFamily().evaluate(path, on: data)
    #expect(result?.text.contains("seasonal naive") == true)
    #expect(result?.members.contains { $0.name == "columns" } == true)
    #expect(try !ForecastFamily().inspect(path).isEmpty)
    #expect(try family(of: path).name == "forecast")
  }

  @Test func otherDataIsAMismatch() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/model"
    let data = try folder.write("series.csv", waveTable(60))
    _ = try smallForecast(data, steps: 2).train(to: path)
    let short = try folder.write("short.csv", waveTable(10))
    let named = try folder.write("named.csv", "a,b\n1,2\n3,4\n")
    #expect(refusal { _ = try ForecastFamily().evaluate(path, on: short) }?.code == .mismatch)
    #expect(refusal { _ = try ForecastFamily().evaluate(path, on: named) }?.code == .mismatch)
  }
}

@Suite struct ForecastInputTests {
  @Test(arguments: [
    ("x\n1\n2\n3\n", [], AIGCError.Code.badInput),
    ("x\n" + String(repeating: "1\n", count: 19) + "NaN\n", [], .badInput),
    ("x\n" + String(repeating: "1\n", count: 19) + "1e200\n", [], .badInput),
    ("x,y\n" + String(repeating: "a,b\n", count: 30), [], .badInput),
    (waveTable(60), ["nothing"], .usage),
    (waveTable(60), ["v0", "v0"], .usage),
    (waveTable(60), ["month"], .badInput),
    ("", [], .badInput),
  ])
  func refused(text: String, columns: [String], expected: AIGCError.Code) throws {
    let folder = try TemporaryFolder()
    var options = smallForecast(try folder.write("series.csv", text), steps: 1)
    options.settings.columns = columns
    #expect(refusal { _ = try options.train(to: "\(folder.path)/m") }?.code == expected)
    #expect(!fileExists("\(folder.path)/m"))
  }

  @Test func constantsAndGapsAreLearned() throws {
    let folder = try TemporaryFolder()
    let constant = try folder.write("series.csv", "x\n" + String(repeating: "7\n", count: 40))
    let result = try smallForecast(constant, steps: 3).train(to: "\(folder.path)/m")
    #expect(
      try ForecastConfiguration.read(folder: result.folder).normalisation.deviations == [1])
    let gaps = try folder.write("g.csv", "x,y\n" + String(repeating: "1,2\n,3\n3,\n", count: 12))
    var options = smallForecast(gaps, steps: 3)
    options.settings.columns = ["x", "y"]
    #expect(refusal { _ = try options.train(to: "\(folder.path)/g") }?.code == .badInput)
    options.settings.interpolates = true
    options.settings.difference = .none
    #expect(refusal { _ = try options.train(to: "\(folder.path)/g") }?.code == nil)
  }

  @Test func settingsOutOfRange() throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("series.csv", waveTable(60))
    let changes: [(inout ForecastRecipe) -> Void] = [
      { $0.settings.hidden = 0 }, { $0.settings.layers = 1000 }, { $0.settings.context = 0 },
      { $0.settings.horizon = 50 },
      { $0.settings.period = -1 }, { $0.run.heldOut?.share = 0.9 }, { $0.settings.dropout = 1 },
      { $0.run.trainer.steps = 0 },
    ]
    for change in changes {
      var options = smallForecast(data, steps: 1)
      change(&options)
      #expect(refusal { _ = try options.train(to: "\(folder.path)/m") }?.code == .usage)
    }
    var options = smallForecast(data, steps: 1)
    options.settings.context = 5000
    #expect(refusal { _ = try options.train(to: "\(folder.path)/m") }?.code == .badInput)
  }

  @Test func damagedFolders() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/model"
    _ = try smallForecast(try folder.write("series.csv", waveTable(60)), steps: 1)
      .train(to: path)
    let good = try ForecastConfiguration.read(folder: path)
    let changes: [(inout ForecastConfiguration) -> Void] = [
      { $0.history = [] }, { $0.history = [[1]] }, { $0.columns = [] }, { $0.hiddenSize = -1 },
      { $0.hiddenSize = 4096 }, { $0.layers = 16 }, { $0.context = .max },
      { $0.normalisation.lag = -1 }, { $0.normalisation.lag = .max }, { $0.residuals = [] },
      { $0.normalisation.deviations = [0] }, { $0.period = 0 }, { $0.horizon = 0 },
      { $0.formatVersion = 2 }, { $0.network = .gru }, { $0.columns.append("b") },
    ]
    for (index, change) in changes.enumerated() {
      var damaged = good
      change(&damaged)
      try ForecastModel.writeConfiguration(damaged, to: "\(path)/config.json")
      let found = refusal { _ = try ForecastModel(folder: path) }?.code
      #expect(found == .badInput || found == .mismatch, "change \(index)")
    }
  }

  @Test func labelsGoOn() {
    func next(_ labels: [String]) -> [String] {
      let names = StepLabels(after: labels)
      return (0..<3).map { names[$0] }
    }
    #expect(next(["1960-11", "1960-12"]) == ["1961-01", "1961-02", "1961-03"])
    #expect(next(["2024-02-27", "2024-02-28"]) == ["2024-02-29", "2024-03-01", "2024-03-02"])
    #expect(next(["2023-12-24", "2023-12-31"]) == ["2024-01-07", "2024-01-14", "2024-01-21"])
    #expect(next(["2023-08-01", "2023-09-01"]) == ["2023-10-01", "2023-11-01", "2023-12-01"])
    for labels in [[], ["x"], ["a", "b"], ["2024-01-01"], ["2024-13", "2024-14"], ["", ""]] {
      #expect(next(labels) == ["1", "2", "3"])
    }
  }
}
