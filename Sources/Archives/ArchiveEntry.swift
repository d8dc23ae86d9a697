import Files

/// An entry of a tar or zip file.
package struct ArchiveEntry: Sendable {
  package enum Content: Sendable {
    case file(ArchivedFile)
    case folder
    /// The same file as that of an entry before, which is called so.
    case hardLink([UInt8])
    /// What stands at this path, seen from the link's folder.
    case symbolicLink([UInt8])
    /// Why it is not read.
    case unreadable(String)
  }

  /// With its folders, as in the archive.
  package let name: [UInt8]
  package let content: Content

  package init(name: [UInt8], content: Content) {
    (self.name, self.content) = (name, content)
  }

  /// The folders and the name below what was packed.
  package var place: [[UInt8]] {
    archivePlace(name)
      ?? name.split(separator: UInt8(ascii: "/"), maxSplits: 256).map { Array($0) }
      .filter { $0 != [0x2E] && $0 != [0x2E, 0x2E] }
  }
}

/// A file inside an archive.
package struct ArchivedFile: Sendable {
  /// Bytes of memory that ``read`` takes; 0 where nothing is unpacked.
  package let unpackedSize: Int
  /// Its first bytes, as many as tell what it is.
  package let start: @Sendable () -> [UInt8]
  package let read: @Sendable () throws(AIGCError) -> Table<UInt8>

  package init(
    unpackedSize: Int, start: @escaping @Sendable () -> [UInt8],
    read: @escaping @Sendable () throws(AIGCError) -> Table<UInt8>
  ) {
    (self.unpackedSize, self.start, self.read) = (unpackedSize, start, read)
  }
}

/// The folders and the name of a path of an archive: "./a//b/../c" is a, c.
/// - Parameter folder: where the path begins.
/// - Returns: nil for a path that leads out of the archive.
package func archivePlace(_ path: [UInt8], in folder: [[UInt8]] = []) -> [[UInt8]]? {
  var result = folder
  // The rest of a path without end stays one name.
  for part in path.split(separator: UInt8(ascii: "/"), maxSplits: 256) {
    if part.elementsEqual(".".utf8) { continue }
    if part.elementsEqual("..".utf8) {
      guard result.popLast() != nil else { return nil }
    } else {
      result.append(Array(part))
    }
  }
  return result
}

/// Where the links of an archive lead, within it.
package struct ArchiveLinks {
  package enum Target {
    case entry(Int)
    case folder
    case nothing
  }

  private let entries: [ArchiveEntry]
  /// The last entry of each path.
  private var indices: [[UInt8]: Int] = [:]
  /// Of each link the entry that it names, of others themselves; nil: it is not there.
  private var next: [Int?] = []
  /// Of each entry where the links end.
  private var ends: [Int?] = []
  /// Folders of a path beyond which they are not looked at.
  private static let deepest = 64

  package init(_ entries: [ArchiveEntry]) {
    self.entries = entries
    let places = entries.map { $0.place }
    next = entries.map { _ in nil }
    for (index, entry) in entries.enumerated() {
      if case .hardLink(let target) = entry.content {
        // Names of a tar file begin at its root.
        next[index] = archivePlace(target).flatMap { indices[Self.key($0[...])] }
      }
      indices[Self.key(places[index][...])] = index
    }
    var unknown: [[UInt8]: [Int]] = [:]
    for (index, entry) in entries.enumerated() {
      guard case .symbolicLink(let target) = entry.content, target.first != UInt8(ascii: "/"),
        let place = archivePlace(target, in: places[index].dropLast())
      else { continue }
      let key = Self.key(place[...])
      next[index] = indices[key]
      if next[index] == nil { unknown[key, default: []].append(index) }
    }
    findFolders(places, &unknown)
    findEnds()
  }

  private var linksToFolders: Set<Int> = []

  /// Finds links to folders that stand in no entry of their own.
  /// - Parameter links: those whose target is no entry, by it.
  private mutating func findFolders(_ places: [[[UInt8]]], _ links: inout [[UInt8]: [Int]]) {
    for place in places {
      for depth in 0..<min(place.count, Self.deepest) {
        if links.isEmpty { return }
        if let found = links.removeValue(forKey: Self.key(place[..<depth])) {
          linksToFolders.formUnion(found)
        }
      }
    }
  }

  private static func key(_ place: ArraySlice<[UInt8]>) -> [UInt8] {
    Array(place.joined(separator: [UInt8(ascii: "/")]))
  }

  private func isLink(_ index: Int) -> Bool {
    switch entries[index].content {
    case .hardLink, .symbolicLink: true
    default: false
    }
  }

  /// Every link is followed once; those of a circle end nowhere.
  private mutating func findEnds() {
    var isSeen = [Bool](repeating: false, count: entries.count)
    ends = entries.map { _ in nil }
    for index in entries.indices where !isSeen[index] {
      var chain: [Int] = []
      var place: Int? = index
      while let at = place, !isSeen[at] {
        isSeen[at] = true
        chain.append(at)
        if !isLink(at) || linksToFolders.contains(at) {
          ends[at] = at
          break
        }
        place = next[at]
      }
      let end = place.flatMap { ends[$0] }
      for at in chain { ends[at] = end }
    }
  }

  /// What entry `index` stands for.
  package subscript(index: Int) -> Target {
    guard let end = ends[index] else { return .nothing }
    if linksToFolders.contains(end) { return .folder }
    if case .folder = entries[end].content { return .folder }
    return .entry(end)
  }
}
