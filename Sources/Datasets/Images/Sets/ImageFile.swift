import Archives
import Files

/// A file that should be an image: in a folder or in an archive.
struct ImageFile: Sendable {
  /// Folders and name below what was opened: ["cats", "1.png"].
  var place: [String]
  /// What messages call it.
  let name: String
  /// Bytes of memory that ``read`` takes; 0 where it only maps.
  let unpackedSize: Int
  let read: @Sendable () throws(AIGCError) -> Table<UInt8>
}

/// The images in a folder or in an archive, and what looks like images but is not read.
struct ImageFiles {
  private(set) var files: [ImageFile] = []
  private(set) var leftOut: [LeftOutFile] = []
  /// All folders.
  private(set) var folders: [[String]] = []
  private let path: String

  /// Larger files are refused: none of the largest images that are read needs more.
  private static let largestFile = 512 << 20
  /// Folders in folders beyond which nothing is looked for.
  private static let deepest = 64
  /// Bytes that tell what a file is.
  private static let start = 64
  /// What is taken for an image by its name. The kinds that cannot be read are named then, not passed over.
  private static let endings: Set<String> = [
    "png", "jpg", "jpeg", "jpe", "jfif", "pgm", "ppm", "gif", "bmp", "tif", "tiff", "webp", "avif",
    "heic",
  ]

  private init(_ path: String) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
  }

  private static func isNamedAsImage(_ place: [String]) -> Bool {
    guard let name = place.last, let dot = name.lastIndex(of: ".") else { return false }
    return endings.contains(name[name.index(after: dot)...].lowercased())
  }

  /// Whether the name, or that of a folder, says that it is not to be seen.
  static func isHidden(_ place: [String]) -> Bool {
    place.contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
  }

  private func name(_ place: [String]) -> String { ([path] + place).joined(separator: "/") }

  /// Takes in a file that is an image by its name's ending or its first bytes.
  private mutating func add(
    _ place: [String], unpackedSize: Int = 0,
    start: () throws(AIGCError) -> [UInt8],
    read: @escaping @Sendable () throws(AIGCError) -> Table<UInt8>
  ) {
    let isNamed = Self.isNamedAsImage(place)
    if Self.isHidden(place) {
      // Beside images macOS leaves files of the same names that are none.
      if isNamed, let start = try? start(), Image.isImage(start: start) {
        leaveOut(place, "hidden: a name that starts with a dot")
      }
      return
    }
    do throws(AIGCError) {
      if !isNamed {
        let start = try start()
        if !Image.isImage(start: start) { return }
      }
    } catch {
      return leaveOut(place, error.description, isWhole: true)
    }
    guard place.count <= Self.deepest else {
      return leaveOut(place, "more than \(Self.deepest) folders deep")
    }
    files.append(
      ImageFile(place: place, name: name(place), unpackedSize: unpackedSize, read: read))
  }

  /// - Parameter isWhole: whether `reason` names the file already.
  private mutating func leaveOut(_ place: [String], _ reason: String, isWhole: Bool = false) {
    let line = isWhole ? reason : "\(name(place)): \(reason)"
    leftOut.append(LeftOutFile(place: place, line: line))
  }

  // MARK: Folders

  /// The images in a folder and all folders in it, each read once: links to folders come last, since they
  /// may lead back.
  /// - Throws: ``/Files/AIGCError``: badInput when the folder cannot be read, interrupted.
  static func folder(_ path: String) throws(AIGCError) -> ImageFiles {
    var result = ImageFiles(path)
    var visited: Set<[UInt64]> = [FolderEntry(RawPath(path)).identity]
    var links: [(place: [String], entry: FolderEntry)] = []
    var rest: [(place: [String], path: RawPath)] = [([], RawPath(path))]
    while true {
      while let (place, folder) = rest.popLast() {
        try Interruption.check()
        let entries: [FolderEntry]
        do throws(AIGCError) {
          entries = try folderEntries(folder)
        } catch {
          guard error.code == .badInput, !place.isEmpty else { throw error }
          result.leaveOut(place, error.description, isWhole: true)
          continue
        }
        for entry in entries {
          try Interruption.check()
          let inner = place + [legible(entry.name)]
          if case .folder = entry.kind {
            if entry.isLink {
              links.append((inner, entry))
            } else if visited.insert(entry.identity).inserted {
              result.folders.append(inner)
              rest.append((inner, entry.path))
            }
          } else {
            result.add(inner, entry)
          }
        }
      }
      guard let (place, entry) = links.popLast() else { return result }
      if visited.insert(entry.identity).inserted { rest.append((place, entry.path)) }
    }
  }

  private mutating func add(_ place: [String], _ entry: FolderEntry) {
    let path = entry.path
    switch entry.kind {
    case .folder: break
    case .file:
      let read: @Sendable () throws(AIGCError) -> Table<UInt8> = { () throws(AIGCError) in
        try MappedFile(path).bytes()
      }
      add(
        place,
        start: { () throws(AIGCError) in
          try read().prefix(Self.start).array(of: UInt8.self)
        }, read: read)
    case .unreadable(let reason):
      // A link that leads nowhere may have been a folder of a class.
      if !Self.isHidden(place), entry.isLink || Self.isNamedAsImage(place) {
        leaveOut(place, reason)
      }
    }
  }

  // MARK: Archives

  /// The images of a tar file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged or truncated.
  static func tar(_ path: String, _ bytes: Table<UInt8>) throws(AIGCError) -> ImageFiles {
    ImageFiles(path, try TarArchive(path: path, bytes: bytes).entries)
  }

  /// The images of a zip file.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged or truncated.
  static func zip(_ path: String, _ bytes: Table<UInt8>) throws(AIGCError) -> ImageFiles {
    let archive = try ZipArchive(path: path, bytes: bytes, hasUniqueNames: false)
    let (slash, backslash) = (UInt8(ascii: "/"), UInt8(ascii: "\\"))
    let entries = archive.entries.map { entry in
      var name = bytes.slice(entry.nameBytes).array(of: UInt8.self)
      // Some programs of Windows take its own separator, which the format does not know.
      if !name.contains(slash) { name = name.map { $0 == backslash ? slash : $0 } }
      if name.last == slash { return ArchiveEntry(name: name, content: .folder) }
      if entry.isLink {
        let target = archive.start(of: entry, count: min(entry.size, 4096))
        return ArchiveEntry(name: name, content: .symbolicLink(target))
      }
      let file = ArchivedFile(
        unpackedSize: entry.size, start: { archive.start(of: entry, count: Self.start) },
        read: { () throws(AIGCError) in
          try archive.contents(of: entry, limit: Self.largestFile)
        })
      return ArchiveEntry(name: name, content: .file(file))
    }
    return ImageFiles(path, entries)
  }

  private init(_ path: String, _ entries: [ArchiveEntry]) {
    self.init(path)
    let links = ArchiveLinks(entries)
    for (index, entry) in entries.enumerated() {
      let place = entry.place.map { legible($0) }
      guard !place.isEmpty else { continue }
      switch links[index] {
      case .folder:
        if case .folder = entry.content { folders.append(place) }
      case .nothing:
        if !Self.isHidden(place) { leaveOut(place, "a link to what is not in the archive") }
      case .entry(let target):
        switch entries[target].content {
        case .file(let file):
          add(place, unpackedSize: file.unpackedSize, start: file.start, read: file.read)
        case .unreadable(let reason):
          if !Self.isHidden(place), Self.isNamedAsImage(place) { leaveOut(place, reason) }
        default: break
        }
      }
    }
  }
}
