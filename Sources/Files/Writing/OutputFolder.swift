import Glibc

/// A folder filled under a temporary name beside its final place, and renamed when complete.
/// Dropped without ``commit()``, it is removed again.
public final class OutputFolder {
  public let path: String
  private let temporaryPath: String
  private var committed = false

  /// - Throws: ``AIGCError`` (failed) when the parent cannot be made or written.
  public init(path: String) throws(AIGCError) {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    try makeFolder(parentFolder(of: path))
    temporaryPath = "\(path).tmp-\(getpid())"
    removeTree(temporaryPath)
    guard mkdir(temporaryPath, 0o755) == 0 else {
      throw .failed("\(path): cannot make the folder: \(systemErrorText())")
    }
  }

  /// Where the file `name` is to be written for now.
  public func file(_ name: String) -> String { "\(temporaryPath)/\(name)" }

  /// Puts the folder in its place; an older one there is exchanged in one step and then removed.
  public func commit() throws(AIGCError) {
    try syncFolder(temporaryPath)
    if fileExists(path) {
      try exchange()
    } else {
      guard rename(temporaryPath, path) == 0 else {
        throw .failed("\(path): \(systemErrorText())")
      }
    }
    committed = true
    try syncFolder(parentFolder(of: path))
  }

  /// Swaps the new folder with the old one and removes the old one. Where the file system cannot
  /// swap, the old folder keeps a name of its own until the new one stands.
  private func exchange() throws(AIGCError) {
    if renameExchange(temporaryPath, path) {
      removeTree(temporaryPath)
      return
    }
    let old = "\(path).old-\(getpid())"
    guard rename(path, old) == 0, rename(temporaryPath, path) == 0 else {
      throw .failed("\(path): cannot replace it: \(systemErrorText())")
    }
    removeTree(old)
  }

  deinit {
    if !committed { removeTree(temporaryPath) }
  }
}

private func syncFolder(_ path: String) throws(AIGCError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .failed("\(path): \(systemErrorText())") }
  fsync(descriptor)
  close(descriptor)
}

/// `renameat2` with RENAME_EXCHANGE (2), which Glibc's Swift overlay does not show.
private func renameExchange(_ a: String, _ b: String) -> Bool {
  typealias Function =
    @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
  guard let symbol = dlsym(nil, "renameat2") else { return false }
  return unsafeBitCast(symbol, to: Function.self)(AT_FDCWD, a, AT_FDCWD, b, 2) == 0
}
