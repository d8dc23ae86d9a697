/// The sizes of a tensor's axes, outermost first; at most six.
public struct Shape: Equatable, Hashable, Sendable, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  /// The most axes a tensor has.
  public static let maximumRank = 6

  private var sizes: (Int32, Int32, Int32, Int32, Int32, Int32) = (1, 1, 1, 1, 1, 1)
  /// The number of axes, 0 to ``maximumRank``.
  public private(set) var rank: Int

  /// - Parameter sizes: each 0 or more and below 2³¹.
  public init(_ sizes: some Collection<Int>) {
    require(sizes.count <= Self.maximumRank, "Shape: at most 6 axes, not \(sizes.count)")
    rank = sizes.count
    for (axis, size) in sizes.enumerated() { self[axis] = size }
  }

  /// Creates a shape from a list of sizes: `[batch, height, width, channels]`.
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  /// The size of an axis; negative axes count from the end.
  public subscript(axis: Int) -> Int {
    @inline(__always) get {
      let index = axis < 0 ? axis + rank : axis
      require(index >= 0 && index < rank, "Shape: axis \(axis) of \(rank)")
      switch index {
      case 0: return Int(sizes.0)
      case 1: return Int(sizes.1)
      case 2: return Int(sizes.2)
      case 3: return Int(sizes.3)
      case 4: return Int(sizes.4)
      default: return Int(sizes.5)
      }
    }
    set {
      let index = axis < 0 ? axis + rank : axis
      require(index >= 0 && index < rank, "Shape: axis \(axis) of \(rank)")
      require(newValue >= 0, "Shape: a size of \(newValue)")
      let size = Int32(newValue)
      switch index {
      case 0: sizes.0 = size
      case 1: sizes.1 = size
      case 2: sizes.2 = size
      case 3: sizes.3 = size
      case 4: sizes.4 = size
      default: sizes.5 = size
      }
    }
  }

  /// How many values a tensor of this shape has; 1 for no axes.
  public var count: Int {
    @inline(__always) get {
      Int(sizes.0) * Int(sizes.1) * Int(sizes.2) * Int(sizes.3) * Int(sizes.4) * Int(sizes.5)
    }
  }

  /// All sizes, outermost first.
  public var dimensions: [Int] { (0..<rank).map { self[$0] } }

  /// The product of the sizes of `axes`.
  public func count(_ axes: Range<Int>) -> Int { axes.reduce(1) { $0 * self[$1] } }

  /// Whether both shapes have the same number of axes and the same sizes.
  public static func == (a: Shape, b: Shape) -> Bool { a.rank == b.rank && a.sizes == b.sizes }

  /// Hashes the sizes of all axes.
  public func hash(into hasher: inout Hasher) { hasher.combine(dimensions) }

  /// The sizes in brackets: "[8, 28, 28, 1]".
  public var description: String { "[\(dimensions.map { "\($0)" }.joined(separator: ", "))]" }

  /// The index of an axis that may count from the end.
  func axis(_ axis: Int) -> Int {
    let index = axis < 0 ? axis + rank : axis
    require(index >= 0 && index < rank, "axis \(axis) of the shape \(self)")
    return index
  }

  /// The shape of two operands of an elementwise operation: aligned at the last axis, sizes equal or
  /// one of them 1 (NumPy's rule); nil where they do not fit.
  static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    let rank = max(a.rank, b.rank)
    var sizes = [Int](repeating: 1, count: rank)
    for index in 0..<rank {
      let (i, j) = (index - rank + a.rank, index - rank + b.rank)
      let (m, n) = (i < 0 ? 1 : a[i], j < 0 ? 1 : b[j])
      guard m == n || m == 1 || n == 1 else { return nil }
      sizes[index] = m == 1 ? n : m
    }
    return Shape(sizes)
  }
}
