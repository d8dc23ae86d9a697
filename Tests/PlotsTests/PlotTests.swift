import Datasets
import Testing

@testable import Plots

@Suite struct PlotTests {
  private func labels(_ values: [Double], most: Int = 6, isLogarithmic: Bool = false) -> [String] {
    PlotAxis(values, isLogarithmic: isLogarithmic, margin: 0).ticks(most: most).map { $0.label }
  }

  @Test func ticksAreNice() {
    #expect(labels([0, 10]) == ["0", "2", "4", "6", "8", "10"])
    #expect(labels([0, 1]) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels([-0.013, 0.012]) == ["-0.010", "-0.005", "0.000", "0.005", "0.010"])
    #expect(labels([0, 20_000]) == ["0", "5k", "10k", "15k", "20k"])
    let millions = ["1.0M", "1.5M", "2.0M", "2.5M", "3.0M", "3.5M", "4.0M"]
    #expect(labels([1e6, 4e6]) == millions)
    #expect(labels([0, 3e-5]) == ["0", "5e-6", "1e-5", "1.5e-5", "2e-5", "2.5e-5", "3e-5"])
    #expect(labels([1e9, 1e9 + 2]).first == "1000000000.0")
    #expect(labels([], most: 2) == ["0.0", "0.5", "1.0"])
    for most in 1...12 {
      for high in [0.7, 1, 3.3, 99, 1234, 6.02e23, 1e-7] {
        let count = labels([0, high], most: most).count
        #expect((1...most + 1).contains(count), "\(high): \(count) of \(most)")
      }
    }
  }

