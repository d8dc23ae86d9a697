import Glibc

/// What a path to write to means.
enum OutputTarget: Equatable {
  /// A plain file, there already or not: the path with its links followed.
  case file(String)
  /// An open descriptor of this process: /dev/stdout, /dev/fd/3.
  case descriptor(Int32)
  /// A device, a FIFO, or something else that is written to as it is.
  case special
  case folder

  /// - Parameter path: "-" is standard output, as everywhere.
  /// - Throws: ``AIGCError`` (failed) for links that lead in a circle.
  init(_ path: String) throws(AIGCError) {
    if path == "-" {
      self = .descriptor(STDOUT_FILENO)
      return
    }
    let target = try Self.followed(path)
    if let descriptor = Self.descriptor(target) {
      self = .descriptor(descriptor)
      return
    }
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .file(target)
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: self = .folder
    // Links that only the system can follow have no file beside which another one could be written.
    case S_IFREG where FileIdentity(target) == FileIdentity(status): self = .file(target)
    default: self = .special
    }
  }

  /// The path at the end of a chain of symbolic links, whether something is there or not.
  static func followed(_ path: String) throws(AIGCError) -> String {
    var path = path
    for _ in 0..<40 {
      guard descriptor(path) == nil, let link = link(at: path) else { return path }
      path = link.hasPrefix("/") ? link : "\(parentFolder(of: path))/\(link)"
    }
    throw .failed("\(path): \(systemErrorText(ELOOP))")
  }

  /// nil for what is no link.
  private static func link(at path: String) -> String? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return nil }
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &bytes, bytes.count)
    guard count > 0 else { return nil }
    return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The open descriptor of this process that the path names.
  private static func descriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdin": return STDIN_FILENO
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default: break
    }
    let folders = ["/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/", "/proc/\(getpid())/fd/"]
    guard let folder = folders.first(where: { path.hasPrefix($0) }) else { return nil }
    return Int32(path.dropFirst(folder.count))
  }
}

/// Whether two paths mean one file or folder, by whatever spellings and links.
public func isSameFile(_ a: String, _ b: String) -> Bool {
  FileIdentity(a).map { $0 == FileIdentity(b) } ?? false
}

/// Whether a path to write to is standard output: "-", /dev/stdout, or a link to it.
public func isStandardOutput(_ path: String) -> Bool {
  (try? OutputTarget(path)) == .descriptor(STDOUT_FILENO)
}

/// Whether what is written to the path becomes a file of that name: not with devices and FIFOs.
public func isPlainFile(_ path: String) -> Bool {
  guard case .file? = try? OutputTarget(path) else { return false }
  return true
}
