import Files

/// In which form a set gives its images, and what happens to those that cannot be read.
public struct ImageOptions: Codable, Equatable, Sendable {
  /// How an image comes to the size asked for.
  public enum Fit: String, Codable, Sendable, CaseIterable {
    /// In the middle of black (with alpha: of nothing); made smaller only where it is too large.
    case pad
    /// Its sides kept in proportion; what is then too long is cut off at both ends.
    case crop
    /// Its sides stretched to the size.
    case stretch
  }

  /// What an image that cannot be read does.
  public enum BadImages: String, Codable, Sendable, CaseIterable {
    /// It is left out and named in ``ImageSet/leftOut``.
    case skip
    /// It is an error.
    case fail
  }

  /// nil: that of the data, where all images have the same.
  public var size: ImageSize?
  /// 1 (grey), 3 (RGB) or 4 (with alpha). nil: 1 when all images are grey, else 3. Fewer than 4
  /// show a transparent image on white.
  public var channels: Int?
  /// nil: ``Fit/pad`` for IDX files, ``Fit/crop`` for others.
  public var fit: Fit?
  /// What happens when an image cannot be read.
  public var badImages = BadImages.fail
  /// Whether pixels are taken as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation = false
  /// At most so many images: the first ones of an IDX file, of others some at equal distances.
  public var limit: Int?
  /// Only images of some classes, of which ``limit`` then counts; nil: of all.
  public var classes: ClassChoice?

  /// Creates the options that take all images as the data has them, and refuse data with one that
  /// cannot be read.
  public init() {}

  /// Creates the options that bring all images to a size and a number of channels; nil leaves either
  /// to the data.
  public init(size: ImageSize?, channels: Int? = nil) {
    self.size = size
    self.channels = channels
  }

  /// - Throws: ``/Files/AIGCError`` (usage).
  func check() throws(AIGCError) {
    if let channels, ![1, 3, 4].contains(channels) {
      throw .usage("images have 1, 3 or 4 channels, not \(channels)")
    }
    if let limit, limit < 1 { throw .usage("a limit of \(limit) images leaves none") }
  }
}
