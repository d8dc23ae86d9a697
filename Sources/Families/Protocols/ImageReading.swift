import Datasets
import Files
import Training

/// Opens the images at a path and says what was left out.
/// - Throws: ``/Files/AIGCError``: see ``/Datasets/ImageSet/open(_:labels:_:)``.
public func openImages(
  _ path: String, _ options: ImageOptions, _ notices: NoticeHandler
) throws(AIGCError) -> ImageSet {
  let set = try ImageSet.open(path, options)
  set.leftOut.lines.forEach { notices(.warning("left out: \($0)")) }
  return set
}

/// Opens one path after the other. With ``/Datasets/ImageOptions/BadImages/skip`` one of several that cannot be
/// read is named and left out.
/// - Throws: ``/Files/AIGCError``: badInput when no image can be read, and what `body` throws.
public func forImages(
  _ paths: [String], _ options: ImageOptions, _ notices: NoticeHandler,
  _ body: (ImageSet) throws(AIGCError) -> Void
) throws(AIGCError) {
  var isEmpty = true
  for path in paths {
    let set: ImageSet
    do throws(AIGCError) {
      set = try openImages(path, options, notices)
    } catch {
      guard options.badImages == .skip, error.code == .badInput, paths.count > 1 else {
        throw error
      }
      notices(.warning("left out: \(error)"))
      continue
    }
    isEmpty = false
    try body(set)
  }
  if isEmpty {
    throw .badInput("\(paths.joined(separator: " ")): no image can be read")
  }
}

/// Refuses a table where images are needed.
/// - Parameters:
///   - path: of the data; its ending tells what it is.
///   - model: of images; nil: one is to be trained.
public func refuseTable(
  _ path: String, by model: String? = nil
) throws(AIGCError) {
  let name = path.lowercased()
  guard [".csv", ".tsv", ".csv.gz", ".tsv.gz"].contains(where: { name.hasSuffix($0) }) else {
    return
  }
  guard let model else {
    throw .usage("\(path): a table; its rows are learned with `VAESettings.table`")
  }
  throw .mismatch(
    "\(path): a table; \(model) is a model of images, see `VAESettings.table`")
}

/// How images are read, whatever their form.
public struct ImageReading: Sendable {
  /// nil: an image that cannot be read is an error.
  public var badImages: ImageOptions.BadImages?
  /// Whether pixels are taken as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool

  /// Creates a way of reading; by default images are turned as EXIF says, and one that cannot be
  /// read is an error.
  public init(badImages: ImageOptions.BadImages? = nil, ignoresOrientation: Bool = false) {
    (self.badImages, self.ignoresOrientation) = (badImages, ignoresOrientation)
  }

  /// Whether it says anything.
  public var isGiven: Bool { badImages != nil || ignoresOrientation }

  /// Puts it into options.
  /// - Parameters:
  ///   - options: those that images are opened with.
  ///   - isIgnored: whether the model learned images as they are stored.
  public func apply(to options: inout ImageOptions, isIgnored: Bool = false) {
    if let badImages { options.badImages = badImages }
    options.ignoresOrientation = ignoresOrientation || isIgnored
  }
}
