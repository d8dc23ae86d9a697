import Glibc

/// Whether a file, a folder or anything else is at `path`. Links are followed, so one that leads
/// nowhere does not count.
public func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Whether `path` is a folder, or a link to one.
public func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// "a/b/c" → "a/b", "c" → ".", "/c" → "/".
public func parentFolder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// "a/b/c.txt" → "c.txt".
public func lastComponent(of path: String) -> String {
  var path = path[...]
  while path.count > 1, path.last == "/" { path.removeLast() }
  guard let slash = path.lastIndex(of: "/"), path.count > 1 else { return String(path) }
  return String(path[path.index(after: slash)...])
}

/// Makes the folder and its missing parents.
/// - Throws: ``AIGCError`` (failed) when the system refuses.
public func makeFolder(_ path: String) throws(AIGCError) {
  if isFolder(path) { return }
  let parent = parentFolder(of: path)
  if parent != path { try makeFolder(parent) }
  guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
    throw .failed("\(path): cannot make the folder: \(systemErrorText())")
  }
}

/// Names in a folder, sorted, without "." and ".."; empty when it cannot be read.
public func folderContents(_ path: String) -> [String] {
  guard let stream = opendir(path) else { return [] }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
      tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names.sorted()
}

/// Removes a file or a folder with all in it; what is not there is no error.
public func removeTree(_ path: String) {
  var status = stat()
  guard lstat(path, &status) == 0 else { return }
  if status.st_mode & S_IFMT == S_IFDIR {
    for name in folderContents(path) { removeTree("\(path)/\(name)") }
    rmdir(path)
  } else {
    unlink(path)
  }
}
