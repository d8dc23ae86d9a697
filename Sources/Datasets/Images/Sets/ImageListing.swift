/// A file that looks like an image and is not read, or one that cannot be.
struct LeftOutFile: Sendable {
  let place: [String]
  /// "path: why".
  let line: String
}

/// The images that are meant when a folder or an archive is named, in order, and their classes.
struct ImageListing {
  /// Sorted by folders, then names.
  var files: [ImageFile]
  /// Names of the folders of the first level, sorted; empty when images stand beside them.
  var classes: [String] = []
  /// The class of each file; empty without classes.
  var labels: [Int32] = []
  /// What was found and is not among the files.
  private(set) var leftOut = LeftOutImages()
  /// The folders, from the outermost on, that places were left out of.
  private var trail: [String] = []
  /// Of some of these places in ``trail``: the names there that have images.
  private var names: [Int: Set<String>] = [:]

  private static let training: Set<String> = ["train", "training"]
  private static let others: Set<String> = ["test", "testing", "val", "valid", "validation", "dev"]

  /// - Parameter part: folders inside an archive, which may leave out its outermost ones.
  init(_ found: ImageFiles, part: [String] = []) {
    files = found.files
    var others = found.leftOut
    if !part.isEmpty {
      choose(part)
      others.removeAll { !$0.place.starts(with: trail) }
      names = [:]
    }
    descend()
    for file in others { leftOut.add(file.line) }
    files.sort { $0.place.lexicographicallyPrecedes($1.place) }
    if !files.isEmpty, files.allSatisfy({ $0.place.count > 1 }) {
      let folders = files.map { $0.place[0] }
      let all = Set(folders)
      names[trail.count] = all
      classes = all.sorted()
      let numbers = Dictionary(uniqueKeysWithValues: zip(classes, Int32(0)...))
      labels = folders.map { numbers[$0] ?? 0 }
    }
    nameEmptyFolders(found.folders)
  }

  /// One image.
  init(_ file: ImageFile) { files = [file] }

  /// Says of the folders beside those with images that they have none: they may have been meant as classes.
  private mutating func nameEmptyFolders(_ folders: [[String]]) {
    guard !files.isEmpty else { return }
    for folder in folders {
      guard let name = folder.last, let known = names[folder.count - 1], !known.contains(name),
        folder.dropLast().elementsEqual(trail.prefix(folder.count - 1)),
        !ImageFiles.isHidden(folder)
      else { continue }
      leftOut.note("\(folder.joined(separator: "/")): a folder without images is no class")
    }
  }

  /// Keeps what stands in folder `part`, here or below the one folder that all is in.
  private mutating func choose(_ part: [String]) {
    while true {
      let chosen = files.filter { $0.place.count > part.count && $0.place.starts(with: part) }
      if !chosen.isEmpty || !dropCommonFolder() {
        files = chosen
        for index in files.indices { files[index].place.removeFirst(part.count) }
        trail += part
        return
      }
    }
  }

  /// Goes into a folder that holds all, and into the training part where there are parts.
  private mutating func descend() {
    while true {
      if dropCommonFolder() { continue }
      guard files.allSatisfy({ $0.place.count > 1 }) else { return }
      let folders = Set(files.map { $0.place[0] })
      let parts = folders.intersection(Self.training)
      guard let part = parts.first, parts.count == 1, folders.count > 1,
        folders.subtracting(parts).isSubset(of: Self.others)
      else { return }
      names[trail.count] = folders
      let all = files.count
      files.removeAll { $0.place[0] != part }
      leftOut.note(
        "\(folders.subtracting(parts).sorted().joined(separator: ", ")): the part '\(part)' is taken",
        count: all - files.count)
    }
  }

  /// - Returns: whether all files stood in one folder.
  private mutating func dropCommonFolder() -> Bool {
    guard let first = files.first, first.place.count > 1,
      files.allSatisfy({ $0.place.count > 1 && $0.place[0] == first.place[0] })
    else { return false }
    names[trail.count, default: []].insert(first.place[0])
    trail.append(first.place[0])
    for index in files.indices { files[index].place.removeFirst() }
    return true
  }

  /// Leaves `count` files at equal distances.
  mutating func limit(to count: Int) {
    let all = files.count
    guard count < all else { return }
    let kept = (0..<count).map { $0 * all / count }
    files = kept.map { files[$0] }
    if !labels.isEmpty { labels = kept.map { labels[$0] } }
  }
}
