import Glibc
import Synchronization

/// Which file or folder a path means: the same for all of its names, spellings and links.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  /// Of what stands at `path`, links followed; nil when nothing does.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// nil for a descriptor that is not open.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// The files and folders that this process reads, so that it writes over none of them.
///
/// Kept by programs, from ``keep()`` on; a library that writes what it has read is none of its concern.
/// Tests keep one of their own in `scoped`.
public final class InputRecord: Sendable {
  private struct Seen {
    var files: Set<FileIdentity> = []
    var folders: Set<FileIdentity> = []
  }

  private static let program = Mutex<InputRecord?>(nil)
  /// In place of the program's.
  @TaskLocal static var scoped: InputRecord?

  private let seen = Mutex(Seen())

  init() {}

  /// Begins to record what the whole process reads.
  public static func keep() { program.withLock { $0 = $0 ?? InputRecord() } }

  private static var current: InputRecord? { scoped ?? program.withLock { $0 } }

  // MARK: Inputs

  /// What is at `path` is read, or will be: a file, a folder of data, "-" for standard input.
  public static func add(_ path: String) {
    guard let record = current else { return }
    var status = stat()
    guard path == "-" ? fstat(STDIN_FILENO, &status) == 0 : stat(path, &status) == 0 else { return }
    record.add(status)
  }

  /// The open file is read.
  public static func add(descriptor: Int32) {
    guard let record = current else { return }
    var status = stat()
    if fstat(descriptor, &status) == 0 { record.add(status) }
  }

  static func add(_ status: stat) { current?.add(status) }

  /// The file at `path` was read to be written anew.
  public static func release(_ path: String) {
    guard let record = current, let file = FileIdentity(path) else { return }
    _ = record.seen.withLock { $0.files.remove(file) }
  }

  private func add(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: _ = seen.withLock { $0.files.insert(FileIdentity(status)) }
    case S_IFDIR: _ = seen.withLock { $0.folders.insert(FileIdentity(status)) }
    default: break
    }
  }

  // MARK: Outputs

  /// Refuses to write over a file that is read. Files of a folder that this process holds for itself
  /// (see ``FolderLock``) are its own: those of the model that it trains, say.
  /// - Throws: ``AIGCError`` (usage).
  public static func checkFile(_ path: String) throws(AIGCError) {
    guard isRead(path), !FolderLock.isHeld(FileIdentity(parentFolder(of: path))) else { return }
    throw .usage("\(path) is what is read here; write to another file")
  }

  /// Whether the file at `path` is one of those that are read.
  static func isRead(_ path: String) -> Bool {
    guard let record = current, let file = FileIdentity(path) else { return false }
    return record.seen.withLock { $0.files.contains(file) }
  }

  /// Refuses a folder for outputs that is a folder of data which is read, or lies in one.
  /// - Throws: ``AIGCError`` (usage).
  public static func checkFolder(_ path: String) throws(AIGCError) {
    guard let record = current else { return }
    let folders = record.seen.withLock { $0.folders }
    if folders.isEmpty { return }
    var folder = path
    while !fileExists(folder), parentFolder(of: folder) != folder {
      folder = parentFolder(of: folder)
    }
    // By "..", which the system follows whatever the spelling.
    var last: FileIdentity?
    while let identity = FileIdentity(folder), identity != last {
      guard !folders.contains(identity) else {
        throw .usage("\(path) is or lies in the folder that is read; write to another one")
      }
      last = identity
      folder += "/.."
    }
  }
}
