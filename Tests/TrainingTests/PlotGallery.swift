import Datasets
import Files
import Glibc
import Testing
import Kernels

@testable import Training

@Suite struct PlotGallery {
  @Test func draw() throws {
    guard let folder = getenv("GALLERY").map({ String(cString: $0) }) else { return }
    var random = RandomSource(seed: 3)
    func noise() -> Double { (0..<6).reduce(0.0) { s, _ in s + Double(random.integer(below: 1000)) / 1000 } - 3 }
    var rows: [MetricsRow] = []
    for step in stride(from: 10, through: 20000, by: 10) {
      let base = 1.35 + 2.9 * exp(-Double(step) / 1800)
      var members: [JSONValue.Member] = [.init("loss", .double(base + 0.07 * noise()))]
      if step % 1000 == 0 { members.append(.init("val_loss", .double(base + 0.12 + 0.00002 * max(0, Double(step) - 9000)))) }
      rows.append(MetricsRow(step: step, members: members))
    }
    try LossCurve.plot(rows, title: "gpt-shakespeare: loss", unit: "loss (nats per token)").picture().write(to: "\(folder)/loss.png")
    try LossCurve.plot(Array(rows.prefix(12)), title: "short").picture().write(to: "\(folder)/short.png")
    let series = (0..<144).map { (i: Int) -> Double in
      let t = Double(i)
      let wave: Double = sin(t * Double.pi / 6)
      return 100 + t * 2.4 + (40 + t * 0.5) * wave + 8 * noise()
    }
    let history = Array(series.prefix(120)), actual = Array(series.suffix(24))
    #expect(ForecastBaselines.period(of: history) == 12)
    var plot = LinePlot(title: "Air passengers: 24 months ahead", xLabel: "month", yLabel: "passengers (thousands)")
    plot.series = [
      .init("history", values: history, color: .init(70,70,70), width: 1.5),
      .init("actual", values: actual, from: 120, color: .init(70,70,70), width: 1.5, isDashed: true),
      .init("forecast (LSTM)", values: actual.map { $0 + 6 * noise() }, from: 120),
      .init("seasonal naive", values: ForecastBaselines.seasonalNaive(history, period: 12, horizon: 24), from: 120, width: 1.5, isDashed: true),
    ]
    plot.markers = [.init(x: 119.5), .init(x: 119.5, .shaded(to: .infinity), name: "forecast horizon")]
    try plot.picture().write(to: "\(folder)/forecast.png")
    plot.xNames = (0..<144).map { "\(1949 + $0 / 12)-\($0 % 12 < 9 ? "0" : "")\($0 % 12 + 1)" }
    plot.width = 1920; plot.height = 1080
    try plot.picture().write(to: "\(folder)/forecast2.png")
    var log = LinePlot(title: "Log axis: \"quick\" brown fox, jumps! (over) 100% of lazy dogs; AVATAR W/M @ {x|y}~[z] <=> é", xLabel: "step #", yLabel: "learning rate & loss")
    log.isLogarithmic = true
    let a = (1...300).map { (i: Int) -> LinePlot.Point in LinePlot.Point(Double(i) * 1000, 1e-3 * exp(-Double(i) / 40)) }
    let b = (1...300).map { (i: Int) -> LinePlot.Point in LinePlot.Point(Double(i) * 1000, i % 50 == 0 ? Double.nan : i == 7 ? 0 : 1e-2 / Double(i)) }
    log.series = [.init("lr", a), .init("gap", b, hasDots: true)]
    log.markers = [.init(x: .nan), .init(x: .infinity, .shaded(to: 3)), .init(x: 200000, name: "here")]
    try log.picture().write(to: "\(folder)/log.png")
    func one(_ name: String, _ series: [LinePlot.Series], _ change: (inout LinePlot) -> Void = { _ in }) throws {
      var plot = LinePlot(title: name, xLabel: "x", yLabel: "y"); plot.series = series; change(&plot)
      try plot.picture().write(to: "\(folder)/d-\(name).png")
    }
    try one("point", [.init("one", values: [3.25])]) { $0.notes = [.init(.init(0, 3.25), "note")] }
    try one("constant", [.init("c", values: [-5, -5, -5])])
    try one("tiny", [.init("c", values: [1e-12, 2.5e-12, .infinity, 2e-12, 1e-12])])
    try one("huge", [.init("c", values: [1e300, -1e300, 1e308, 1e299, 3e299])])
    try one("close", [.init("c", values: [1e9, 1e9 + 3, 1e9 + 1])])
    try one("millions", [.init("c", values: [1e6, 2.5e6, 4e6])])
    try one("small", [.init("c", values: [1, 2, 3]), .init("d", values: [1.5, 2.5, 3.5])]) { $0.width = 10; $0.height = 10 }
    try one("lognarrow", [.init("c", values: [1.5, 2, 4.5])]) { $0.isLogarithmic = true }
    try one("log2", [.init("c", values: [0.5, 2, 45])]) { $0.isLogarithmic = true }
    try one("logwide", [.init("c", values: [1e-100, 2, 1e100, 1e250])]) { $0.isLogarithmic = true }
    let many = (0..<12).map { (k: Int) -> LinePlot.Series in
      let values = (0..<40).map { (i: Int) -> Double in Double(i * (k + 3) % 17 + k) }
      return LinePlot.Series("series \(k)", values: values, isDashed: k % 2 == 1)
    }
    try one("many", many)
    var font = LinePlot(title: "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789", xLabel: "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789", yLabel: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ Sphinx")
    font.series = [.init("The quick brown fox jumps over the lazy dog.", []), .init("Sphinx of black quartz, judge my vow: 8 x 7 = 56", []), .init("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", []) ]
    try font.picture().write(to: "\(folder)/font.png")
  }
}
