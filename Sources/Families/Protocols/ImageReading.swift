import Datasets
import Files
import Training

/// Opens the pictures at a path and says what was left out.
/// - Throws: ``AIGCError``: see ``Datasets/PictureSet/open(_:labels:_:)``.
public func openPictures(
  _ path: String, _ options: PictureOptions, _ notices: NoticeHandler
) throws(AIGCError) -> PictureSet {
  let set = try PictureSet.open(path, options)
  set.leftOut.lines.forEach { notices(.warning("left out: \($0)")) }
  return set
}

/// Opens one path after the other. With ``PictureOptions/BadPictures/skip`` one of several that cannot be
/// read is named and left out.
/// - Throws: ``AIGCError``: badInput when no picture can be read, and what `body` throws.
public func forPictures(
  _ paths: [String], _ options: PictureOptions, _ notices: NoticeHandler,
  _ body: (PictureSet) throws(AIGCError) -> Void
) throws(AIGCError) {
  var isEmpty = true
  for path in paths {
    let set: PictureSet
    do throws(AIGCError) {
      set = try openPictures(path, options, notices)
    } catch {
      guard options.badPictures == .skip, error.code == .badInput, paths.count > 1 else {
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

/// Refuses a table where pictures are needed.
/// - Parameter model: of pictures; nil: one is to be trained.
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
  public var badPictures: PictureOptions.BadPictures?
  /// Whether pixels are taken as they are stored, whatever EXIF says about turning them.
  public var ignoresOrientation: Bool

  /// Creates a way of reading; by default images are turned as EXIF says, and one that cannot be
  /// read is an error.
  public init(badPictures: PictureOptions.BadPictures? = nil, ignoresOrientation: Bool = false) {
    (self.badPictures, self.ignoresOrientation) = (badPictures, ignoresOrientation)
  }

  /// Whether it says anything.
  public var isGiven: Bool { badPictures != nil || ignoresOrientation }

  /// Puts it into options.
  /// - Parameter isIgnored: whether the model learned images as they are stored.
  public func apply(to options: inout PictureOptions, isIgnored: Bool = false) {
    if let badPictures { options.badPictures = badPictures }
    options.ignoresOrientation = ignoresOrientation || isIgnored
  }
}
