import Datasets
import Files

/// Images to learn from: where they are, and in which form they are taken.
public struct ImageSource: Codable, Equatable, Sendable {
  /// A file, a folder or an archive of images.
  public var path: String
  /// A file of labels of MNIST's kind, for a file of images.
  public var labels: String?
  /// The size and channels that images are brought to, which of them are taken, and what happens
  /// when one cannot be read.
  public var options: ImageOptions

  /// Creates a source; an empty path is to be set before it is opened.
  public init(_ path: String = "", labels: String? = nil, options: ImageOptions = .init()) {
    (self.path, self.labels, self.options) = (path, labels, options)
  }

  /// Opens the images, and says what was found and what was left out.
  /// - Throws: ``/Files/AIGCError``: see ``/Datasets/ImageSet/open(_:labels:_:)``, and badInput where there are
  ///   no images.
  public func open(_ report: (TrainerEvent) -> Void) throws(AIGCError) -> ImageSet {
    let set = try ImageSet.open(path, labels: labels, options)
    report(.note(set.summary))
    set.leftOut.lines.forEach { report(.warning("left out: \($0)")) }
    guard set.count > 0 else { throw .badInput("\(path): no images") }
    return set
  }

  /// The images at `other`, in the form of `set`: those that a run measures itself on.
  /// - Throws: as ``open(_:)``.
  public func open(
    heldOut other: String, like set: ImageSet, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> ImageSet {
    var source = self
    (source.path, source.labels) = (other, nil)
    (source.options.size, source.options.channels) = (set.size, set.channels)
    return try source.open(report)
  }

  /// Opens the images, and holds out what a run measures itself on.
  /// - Parameters:
  ///   - run: says what is held out, and the seed that draws it.
  ///   - sameClasses: whether images of their own to measure on must have the same classes.
  ///   - report: gets what was found and what was left out.
  /// - Throws: as ``open(_:)``, and mismatch for other classes.
  public func split(
    _ run: RunOptions, sameClasses: Bool, _ report: (TrainerEvent) -> Void
  ) throws(AIGCError) -> SplitImages {
    let all = try open(report)
    guard let other = run.heldOut?.path else {
      let (learned, measured) = all.split(share: run.heldOut?.share ?? 0, seed: run.trainer.seed)
      return SplitImages(learned: learned, measured: measured, found: all.foundMembers)
    }
    let measured = try open(heldOut: other, like: all, report)
    if sameClasses, measured.classes != all.classes {
      throw .mismatch("\(other): other classes than in \(path), or none")
    }
    return SplitImages(learned: all, measured: measured, found: all.foundMembers)
  }

  /// Takes images as a run did that goes on.
  /// - Parameters:
  ///   - size: of the model's images.
  ///   - channels: of the model's images.
  ///   - isIgnored: whether the run learned images as they are stored.
  ///   - folder: of the run, for messages.
  /// - Throws: ``/Files/AIGCError`` (usage) when the options ask for another orientation.
  public mutating func keep(
    size: ImageSize, channels: Int, ignoresOrientation isIgnored: Bool?, of folder: String
  ) throws(AIGCError) {
    (options.size, options.channels) = (size, channels)
    if options.ignoresOrientation, isIgnored != true {
      throw .usage(
        "`images.ignoresOrientation`: the run in \(folder) turned its images as EXIF says, and goes on so"
      )
    }
    options.ignoresOrientation = isIgnored == true
  }

  /// What a plan says of which images are taken, and how.
  public var planMembers: [JSONValue.Member] {
    var chosen: [JSONValue.Member] = []
    switch options.classes {
    case .only(let names): chosen = [.init("only", .array(names.map { .string($0) }))]
    case .without(let names): chosen = [.init("without", .array(names.map { .string($0) }))]
    case nil: break
    }
    return [
      .init("fit", JSONValue(options.fit?.rawValue)), .init("limit", JSONValue(options.limit)),
      .init("bad_pictures", .string(options.badImages.rawValue)),
      .init("ignore_orientation", .bool(options.ignoresOrientation)),
    ] + chosen
  }
}

/// Images to learn from and to measure on.
public struct SplitImages {
  /// The images to learn from: all of them where nothing is held out.
  public var learned: ImageSet
  /// nil: nothing is held out.
  public var measured: ImageSet?
  /// What a plan says of the images that were found.
  public var found: [JSONValue.Member]
}

extension ImageSet {
  /// What a plan says of the images that were found: how many, of each class, and how many were left
  /// out.
  public var foundMembers: [JSONValue.Member] {
    let classes = zip(classes, classCounts).map { JSONValue.Member($0, .int($1)) }
    return [
      .init("images", .int(count)), .init("images_of_classes", .object(classes)),
      .init("images_left_out", .int(leftOut.count)),
    ]
  }
}
