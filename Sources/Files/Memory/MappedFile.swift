import Glibc

/// A file mapped read-only into memory. It is read by bounds-checked views only.
public final class MappedFile: Sendable {
  /// The path that was opened, as messages show it.
  public let path: String
  /// Size in bytes.
  public let count: Int
  private let storage: TableStorage?

  /// Maps the regular file at `path`.
  /// - Parameters:
  ///   - path: of the file.
  ///   - isInput: whether it must not be written over from then on (``InputRecord``).
  /// - Throws: ``AIGCError``: badInput when it is missing, a directory or not readable, failed when the
  ///   system has no room to map it.
  public convenience init(path: String, isInput: Bool = true) throws(AIGCError) {
    try self.init(RawPath(path), name: path, isInput: isInput)
  }

  /// The same of a path whose bytes need not be UTF-8.
  public convenience init(_ path: RawPath) throws(AIGCError) {
    try self.init(path, name: path.text, isInput: true)
  }

  private init(_ raw: RawPath, name path: String, isInput: Bool) throws(AIGCError) {
    let descriptor = raw.withCString { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .unreadable(path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw .badInput("\(path): \(kind), a file is needed")
    }
    if isInput { InputRecord.add(status) }
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      storage = nil
      return
    }
    guard let memory = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { throw errno == ENOMEM ? .outOfMemory(count, for: path) : .unreadable(path) }
    storage = TableStorage(base: memory, byteCount: count, owner: FileMapping(memory, count))
  }

  /// Asks the system to read the whole file ahead.
  public func readAhead() {
    guard let storage else { return }
    madvise(storage.base, storage.byteCount, MADV_WILLNEED)
  }

  /// Asks for pages of 2 MiB: where elements are read all over a large file, looking up the addresses of
  /// small pages takes longer than the reads. The system follows where the file is not in memory yet, or
  /// was written in large pieces (Linux 6.16 and ext4; elsewhere nothing changes).
  public func useHugePages() {
    guard let storage, count >= 4 << 20 else { return }
    madvise(storage.base, storage.byteCount, MADV_HUGEPAGE)
  }

  /// Maps the pages of bytes `offset` to `offset + length` now: one call instead of a fault for
  /// each few pages (MADV_POPULATE_READ, Linux 5.14; elsewhere only read ahead).
  public func populate(_ offset: Int, _ length: Int) {
    guard let storage, offset >= 0, offset < count else { return }
    let start = offset / 4096 * 4096
    let size = min(offset + length, count) - start
    let populateRead: Int32 = 22
    if madvise(storage.base + start, size, populateRead) != 0 {
      madvise(storage.base + start, size, MADV_WILLNEED)
    }
  }

  /// `count` elements from byte `offset`.
  /// - Throws: ``AIGCError`` (badInput) when they reach beyond the end or the offset is not aligned.
  public func table<Element>(
    of type: Element.Type = Element.self, at offset: Int, count elements: Int
  ) throws(AIGCError) -> Table<Element> where Element: BitwiseCopyable & Sendable {
    let (size, overflow) = elements.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, elements >= 0, offset >= 0, size <= count, offset <= count - size else {
      throw .badInput("\(path): truncated or damaged: a section reaches beyond the end")
    }
    guard offset % MemoryLayout<Element>.alignment == 0 else {
      throw .badInput("\(path): damaged: a section is not aligned")
    }
    guard let storage else {
      return try Table([])
    }
    let base = UnsafeRawPointer(storage.base + offset).assumingMemoryBound(to: Element.self)
    return Table(base: base, count: elements, storage: storage)
  }

  /// All bytes.
  public func bytes() throws(AIGCError) -> Table<UInt8> { try table(at: 0, count: count) }
}

/// Unmaps a file on release.
final class FileMapping: @unchecked Sendable {
  private let memory: UnsafeMutableRawPointer
  private let count: Int

  init(_ memory: UnsafeMutableRawPointer, _ count: Int) {
    self.memory = memory
    self.count = count
  }

  deinit { munmap(memory, count) }
}

extension Table {
  /// Says that the table will not be read for a while: whole pages of a mapped file leave this process's memory, and
  /// come back from the file where they are read after all. Of other tables nothing changes.
  public func releasePages() {
    guard let storage = storage as? TableStorage, storage.isFile else { return }
    let offset = UnsafeRawPointer(base) - UnsafeRawPointer(storage.base)
    let first = (offset + 4095) / 4096 * 4096
    let end = (offset + count * MemoryLayout<Element>.stride) / 4096 * 4096
    if end > first { madvise(storage.base + first, end - first, MADV_DONTNEED) }
  }
}
