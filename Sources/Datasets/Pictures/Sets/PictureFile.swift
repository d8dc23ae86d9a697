import Files
import Glibc

/// A file that should be a picture: in a folder or in an archive.
struct PictureFile: Sendable {
  /// Folders and name below what was opened: ["cats", "1.png"].
  var place: [String]
  /// What messages call it.
  let name: String
  /// Bytes of memory that ``read`` takes; 0 where it only maps.
  let unpackedSize: Int
  let read: @Sendable () throws(AIGCError) -> Table<UInt8>

  /// Larger files are refused: none of the largest pictures that are read needs more.
  private static let largestFile = 512 << 20
  /// Folders in folders beyond which nothing is looked for.
  private static let deepest = 64
  /// What is taken for a picture by its name. The kinds that cannot be read are named then, not passed over.
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "pgm", "ppm", "gif", "bmp", "tif", "tiff", "webp", "avif", "heic",
  ]

  /// Whether the name, or that of a folder, is not hidden, and ends as pictures' names do.
  private static func isPicture(_ place: [String]) -> Bool {
    guard let name = place.last, let dot = name.lastIndex(of: ".") else { return false }
    let ending = name[name.index(after: dot)...].lowercased()
    return endings.contains(ending) && place.count <= deepest
      && place.allSatisfy { !$0.hasPrefix(".") && $0 != "__MACOSX" }
  }

  // MARK: Listing

  /// The pictures in a folder and all folders in it, each read once: links to folders come last, since they
  /// may lead back.
  static func folder(_ path: String) -> [PictureFile] {
    var files: [PictureFile] = []
    var visited: Set<[UInt64]> = []
    var folders: [[String]] = [[]]
    var links: [[String]] = []
    while let place = folders.popLast() ?? links.popLast() {
      let folder = ([path] + place).joined(separator: "/")
      var status = stat()
      guard stat(folder, &status) == 0,
        visited.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
      else { continue }
      for name in folderContents(folder) {
        let (inner, file) = (place + [name], "\(folder)/\(name)")
        guard lstat(file, &status) == 0 else { continue }
        let isLink = status.st_mode & S_IFMT == S_IFLNK
        guard !isLink || stat(file, &status) == 0 else { continue }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: if isLink { links.append(inner) } else { folders.append(inner) }
        case S_IFREG where isPicture(inner):
          files.append(
            PictureFile(place: inner, name: file, unpackedSize: 0) { () throws(AIGCError) in
              try MappedFile(path: file).bytes()
            })
        default: break
        }
      }
    }
    return files
  }

  /// The pictures of a tar file.
  static func tar(_ path: String, _ bytes: Table<UInt8>) throws(AIGCError) -> [PictureFile] {
    var files: [PictureFile] = []
    for entry in try TarArchive(path: path, bytes: bytes).entries {
      let place = components(entry.name)
      guard isPicture(place) else { continue }
      files.append(
        PictureFile(place: place, name: "\(path)/\(printable(entry.name))", unpackedSize: 0) {
          entry.bytes
        })
    }
    return files
  }

  /// The pictures of a zip file.
  static func zip(_ path: String, _ bytes: Table<UInt8>) throws(AIGCError) -> [PictureFile] {
    let archive = try ZipArchive(path: path, bytes: bytes, hasUniqueNames: false)
    return archive.entries.compactMap { entry in
      let place = components(entry.name)
      guard isPicture(place) else { return nil }
      return PictureFile(
        place: place, name: "\(path)/\(printable(entry.name))", unpackedSize: entry.size
      ) { () throws(AIGCError) in
        try archive.contents(of: entry, limit: largestFile)
      }
    }
  }

  private static func components(_ path: String) -> [String] {
    path.split(separator: "/").filter { $0 != "." }.map { String($0) }
  }
}

/// The pictures that are meant when a folder or an archive is named, in order, and their classes.
struct PictureListing {
  /// Sorted by folders, then names.
  var files: [PictureFile]
  /// Names of the folders of the first level, sorted; empty when pictures stand beside them.
  var classes: [String] = []
  /// The class of each file; empty without classes.
  var labels: [Int32] = []

  private static let training: Set<String> = ["train", "training"]
  private static let others: Set<String> = ["test", "testing", "val", "valid", "validation", "dev"]

  /// - Parameter part: folders inside an archive, which may leave out its outermost ones.
  init(_ files: [PictureFile], part: [String] = []) {
    self.files = files
    if !part.isEmpty { choose(part) }
    descend()
    self.files.sort { $0.place.lexicographicallyPrecedes($1.place) }
    let folders = self.files.map { $0.place[0] }
    guard self.files.allSatisfy({ $0.place.count > 1 }) else { return }
    classes = Set(folders).sorted()
    let numbers = Dictionary(uniqueKeysWithValues: zip(classes, Int32(0)...))
    labels = folders.map { numbers[$0] ?? 0 }
  }

  /// Keeps what stands in folder `part`, here or below the one folder that all is in.
  private mutating func choose(_ part: [String]) {
    while true {
      let chosen = files.filter { $0.place.count > part.count && $0.place.starts(with: part) }
      if !chosen.isEmpty || !dropCommonFolder() {
        files = chosen
        for index in files.indices { files[index].place.removeFirst(part.count) }
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
      files.removeAll { $0.place[0] != part }
    }
  }

  /// - Returns: whether all files stood in one folder.
  private mutating func dropCommonFolder() -> Bool {
    guard let first = files.first, first.place.count > 1,
      files.allSatisfy({ $0.place.count > 1 && $0.place[0] == first.place[0] })
    else { return false }
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
