import Datasets

/// A colour of plots.
public struct PlotColor: Sendable, Equatable {
  /// The components, 0 to 255.
  public var red, green, blue: UInt8

  /// Creates a colour from its components, 0 to 255.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  /// The colours that series get in turn when they name none.
  public static let palette = [
    PlotColor(31, 119, 180), PlotColor(236, 112, 20), PlotColor(44, 150, 60),
    PlotColor(208, 46, 48), PlotColor(136, 92, 180), PlotColor(140, 86, 75),
    PlotColor(214, 96, 170), PlotColor(110, 110, 110), PlotColor(160, 160, 30),
    PlotColor(20, 170, 190),
  ]

  static let white = PlotColor(255, 255, 255)
  static let ink = PlotColor(38, 38, 38)
  static let frame = PlotColor(90, 90, 90)
  static let grid = PlotColor(228, 228, 228)
  static let marker = PlotColor(100, 100, 100)
  static let shade = PlotColor(240, 240, 234)
  static let legendFrame = PlotColor(200, 200, 200)
}

/// A figure of lines over two axes: loss curves, forecasts. What cannot be drawn, a value that is
/// not finite or not above 0 on a logarithmic axis, leaves a gap; a plot without data is an empty
/// frame that says so.
public struct LinePlot: Sendable {
  /// A place in the units of the two axes.
  public struct Point: Sendable, Equatable {
    /// The coordinates. A point is left out, and the line broken there, where one of them is not
    /// finite or where y is not above 0 on a logarithmic axis.
    public var x, y: Double
    /// Creates the point (x, y).
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// One line.
  public struct Series: Sendable {
    /// For the legend; "" keeps it out.
    public var name: String
    /// The points that the line joins, in this order.
    public var points: [Point]
    /// nil: the next of ``PlotColor/palette``.
    public var color: PlotColor?
    /// Pixels.
    public var width: Double
    /// Whether the line is drawn in dashes.
    public var isDashed: Bool
    /// Draws a dot at each point.
    public var hasDots: Bool
    /// 0 to 1.
    public var opacity: Double

    var drawnWidth: Double { width.isFinite ? min(max(width, 0.5), 20) : 2 }

    /// Creates a line through points.
    /// - Parameters:
    ///   - name: for the legend; "" keeps the line out of it.
    ///   - points: in the order in which they are joined.
    ///   - color: nil takes the next one of ``PlotColor/palette``.
    ///   - width: of the line in pixels; from 0.5 to 20 are drawn.
    ///   - isDashed: whether the line is drawn in dashes.
    ///   - hasDots: whether a dot marks each point.
    ///   - opacity: from 0, invisible, to 1.
    public init(
      _ name: String, _ points: [Point], color: PlotColor? = nil, width: Double = 2,
      isDashed: Bool = false, hasDots: Bool = false, opacity: Double = 1
    ) {
      self.name = name
      self.points = points
      self.color = color
      self.width = width
      self.isDashed = isDashed
      self.hasDots = hasDots
      self.opacity = opacity
    }

    /// Values at x = `start`, `start` + 1, …
    public init(
      _ name: String, values: [Double], from start: Int = 0, color: PlotColor? = nil,
      width: Double = 2, isDashed: Bool = false, hasDots: Bool = false, opacity: Double = 1
    ) {
      let points = values.enumerated().map { Point(Double(start) + Double($0), $1) }
      self.init(
        name, points, color: color, width: width, isDashed: isDashed, hasDots: hasDots,
        opacity: opacity)
    }
  }

  /// Something about x, over the whole height: where a forecast begins, where a schedule changes.
  public struct Marker: Sendable {
    /// How a marker is drawn.
    public enum Shape: Sendable, Equatable {
      case dashed
      /// A shaded span from the marker's x to this one; infinity is the end of the axis.
      case shaded(to: Double)
    }
    /// The place on the x axis; one end of the span for ``Shape/shaded(to:)``.
    public var x: Double
    /// Whether the marker is a dashed vertical line or a shaded span.
    public var shape: Shape
    /// For the legend; "" keeps it out.
    public var name: String

    /// Creates a marker; without a name it is not in the legend.
    public init(x: Double, _ shape: Shape = .dashed, name: String = "") {
      self.x = x
      self.shape = shape
      self.name = name
    }
  }

  /// A ring around one point, and text beside it.
  public struct Note: Sendable {
    /// The point that the ring surrounds.
    public var point: Point
    /// The text beside the ring; it is shortened to half the width of the plot.
    public var text: String
    /// Creates a note about a point.
    public init(_ point: Point, _ text: String) {
      self.point = point
      self.text = text
    }
  }

  /// The title above the plot; "" leaves no room for one.
  public var title: String
  /// The label below the x axis; "" leaves no room for one.
  public var xLabel: String
  /// The label beside the y axis, written upwards; "" leaves no room for one.
  public var yLabel: String
  /// The lines, drawn one over the other in this order.
  public var series: [Series] = []
  /// What is said about places on the x axis; spans lie behind the lines.
  public var markers: [Marker] = []
  /// The points that stand out, with their texts.
  public var notes: [Note] = []
  /// The y axis in powers of ten.
  public var isLogarithmic = false
  /// Names of x = 0, 1, 2 …, say dates, which then stand at the axis instead of numbers.
  public var xNames: [String] = []
  /// Pixels, 200 to 10,000. From 1600 on letters are twice as large.
  public var width = 960
  /// Pixels, 150 to 10,000.
  public var height = 540

  /// Creates a plot of 960 x 540 pixels without lines.
  public init(title: String = "", xLabel: String = "", yLabel: String = "") {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
  }

  /// Draws the figure: RGB on white. The same plot gives the same image.
  public func image() -> Image {
    var drawing = LinePlotDrawing(self)
    return drawing.draw()
  }
}
