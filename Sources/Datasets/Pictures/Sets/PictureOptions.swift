import Files

/// In which form a set gives its pictures, and what happens to those that cannot be read.
public struct PictureOptions: Codable, Equatable, Sendable {
  /// How a picture comes to the size asked for.
  public enum Fit: String, Codable, Sendable, CaseIterable {
    /// In the middle of black (with alpha: of nothing); made smaller only where it is too large.
    case pad
    /// Its sides kept in proportion; what is then too long is cut off at both ends.
    case crop
    /// Its sides stretched to the size.
    case stretch
  }

  /// What a picture that cannot be read does.
  public enum BadPictures: String, Codable, Sendable, CaseIterable {
    /// It is left out and named in ``PictureSet/leftOut``.
    case skip
    /// It is an error.
    case fail
  }

  /// nil: that of the data, where all pictures have the same.
  public var size: PictureSize?
  /// 1 (grey), 3 (RGB) or 4 (with alpha). nil: 1 when all pictures are grey, else 3. Fewer than 4
  /// show a transparent picture on white.
  public var channels: Int?
  /// nil: ``Fit/pad`` for IDX files, ``Fit/crop`` for others.
  public var fit: Fit?
  /// What happens when an image cannot be read.
  public var badPictures = BadPictures.fail
  /// Whether pixels are taken as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation = false
  /// At most so many pictures: the first ones of an IDX file, of others some at equal distances.
  public var limit: Int?
  /// Only pictures of some classes, of which ``limit`` then counts; nil: of all.
  public var classes: ClassChoice?

  /// Creates the options that take all images as the data has them, and refuse data with one that
  /// cannot be read.
  public init() {}

  /// Creates the options that bring all images to a size and a number of channels; nil leaves either
  /// to the data.
  public init(size: PictureSize?, channels: Int? = nil) {
    self.size = size
    self.channels = channels
  }

  /// - Throws: ``AIGCError`` (usage).
  func check() throws(AIGCError) {
    if let channels, ![1, 3, 4].contains(channels) {
      throw .usage("pictures have 1, 3 or 4 channels, not \(channels)")
    }
    if let limit, limit < 1 { throw .usage("a limit of \(limit) pictures leaves none") }
  }
}
