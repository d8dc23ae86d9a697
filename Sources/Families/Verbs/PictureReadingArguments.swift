import ArgumentParser
import Console
import Datasets
import Files
import Training

/// The flags of all verbs that read pictures.
struct PictureReadingArguments: ParsableArguments {
  @Option(
    help: "An image that cannot be read is skipped, with a warning, or ends it (default fail).")
  var badPictures: PictureOptions.BadPictures?
  @Flag(help: "Take images as they are stored, whatever EXIF says about turning them.")
  var ignoreOrientation = false

  var isGiven: Bool { badPictures != nil || ignoreOrientation }

  /// Puts the flags in.
  /// - Parameter isIgnored: whether the model learned images as they are stored.
  func apply(to options: inout PictureOptions, isIgnored: Bool = false) {
    if let badPictures { options.badPictures = badPictures }
    options.ignoresOrientation = ignoreOrientation || isIgnored
  }
}

/// Opens the pictures at a path and names on standard error what was left out.
/// - Throws: ``AIGCError``: see ``Datasets/PictureSet/open(_:labels:_:)``.
func openPictures(_ path: String, _ options: PictureOptions) throws(AIGCError) -> PictureSet {
  let set = try PictureSet.open(path, options)
  set.leftOut.lines.forEach { Diagnostics.warning("left out: \($0)") }
  return set
}

/// Opens one path after the other. With ``PictureOptions/BadPictures/skip`` one of several that cannot be
/// read is named and left out.
/// - Throws: ``AIGCError``: badInput when no picture can be read, and what `body` throws.
func forPictures(
  _ paths: [String], _ options: PictureOptions, _ body: (PictureSet) throws(AIGCError) -> Void
) throws(AIGCError) {
  var isEmpty = true
  for path in paths {
    let set: PictureSet
    do throws(AIGCError) {
      set = try openPictures(path, options)
    } catch {
      guard options.badPictures == .skip, error.code == .badInput, paths.count > 1 else {
        throw error
      }
      Diagnostics.warning("left out: \(error)")
      continue
    }
    isEmpty = false
    try body(set)
  }
  if isEmpty {
    throw .badInput("\(paths.joined(separator: " ")): no image can be read")
  }
}

/// What was found to learn from.
public struct FoundPictures: Sendable {
  /// For `--dry-run`: how many images, of each class, and how many were left out.
  let members: [JSONValue.Member]

  init(_ set: PictureSet) {
    let classes = zip(set.classes, set.classCounts).map { JSONValue.Member($0, .int($1)) }
    members = [
      .init("images", .int(set.count)), .init("images_of_classes", .object(classes)),
      .init("images_left_out", .int(set.leftOut.count)),
    ]
  }
}

/// Opens pictures to learn from or to measure on, and says what was found and what was left out.
/// - Throws: ``AIGCError``: see ``Datasets/PictureSet/open(_:labels:_:)``.
func openTrainingPictures(
  _ path: String, labels: String? = nil, _ options: PictureOptions,
  _ report: (TrainerEvent) -> Void
) throws(AIGCError) -> PictureSet {
  let set = try PictureSet.open(path, labels: labels, options)
  report(.note(set.summary))
  set.leftOut.lines.forEach { report(.warning("left out: \($0)")) }
  return set
}

extension PictureOptions {
  /// Takes pictures as a run did that goes on.
  /// - Throws: ``AIGCError`` (usage) when the flags of this call ask for something else.
  mutating func keepOrientation(
    _ isIgnored: Bool?, of folder: String
  ) throws(AIGCError) {
    if ignoresOrientation, isIgnored != true {
      throw .usage(
        "--ignore-orientation: the run in \(folder) turned its images as EXIF says, and goes on so")
    }
    ignoresOrientation = isIgnored == true
  }
}
