/// Width and height of an image in pixels.
public struct ImageSize: Codable, Sendable, Hashable, CustomStringConvertible {
  /// Columns of pixels.
  public let width: Int
  /// Rows of pixels.
  public let height: Int

  /// The longest side that images are brought to.
  public static let longestSide = 4096

  /// Creates a size, of sides of at least one pixel.
  public init(width: Int, height: Int) {
    require(width > 0 && height > 0, "ImageSize: \(width) x \(height)")
    self.width = width
    self.height = height
  }

  /// "32" is a square, "48x32" is 48 wide and 32 high; nil for what is neither, and for sides that
  /// are not 1 to ``longestSide``.
  public init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    // Digits only: Int reads signs too.
    let sides = parts.compactMap { part in
      part.utf8.allSatisfy { (48...57).contains($0) } ? Int(part) : nil
    }
    guard sides.count == parts.count, (1...2).contains(sides.count),
      sides.allSatisfy({ (1...Self.longestSide).contains($0) })
    else { return nil }
    self.init(width: sides[0], height: sides[sides.count - 1])
  }

  /// "48x32".
  public var description: String { "\(width)x\(height)" }
}
