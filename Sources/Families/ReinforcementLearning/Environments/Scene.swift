/// What is drawn of a state: shapes in the environment's own units, later ones over earlier ones.
public struct Scene: Sendable {
  /// A colour by its use.
  public enum Color: Sendable { case dark, grey, blue, orange }

  /// A shape; lines have round ends.
  public enum Shape: Sendable {
    case line((Double, Double), (Double, Double), width: Double, Color)
    case box(left: Double, right: Double, bottom: Double, top: Double, Color)
    case disc((Double, Double), radius: Double, Color)
    /// A push to the right by `dx`, or to the left.
    case arrow((Double, Double), dx: Double, Color)
  }

  /// What is seen.
  public var left, right, bottom, top: Double
  /// What is in it.
  public var shapes: [Shape] = []

  /// An empty scene that shows this part of the plane.
  public init(left: Double, right: Double, bottom: Double, top: Double) {
    (self.left, self.right, self.bottom, self.top) = (left, right, bottom, top)
  }
}
