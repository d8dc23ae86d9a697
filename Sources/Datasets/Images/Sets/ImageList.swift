import Files

/// Images of any sizes, decoded one at a time when they are asked for.
public struct ImageList: Sendable {
  /// What was opened.
  public let path: String
  private let files: [ImageFile]
  /// What was found at ``path`` and is not in the list.
  public let leftOut: LeftOutImages
  private let ignoresOrientation: Bool

  /// Opens one image, a folder or an archive as ``ImageSet/open(_:labels:_:)`` does; none is decoded yet.
  /// - Parameters:
  ///   - path: of the image, the folder or the archive.
  ///   - ignoresOrientation: whether pixels are taken as they are stored, whatever EXIF says about turning
  ///     them.
  /// - Throws: ``/Files/AIGCError``: badInput when there are no images, interrupted.
  public init(_ path: String, ignoresOrientation: Bool = false) throws(AIGCError) {
    let (listing, kind) = try ImageSet.listing(path)
    guard !listing.files.isEmpty else { throw ImageSet.withoutImages(path, listing, kind) }
    self.path = path
    files = listing.files
    leftOut = listing.leftOut
    self.ignoresOrientation = ignoresOrientation
  }

  /// Number of images.
  public var count: Int { files.count }

  /// The path of an image, for messages.
  public func name(of index: Int) -> String { files[index].name }

  /// Folders and name of an image below what was opened: "cats/1.png".
  public func place(of index: Int) -> String { files[index].place.joined(separator: "/") }

  /// Decodes one image, in its own size and channels.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it cannot be read.
  public func image(_ index: Int) throws(AIGCError) -> Image {
    let file = files[index]
    return try Image.decode(
      file.read(), name: file.name, ignoresOrientation: ignoresOrientation)
  }
}
