import Files
import Glibc
import Kernels
import Testing

@testable import Families

@Suite struct ForecastTests {
  @Test func naive() {
    #expect(ForecastBaselines.naive([1, 2, 3], horizon: 2) == [3, 3])
    #expect(ForecastBaselines.naive([], horizon: 2).isEmpty)
    #expect(ForecastBaselines.naive([1], horizon: 0).isEmpty)
    #expect(ForecastBaselines.naive([1], horizon: -1).isEmpty)
  }

  @Test func seasonalNaive() {
    let history = [9, 1, 2, 3, 4, 5, 6].map { Double($0) }
    #expect(
      ForecastBaselines.seasonalNaive(history, period: 3, horizon: 7) == [4, 5, 6, 4, 5, 6, 4])
    #expect(ForecastBaselines.seasonalNaive(history, period: 1, horizon: 2) == [6, 6])
    #expect(ForecastBaselines.seasonalNaive(history, period: 8, horizon: 2) == [6, 6])
    #expect(ForecastBaselines.seasonalNaive(history, period: 0, horizon: 2) == [6, 6])
    #expect(ForecastBaselines.seasonalNaive([], period: 1, horizon: 2).isEmpty)
  }

  /// Statsmodels' acf([1, 2, 3, 4, 5]) (adjusted=False): 1, 0.4, -0.1, -0.4, -0.4.
  @Test func autocorrelation() {
    let values = ForecastBaselines.autocorrelation(of: [1, 2, 3, 4, 5], longest: 3)
    #expect(values.count == 4)
    for (value, expected) in zip(values, [1, 0.4, -0.1, -0.4]) {
      #expect(abs(value - expected) < 1e-12)
    }
    #expect(ForecastBaselines.autocorrelation(of: [2, 2, 2, 2], longest: 2).isEmpty)
    #expect(ForecastBaselines.autocorrelation(of: [1], longest: 2).isEmpty)
    #expect(ForecastBaselines.autocorrelation(of: [1, .nan, 2, 3], longest: 2).isEmpty)
    #expect(ForecastBaselines.autocorrelation(of: [1, -1, 2, 3], longest: -2).isEmpty)
  }

  private func series(_ count: Int, period: Int, slope: Double, noise: Double) -> [Double] {
    var random = RandomSource(seed: UInt64(period))
    return (0..<count).map { index in
      let phase = 2 * Double.pi * Double(index) / Double(period) + 0.5
      let error = Double(random.integer(below: 2001)) / 1000 - 1
      return 100 + slope * Double(index) + 10 * sin(phase) + 4 * cos(2 * phase) + noise * error
    }
  }

  @Test(arguments: [2, 4, 7, 12, 24, 60]) func periodsAreFound(_ period: Int) {
    for slope in [0, 1.5, -20] {
      for noise in [0.0, 5.0] {
        let history = series(period * 10 + 3, period: period, slope: slope, noise: noise)
        #expect(ForecastBaselines.period(of: history) == period, "slope \(slope), noise \(noise)")
      }
    }
  }

  @Test func threePeriodsAreEnough() {
    #expect(
      ForecastBaselines.period(of: series(36, period: 12, slope: 2, noise: 0)) == 12)
    #expect(ForecastBaselines.period(of: series(20, period: 12, slope: 2, noise: 0)) == nil)
    #expect(
      ForecastBaselines.period(of: series(200, period: 50, slope: 0, noise: 0), longest: 40) == nil)
  }

  @Test func whereNoneIsThereNoneIsFound() {
    var random = RandomSource(seed: 5)
    let noise = (0..<400).map { _ in Double(random.integer(below: 1000)) }
    #expect(ForecastBaselines.period(of: noise) == nil)
    #expect(ForecastBaselines.period(of: (0..<100).map { 3 * Double($0) + 0.1 }) == nil)
    for short: [Double] in [[], [1], [1, 2], [1, 2, 1], [5, 5, 5, 5, 5, 5]] {
      #expect(ForecastBaselines.period(of: short) == nil)
    }
    #expect(ForecastBaselines.period(of: [1, 2, .infinity, 2, 1, 2, 1, 2]) == nil)
    #expect(ForecastBaselines.period(of: [1e308, -1e308, 1e308, -1e308, 1e308, -1e308]) == nil)
  }

  @Test func metrics() throws {
    let metrics = try ForecastMetrics(
      forecast: [2, 4, 0], actual: [3, 2, 0], history: [1, 3, 2, 5])
    #expect(metrics.mae == 1)
    #expect(abs(metrics.rmse - (5.0 / 3).squareRoot()) < 1e-12)
    // The naive forecast is off by 2, 1 and 3 inside the history.
    #expect(abs((metrics.mase ?? 0) - 0.5) < 1e-12)
    #expect(abs(metrics.smape - (200.0 / 5 + 400.0 / 6) / 3) < 1e-12)
    let seasonal = try ForecastMetrics(
      forecast: [2], actual: [3], history: [1, 3, 2, 5], period: 2)
    #expect(abs((seasonal.mase ?? 0) - 1 / 1.5) < 1e-12)
    #expect(ForecastMetrics.scale(of: [1, 3, 2, 5], period: 4) == nil)
    #expect(ForecastMetrics.scale(of: [2, 2, 2]) == nil)
    #expect(ForecastMetrics.scale(of: [2, 3], period: 0) == nil)
    #expect(throws: AIGCError.self) {
      try ForecastMetrics(forecast: [1], actual: [1, 2], history: [])
    }
    #expect(throws: AIGCError.self) { try ForecastMetrics(forecast: [], actual: [], history: []) }
  }

  /// The naive forecast of one step has a MASE of 1 on average: that is the scale's definition.
  @Test func naiveHasMASEOne() throws {
    let history = series(500, period: 12, slope: 0, noise: 1)
    let scale = try #require(ForecastMetrics.scale(of: history))
    let forecasts = Array(history.dropLast())
    let metrics = try ForecastMetrics(
      forecast: forecasts, actual: Array(history.dropFirst()), history: history)
    #expect(abs(metrics.mae - scale) < 1e-9)
    #expect(abs((metrics.mase ?? 0) - 1) < 1e-9)
  }
}