  @Test func logarithmicTicks() {
    #expect(
      labels([0.01, 100], isLogarithmic: true).filter { !$0.isEmpty } == [
        "0.01", "0.1", "1", "10", "100",
      ])
    #expect(
      labels([1, 50], isLogarithmic: true).filter { !$0.isEmpty } == [
        "1", "2", "5", "10", "20", "50",
      ])
    #expect(labels([2, 4], isLogarithmic: true) == ["2.0", "2.5", "3.0", "3.5", "4.0"])
    let axis = PlotAxis([1, 100], isLogarithmic: true, margin: 0)
    #expect(abs(axis.fraction(10) - 0.5) < 1e-12)
  }

  @Test func rangesOfHardValues() {
    for values in [
      [], [.nan], [3], [3, 3], [0, 0], [1e300, -1e300], [.infinity, 2], [2e-308, 3e-308],
      [1e9, 1e9 + 1e-6],
      [-1e308, 1e308],
    ] {
      for isLogarithmic in [false, true] {
        let axis = PlotAxis(values, isLogarithmic: isLogarithmic, margin: 0.05)
        #expect(axis.low < axis.high && axis.low.isFinite && axis.high.isFinite)
        #expect(
          axis.ticks(most: 8).allSatisfy { (-0.001...1.001).contains(axis.fraction($0.value)) })
        #expect(axis.ticks(most: 8).count >= 2)
      }
    }
  }

  // MARK: Images

  private func pixel(_ image: Image, _ x: Int, _ y: Int) -> PlotColor {
    let start = (y * image.width + x) * 3
    return PlotColor(image.pixels[start], image.pixels[start + 1], image.pixels[start + 2])
  }

  /// How many pixels have exactly this colour.
  private func count(_ color: PlotColor, _ image: Image) -> Int {
    var count = 0
    for y in 0..<image.height {
      for x in 0..<image.width where pixel(image, x, y) == color { count += 1 }
    }
    return count
  }

  private let red = PlotColor(200, 0, 0)

  @Test func aLineIsDrawnWhereItBelongs() {
    var plot = LinePlot()
    plot.series = [.init("", values: [0, 1], color: red, width: 3)]
    let image = plot.image()
    #expect(image.width == 960 && image.height == 540 && image.channels == 3)
    #expect(pixel(image, 0, 0) == .white)
    // From the lower left to the upper right: columns and rows of red rise together.
    var first: (Int, Int)?
    var last: (Int, Int)?
    for x in 0..<image.width {
      for y in 0..<image.height where pixel(image, x, y) == red {
        if first == nil { first = (x, y) }
        last = (x, y)
      }
    }
    #expect((first?.1 ?? 0) > 450 && (first?.0 ?? 999) < 100)
    #expect((last?.1 ?? 999) < 60 && (last?.0 ?? 0) > 880)
    #expect(plot.image() == image)
  }

  @Test func dashesAndGapsLeavePaper() {
    func ink(_ values: [Double], isDashed: Bool = false) -> Int {
      var plot = LinePlot()
      plot.series = [.init("", values: values, color: red, width: 3, isDashed: isDashed)]
      return count(red, plot.image())
    }
    let whole = ink([1, 1, 1, 1, 1])
    #expect(whole > 1500)
    #expect((whole / 3..<whole * 4 / 5).contains(ink([1, 1, 1, 1, 1], isDashed: true)))
    #expect((whole / 3..<whole * 2 / 3).contains(ink([1, 1, .nan, 1, 1])))
    #expect((5..<100).contains(ink([1])), "a lone point is a dot")
    #expect(ink([]) == 0)
    #expect(ink([.nan, .infinity]) == 0)
  }

  @Test func manyPointsLookLikeTheirExtremes() {
    var state: UInt64 = 1
    let places = (0..<20_000).map { index -> LineMask.Place in
      state = state &* 6_364_136_223_846_793_005 &+ 1
      return (Double(index) / 200, Double(state >> 54) / 20)
    }
    let thin = thinned(places)
    #expect(thin.count <= 1600)
    let area = PlotArea(left: 0, top: 0, right: 100, bottom: 60)
    var (all, few) = (LineMask(area), LineMask(area))
    all.path(places, width: 1)
    few.path(thin, width: 1)
    var difference: Float = 0
    for y in 0..<60 { for x in 0..<100 { difference += abs(all[x, y] - few[x, y]) } }
    #expect(difference / 6000 < 0.05)
  }

  @Test func linesFarOutsideAreCut() {
    var mask = LineMask(PlotArea(left: 0, top: 0, right: 20, bottom: 20))
    mask.line((-1e8, -1e8), (1e8, 1e8), width: 2)
    mask.line((-1e9, 5.5), (1e9, 5.5), width: 1)
    mask.line((.infinity, 5), (1, .nan), width: 1)
    mask.path([(-1e9, 15), (1e9, 15)], width: 1, dash: (2, 2))
    #expect(mask[10, 10] > 0.9 && mask[3, 5] > 0.4 && mask[0, 12] == 0)
  }

  @Test func textIsDrawn() {
    // Every letter has its own form, and none but the space is empty.
    let all = (32..<127).compactMap { Unicode.Scalar($0) }
    let forms = all.map { PlotFont.standard.glyph(of: $0).columns }
    #expect(Set(forms).count == 95)
    #expect(zip(all, forms).filter { $1.isEmpty }.map { $0.0 } == [" "])
    var canvas = PlotCanvas(width: 60, height: 60)
    canvas.text("Il", 5, 5, scale: 1, color: red)
    canvas.text("Il", 30, 50, scale: 2, color: red, direction: .up)
    // 9 + 2 × 2 dots of the I, 9 of the l; four times as many at scale 2.
    #expect(count(red, canvas.image) == 22 * 5)
    #expect(PlotText.width(of: "Il", scale: 2) == 12)
  }

  /// Nothing traps and something is drawn, whatever the data.
  @Test func degeneratePlots() {
    let values: [[Double]] = [
      [], [1], [2, 2, 2], [.nan, .nan], [.infinity, 1, -.infinity], [1e308, -1e308], [3e-308, 0],
      [-1, 0, 1], [1e-100, 1e100], Array(repeating: 7, count: 1000),
    ]
    for series in values {
      for isLogarithmic in [false, true] {
        var plot = LinePlot(
          title: String(repeating: "long title ", count: 40), xLabel: "x", yLabel: "y")
        plot.isLogarithmic = isLogarithmic
        (plot.width, plot.height) = (-5, 0)
        plot.series = [
          .init("a", values: series, width: .nan, opacity: .nan),
          .init(String(repeating: "b", count: 300), values: series, isDashed: true, hasDots: true),
        ]
        plot.markers = [
          .init(x: .nan), .init(x: -.infinity, .shaded(to: .infinity), name: "s"),
          .init(x: 1e300, name: "m"),
          .init(x: 0.5, .shaded(to: .nan)),
        ]
        plot.notes = [.init(.init(0, 1), "note"), .init(.init(.nan, 1), "none")]
        plot.xNames = isLogarithmic ? ["first", String(repeating: "name", count: 100)] : []
        let image = plot.image()
        #expect(image.width == 200 && image.height == 150)
        #expect(count(.frame, image) > 100)
      }
    }
  }

  @Test func namesStandAtTheAxis() {
    var plot = LinePlot()
    plot.series = [.init("", values: [1, 2, 3])]
    let numbers = plot.image()
    plot.xNames = ["Jan", "Feb", "Mar"]
    #expect(plot.image() != numbers)
    (plot.width, plot.height) = (1700, 900)
    #expect(plot.image().width == 1700)
  }
}
