import Glibc
import Synchronization

/// A folder that one process has for writing: the kernel's lock on the folder itself (`flock`), so that
/// no file is left of it and a dead process holds nothing. Two locks exclude each other within one
/// process too. File systems without such locks grant every one.
public final class FolderLock: Sendable {
  /// The path of the folder, as it was given.
  public let path: String
  private let descriptor: Mutex<Int32>

  /// A lock that what is called may join: ``OutputFolder`` and trainers then take no other one for the
  /// same folder.
  @TaskLocal public static var current: FolderLock?
  /// How often each folder is held by this process.
  private static let held = Mutex<[FileIdentity: Int]>([:])

  /// Takes the folder at `path`.
  /// - Parameters:
  ///   - path: of a folder that is there.
  ///   - waiting: called once when another process has it: the lock then waits for that one;
  ///     nil: it is refused.
  /// - Throws: ``AIGCError``: failed when another process has it or no folder is there, interrupted.
  public convenience init(
    _ path: String, waiting: (() -> Void)? = nil
  ) throws(AIGCError) {
    self.init(path, descriptor: try Self.acquire(path, waiting))
  }

  private static func acquire(_ path: String, _ waiting: (() -> Void)?) throws(AIGCError) -> Int32 {
    var isFirst = true
    while true {
      let descriptor = try open(path)
      if descriptor < 0 { return descriptor }
      if lock(descriptor) {
        // While this one waited, a new folder may have come in the place of the old one.
        if FileIdentity(descriptor: descriptor) == FileIdentity(path) { return descriptor }
        release(descriptor)
        continue
      }
      close(descriptor)
      guard let waiting else {
        throw .failed(
          "\(path): another aigc is writing this folder; wait for its end, or write to another one")
      }
      if isFirst { waiting() }
      isFirst = false
      usleep(50_000)
      try Interruption.check()
    }
  }

  private init(_ path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = Mutex(descriptor)
    Self.count(descriptor, by: 1)
  }

  deinit {
    let descriptor = descriptor.withLock { $0 }
    Self.count(descriptor, by: -1)
    Self.release(descriptor)
  }

  /// The lock that is to be joined, where it is of the folder at `path`.
  static func joined(_ path: String) -> FolderLock? {
    current.flatMap { $0.identity == FileIdentity(path) ? $0 : nil }
  }

  /// The lock that is to be joined, or one of its own.
  /// - Throws: as ``init(_:waiting:)``.
  static func joinedOrNew(_ path: String) throws(AIGCError) -> FolderLock {
    if let joined = joined(path) { return joined }
    return try FolderLock(path)
  }

  private var identity: FileIdentity? { FileIdentity(descriptor: descriptor.withLock { $0 }) }

  /// Holds the folder of `other`, which then holds none, in place of its own one: that of a folder that was
  /// exchanged.
  func take(over other: FolderLock) {
    let taken = other.descriptor.withLock { descriptor in
      defer { descriptor = -1 }
      return descriptor
    }
    let old = descriptor.withLock { descriptor in
      defer { descriptor = taken }
      return descriptor
    }
    Self.count(old, by: -1)
    Self.release(old)
  }

  /// Whether this process holds the folder.
  static func isHeld(_ folder: FileIdentity?) -> Bool {
    folder.map { folder in held.withLock { $0[folder] != nil } } ?? false
  }

  private static func count(_ descriptor: Int32, by change: Int) {
    guard let folder = FileIdentity(descriptor: descriptor) else { return }
    held.withLock { held in
      let count = (held[folder] ?? 0) + change
      held[folder] = count > 0 ? count : nil
    }
  }

  /// −1 for a folder that may be written but not read.
  private static func open(_ path: String) throws(AIGCError) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0, errno != EACCES { throw .failed("\(path): \(systemErrorText())") }
    return descriptor
  }

  /// Unlocks before it closes: a process that is just being started has copies of all descriptors until it
  /// becomes another program, and the lock would last as long as the last copy.
  private static func release(_ descriptor: Int32) {
    guard descriptor >= 0 else { return }
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// false when another one has it.
  private static func lock(_ descriptor: Int32) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // Others say that there are no locks here: a network's file system, for one.
      if errno != EINTR { return errno != EWOULDBLOCK }
    }
    return true
  }
}
