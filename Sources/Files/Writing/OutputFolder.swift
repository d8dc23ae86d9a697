import Glibc
import Synchronization

/// A folder of a model, filled under a temporary name beside its final place, and put there in one step
/// when complete. Dropped without ``commit()``, all is as it was.
///
/// From the beginning this process holds the place (see ``FolderLock``): what another one is writing is
/// refused, as is a folder that is no model of this program, or that holds something this process reads.
/// Files in it that the program did not write are kept. Of a symbolic link the folder that it leads to is
/// replaced.
public final class OutputFolder {
  /// The path as it was given, without slashes at its end; messages show it.
  public let path: String
  /// Holds the folder at the place: that which was there, and after ``commit()`` the new one.
  public private(set) var lock: FolderLock
  /// The path with its links followed.
  private let target: String
  private let temporaryPath: String
  private let temporaryLock: FolderLock
  /// Whether an empty folder was made at the place, to hold it.
  private let isReserved: Bool
  private var committed = false

  /// Places that were chosen because nothing was there: what comes there meanwhile is another's.
  private static let free = Mutex<Set<String>>([])

  /// Says whether what is at the path may be replaced: of a new place that is not there yet, it may not
  /// when the work is done either.
  public static func choose(_ path: String, isFree: Bool) throws(AIGCError) {
    let target = try OutputTarget.followed(withoutSlashes(path))
    free.withLock { free in
      if isFree { free.insert(target) } else { free.remove(target) }
    }
  }

  /// The name of the file by which a folder is known as a model's.
  public static let configurationName = "config.json"

  /// - Throws: ``AIGCError``: failed when the folders cannot be made or written, or another process writes
  ///   there; usage when what is at the path must not be replaced.
  public init(path: String) throws(AIGCError) {
    let path = Self.withoutSlashes(path)
    self.path = path
    target = try OutputTarget.followed(path)
    try InputRecord.checkFolder(target)
    let isReserved = try Self.reserve(target, named: path)
    // One that another process has got hold of meanwhile stays there.
    if !isReserved { try Self.checkReplaceable(target) }
    var made: String?
    do throws(AIGCError) {
      lock = try FolderLock.joinedOrNew(target)
      try Self.checkStillFree(target, named: path)
      try Self.checkReplaceable(target)
      let temporary = try Self.makeTemporary(beside: target, named: path)
      made = temporary
      temporaryLock = try FolderLock(temporary)
      temporaryPath = temporary
    } catch {
      if let made { rmdir(made) }
      if isReserved { rmdir(target) }
      throw error
    }
    self.isReserved = isReserved
    UnfinishedOutputs.add(temporaryPath)
  }

