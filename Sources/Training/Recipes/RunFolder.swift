import Files

/// Where a training run writes its model.
public enum RunFolder {
  /// The folder for a new model: `out` when given, else `runs/<family>-<data name>`, with `-2`, `-3`
  /// … when that is taken.
  /// - Parameters:
  ///   - family: the name of the model family.
  ///   - data: the path of the training data; its extensions are dropped from the name.
  ///   - out: the folder of `--out`.
  ///   - force: whether `out` may be a model that is already there, to be replaced.
  ///   - runs: the folder of all runs.
  /// - Returns: The path; nothing is made there. An ``/Files/OutputFolder`` holds it from then on, and another
  ///   process that chose the same one meanwhile is refused.
  /// - Throws: ``/Files/AIGCError`` (usage) when `out` exists and must not be replaced; an empty folder may be.
  public static func path(
    family: String, data: String, out: String?, force: Bool, runs: String = "runs"
  ) throws(AIGCError) -> String {
    if let out {
      try check(out, force: force)
      try OutputFolder.choose(out, isFree: !force)
      return out
    }
    let base = "\(runs)/\(family)-\(dataName(data))"
    var path = base
    var number = 1
    while fileExists(path) {
      number += 1
      path = "\(base)-\(number)"
    }
    try OutputFolder.choose(path, isFree: true)
    return path
  }

  /// The folder of the run that goes on: `out` when given, else the one of the highest number that
  /// ``path(family:data:out:force:runs:)`` gave for the same data.
  /// - Throws: ``/Files/AIGCError`` (usage) when there is none.
  public static func resumable(
    family: String, data: String, out: String?, runs: String = "runs"
  ) throws(AIGCError) -> String {
    func isRun(_ path: String) -> Bool { fileExists("\(path)/\(Trainer.stateFileName)") }
    if let out {
      guard isRun(out) else { throw .usage("`resume(in:)`: no run stands at \(out)") }
      return out
    }
    let base = "\(family)-\(dataName(data))"
    let found = folderContents(runs).compactMap { name -> (number: Int, path: String)? in
      guard name.hasPrefix(base), isRun("\(runs)/\(name)") else { return nil }
      let rest = name.dropFirst(base.count)
      if rest.isEmpty { return (1, "\(runs)/\(name)") }
      guard rest.first == "-", let number = Int(rest.dropFirst()), number > 1 else { return nil }
      return (number, "\(runs)/\(name)")
    }
    guard let last = found.max(by: { $0.number < $1.number }) else {
      throw .usage("`resume(in:)`: no run stands at \(runs)/\(base); pass its folder as `out`")
    }
    return last.path
  }

  private static func check(_ out: String, force: Bool) throws(AIGCError) {
    if out == "-" { throw .usage("-: a model is a folder, which standard output is not") }
    try OutputKind.folder.check(out)
    guard fileExists(out), !isFolder(out) || !folderContents(out).isEmpty else { return }
    guard force || !isFolder(out) else {
      throw .usage("\(out) exists; pass `force` to replace it, or another `out`")
    }
    try OutputFolder.checkReplaceable(out)
  }

  private static let compressions: Set<String> = ["gz", "zip", "xz", "zst", "bz2"]

  /// "data/corpus.txt.gz" → "corpus"; "-" → "stdin".
  static func dataName(_ path: String) -> String {
    var name = lastComponent(of: path)
    if path == "-" { return "stdin" }
    if let last = takeExtension(&name), compressions.contains(last.lowercased()) {
      _ = takeExtension(&name)
    }
    let plain = name.map { $0 == "/" || $0.isWhitespace ? "-" : $0 }
    return plain.isEmpty || name == "." || name == ".." ? "data" : String(plain)
  }

  private static func takeExtension(_ name: inout String) -> String? {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex,
      name[..<dot].contains(where: { $0 != "." })
    else { return nil }
    let last = String(name[name.index(after: dot)...])
    guard !last.isEmpty else { return nil }
    name = String(name[..<dot])
    return last
  }
}
