import Glibc

/// A path as the system has it: any bytes but zero, which need not be UTF-8.
public struct RawPath: Sendable, Hashable {
  /// The bytes of the path, without a zero at the end.
  public let bytes: [UInt8]

  /// Creates the path that `text` spells in UTF-8.
  public init(_ text: String) { bytes = Array(text.utf8) }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The path of what is called `name` in this folder.
  public func appending(_ name: [UInt8]) -> RawPath { RawPath(bytes: bytes + [0x2F] + name) }

  /// For messages and answers: see ``legible(_:)``.
  public var text: String { legible(bytes) }

  /// Calls `body` with the path as the system's functions take it.
  public func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    body(bytes.map { CChar(bitPattern: $0) } + [0])
  }
}

/// A name as text. Bytes that are not UTF-8 and characters that end lines or turn the direction of writing
/// become `\xE9`, and in such names a backslash becomes two. Different names stay different bytes; Strings
/// that spell one letter in two ways are equal in Swift.
public func legible(_ name: [UInt8]) -> String {
  let looksEscaped = zip(name, name.dropFirst()).contains { $0 == 0x5C && $1 == 0x78 }
  if let text = String(validating: name, as: UTF8.self), !looksEscaped,
    text.unicodeScalars.allSatisfy({ !$0.isControl })
  {
    return text
  }
  var result = ""
  func escape(_ bytes: ArraySlice<UInt8>) {
    for byte in bytes {
      let digits = String(byte, radix: 16, uppercase: true)
      result += digits.count == 1 ? "\\x0\(digits)" : "\\x\(digits)"
    }
  }
  var place = 0
  while place < name.count {
    let (value, length) = name.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { decodeUTF8($0 + place, $0 + buffer.count) } ?? (0, 0)
    }
    let next = place + max(length, 1)
    if length > 0, let scalar = Unicode.Scalar(value), !scalar.isControl {
      result.unicodeScalars.append(scalar)
      if scalar == "\\" { result += "\\" }
    } else {
      escape(name[place..<next])
    }
    place = next
  }
  return result
}

extension Unicode.Scalar {
  /// Whether it moves the cursor, ends a line or turns the direction of writing.
  fileprivate var isControl: Bool {
    switch value {
    case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// What stands in a folder.
public struct FolderEntry: Sendable {
  /// What an entry is, with links followed.
  public enum Kind: Sendable {
    case file, folder
    /// A device, a FIFO or a socket; a link that leads nowhere: why it cannot be read.
    case unreadable(String)
  }

  /// The bytes of the last component of the path, which need not be UTF-8.
  public let name: [UInt8]
  /// The path under which the entry is opened.
  public let path: RawPath
  /// Of a link: what it leads to.
  public let kind: Kind
  /// Whether the entry itself is a symbolic link.
  public let isLink: Bool
  /// Device and number: the same for the same file, whatever it is called.
  public let identity: [UInt64]

  /// What stands at a path of any name.
  public init(_ path: RawPath) {
    self.init(name: Array(path.bytes.split(separator: 0x2F).last ?? []), path: path)
  }

  fileprivate init(name: [UInt8], path: RawPath) {
    var status = stat()
    var result = path.withCString { lstat($0, &status) }
    let isLink = result == 0 && status.st_mode & S_IFMT == S_IFLNK
    if isLink { result = path.withCString { stat($0, &status) } }
    if result != 0 {
      kind = .unreadable(
        isLink && errno == ENOENT ? "a link to what is not there" : systemErrorText())
    } else {
      switch status.st_mode & S_IFMT {
      case S_IFREG: kind = .file
      case S_IFDIR: kind = .folder
      default: kind = .unreadable("not a regular file")
      }
    }
    (self.name, self.path, self.isLink) = (name, path, isLink)
    identity = [UInt64(status.st_dev), UInt64(status.st_ino)]
  }
}

/// The entries of a folder, sorted by the bytes of their names, without "." and "..".
/// - Throws: ``AIGCError``: badInput when it cannot be read, interrupted after Ctrl-C.
public func folderEntries(_ folder: RawPath) throws(AIGCError) -> [FolderEntry] {
  guard let stream = folder.withCString({ opendir($0) }) else {
    throw .badInput("\(folder.text): \(systemErrorText())")
  }
  defer { closedir(stream) }
  var names: [[UInt8]] = []
  errno = 0
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
  }
  guard errno == 0 else { throw .badInput("\(folder.text): \(systemErrorText())") }
  var entries: [FolderEntry] = []
  entries.reserveCapacity(names.count)
  for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
    try Interruption.check()
    entries.append(FolderEntry(name: name, path: folder.appending(name)))
  }
  return entries
}