  private static func withoutSlashes(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private static func checkStillFree(
    _ target: String, named path: String
  ) throws(AIGCError) {
    guard free.withLock({ $0.contains(target) }), !folderContents(target).isEmpty else { return }
    throw .failed("\(path): another process made it meanwhile; write to another folder")
  }

  /// Makes an empty folder where nothing is.
  /// - Returns: whether it did.
  private static func reserve(_ target: String, named path: String) throws(AIGCError) -> Bool {
    if path.isEmpty { throw .usage("the name of the folder to write is empty") }
    try makeFolder(parentFolder(of: target))
    if mkdir(target, 0o755) == 0 { return true }
    guard errno == EEXIST else {
      throw .failed("\(path): cannot make the folder: \(systemErrorText())")
    }
    return false
  }

  private static func makeTemporary(
    beside target: String, named path: String
  ) throws(AIGCError) -> String {
    var number = 0
    while true {
      let temporary = "\(target).tmp-\(getpid())" + (number > 0 ? "-\(number)" : "")
      if mkdir(temporary, 0o755) == 0 { return temporary }
      number += 1
      guard errno == EEXIST, number < 1000 else {
        throw .failed("\(path): cannot make the folder: \(systemErrorText())")
      }
    }
  }

  /// Where the file `name` is to be written for now.
  public func file(_ name: String) -> String { "\(temporaryPath)/\(name)" }

  /// Puts the folder in its place; an older one there is exchanged in one step and then removed.
  public func commit() throws(AIGCError) {
    for name in folderContents(temporaryPath) where isFolder(file(name)) {
      try syncFolder(file(name))
    }
    try syncFolder(temporaryPath)
    // Once more: the work may have taken long.
    try Self.checkReplaceable(target)
    try keepOthersFiles()
    if folderContents(target).isEmpty {
      guard rename(temporaryPath, target) == 0 else {
        let code = errno
        let isTaken = code == ENOTEMPTY || code == EEXIST
        let reason = isTaken ? "another process made it meanwhile" : systemErrorText(code)
        throw .failed("\(path): \(reason)")
      }
    } else {
      try exchange()
    }
    committed = true
    _ = Self.free.withLock { $0.remove(target) }
    if FolderLock.current === lock { lock.take(over: temporaryLock) } else { lock = temporaryLock }
    try syncFolder(parentFolder(of: target))
  }

  /// Gives the files of the old folder that the program did not write a second name in the new one, so that
  /// they are there whenever the process ends.
  private func keepOthersFiles() throws(AIGCError) {
    for name in folderContents(target)
    where !ModelFolderFiles.isOwn(name) && !ModelFolderFiles.isOwnFolder(name, in: target) {
      // A name that the new model has too is the program's after all.
      guard !fileExists(file(name)), link("\(target)/\(name)", file(name)) != 0 else { continue }
      throw .failed(
        "\(path) is not replaced: \(printable(name)) in it is no model's, and cannot be kept there: "
          + systemErrorText())
    }
  }

  /// Swaps the new folder with the old one and removes the old one. Where the file system cannot
  /// swap, the old folder keeps a name of its own until the new one stands.
  private func exchange() throws(AIGCError) {
    if renameExchange(temporaryPath, target) {
      removeTree(temporaryPath)
      return
    }
    let old = "\(target).old-\(getpid())"
    guard rename(target, old) == 0 else {
      throw .failed("\(path): cannot replace it: \(systemErrorText())")
    }
    guard rename(temporaryPath, target) == 0 else {
      let reason = systemErrorText()
      _ = rename(old, target)
      throw .failed("\(path): cannot replace it: \(reason)")
    }
    removeTree(old)
  }

  deinit {
    defer { UnfinishedOutputs.forget(temporaryPath) }
    if committed { return }
    removeTree(temporaryPath)
    if isReserved { rmdir(target) }
  }
}

// MARK: What may be replaced

extension OutputFolder {
  /// Refuses to replace what is at `path` unless it is an empty folder or a model's of this program: one
  /// with a `config.json` that says so, no folders in it but its own, and no file that this process reads.
  /// - Throws: ``AIGCError`` (usage).
  public static func checkReplaceable(_ path: String) throws(AIGCError) {
    guard fileExists(path) else { return }
    guard isFolder(path) else { throw .usage("\(path): a file; name a folder to write") }
    guard FileIdentity(path) != FileIdentity(".") else {
      throw .usage("\(path): the current folder is not replaced; name another one")
    }
    let names = folderContents(path)
    if names.isEmpty { return }
    guard isModel(path) else {
      throw .usage(
        "\(path) exists and is no folder of a model that this program wrote, so it is not replaced")
    }
    for name in names {
      var files = ["\(path)/\(name)"]
      if isFolder(files[0]) {
        guard ModelFolderFiles.isOwnFolder(name, in: path) else {
          throw .usage(
            "\(path) is not replaced: the folder '\(printable(name))' in it is no model's")
        }
        files = folderContents(files[0]).map { "\(path)/\(name)/\($0)" }
      }
      if files.contains(where: { InputRecord.isRead($0) }), FolderLock.joined(path) == nil {
        throw .usage("\(path) is not replaced: \(printable(name)) in it is read here")
      }
    }
  }

  /// Refuses a file that lies in a folder which is going to be replaced, and would go with it.
  /// - Throws: ``AIGCError`` (usage).
  public static func checkKeeps(_ file: String, replacing folder: String) throws(AIGCError) {
    let followed = try OutputTarget.followed(file)
    if let parent = FileIdentity(parentFolder(of: followed)), parent == FileIdentity(folder) {
      throw .usage("\(file): lies in \(folder), which is replaced; move it elsewhere")
    }
  }

  /// Whether the folder's `config.json` is that of a model of this program: other programs' name no family. A run that
  /// trains an adapter has none, but its state.
  private static func isModel(_ path: String) -> Bool {
    if ["adapter_config.json", "training.safetensors"].allSatisfy({ fileExists("\(path)/\($0)") }) {
      return true
    }
    let file = try? MappedFile(path: "\(path)/\(configurationName)", isInput: false)
    guard let bytes = try? file?.bytes(),
      bytes.count <= 16 << 20, case .object(let members)? = try? JSONValue(parsing: bytes)
    else { return false }
    let names = Set(members.map { $0.name })
    return names.isSuperset(of: ["family", "format_version", "kind"])
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
