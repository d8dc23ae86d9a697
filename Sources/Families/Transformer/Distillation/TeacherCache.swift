import Files
import Kernels

/// The folder that keeps what a teacher has said and written, so that it is asked once: by a run that was killed on the
/// way, and by other runs with the same teacher.
struct TeacherCache {
  let folder: String
  /// Of the files of the teacher.
  let teacher: UInt64
  private let lock: FolderLock

  /// - Parameters:
  ///   - folder: is made where it is missing.
  ///   - teacher: a model's folder or file, whose files are read.
  /// - Throws: ``/Files/AIGCError``: failed where the folder cannot be made or is in use, badInput where the teacher
  ///   cannot be read.
  init(_ folder: String, teacher: String) throws(AIGCError) {
    try makeFolder(folder)
    self.folder = folder
    lock = try FolderLock(folder)
    self.teacher = try Self.checksum(of: teacher)
  }

  /// Of a model's files, but for those of its training.
  private static func checksum(of path: String) throws(AIGCError) -> UInt64 {
    let names = isFolder(path) ? folderContents(path) : []
    let others = [".png", ".jsonl", ".md", "training.safetensors"]
    var sums: [UInt64] = []
    for name in names where !others.contains(where: { name.hasSuffix($0) }) {
      let file = "\(path)/\(name)"
      if !isFolder(file) { sums.append(try Checksum.of(MappedFile(path: file).bytes())) }
    }
    if !isFolder(path) { sums.append(try Checksum.of(MappedFile(path: path).bytes())) }
    return try Checksum.of(Table(sums))
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// What a file says that ``write(_:to:)`` wrote.
  /// - Returns: nil: there is no such file.
  /// - Throws: ``/Files/AIGCError`` (badInput) for a damaged file.
  func record(_ name: String) throws(AIGCError) -> [JSONValue.Member]? {
    let path = path(name)
    guard fileExists(path) else { return nil }
    let bytes = try MappedFile(path: path, isInput: false).bytes()
    guard case .object(let members)? = try? JSONValue(parsing: bytes) else {
      throw .badInput("\(path): damaged: remove \(folder)")
    }
    return members
  }

  func write(_ record: [JSONValue.Member], to name: String) throws(AIGCError) {
    let file = try OutputFile(path: path(name))
    try file.write(JSONValue.object(record).text)
    try file.commit(sync: true)
  }
}
