import Files
import FoundationEssentials
import Glibc

/// A model that the look-up found: a folder, or a file.
public struct StoredModel: Sendable {
  /// Where a model was found.
  public enum Place: String, CaseIterable, Sendable {
    /// `runs/` in the current folder.
    case runs
    /// `$AIGC_HOME`, by default `aigc` in the XDG data folder.
    case home
    /// Models that come with the program.
    case bundled
  }

  /// The name of the folder, or of a file without its `.gguf`, by which the model is asked for.
  public var name: String
  /// The path of the folder or of the file.
  public var path: String
  /// Which of the places it was found in.
  public var place: Place
  /// The head of its `config.json`, or what stands for it in a file.
  public var configuration: ModelConfiguration
  /// Seconds since 1970 of the last change of `config.json` or of the file.
  public var modified: Double

  /// Size of all files in bytes.
  public var byteCount: Int { sizeOfTree(path) }
}

/// Finds models by name: `runs/` here, then the user's data folder, then the bundled ones. Each
/// place adds to the next; the first one with a name has it. A GGUF file is a model: by itself, or as the only
/// one in a folder.
public struct ModelStore: Sendable {
  /// The places and their folders, in the order of the look-up.
  public var folders: [(place: StoredModel.Place, path: String)]
  /// What a GGUF file would say in a `config.json`; nil for one that is no model.
  private let describesFile: @Sendable (String) -> ModelConfiguration?

  /// Creates a store that looks into these folders, in this order.
  /// - Parameters:
  ///   - folders: the places and their folders.
  ///   - describesFile: what a GGUF file would say in a `config.json`; nil for one that is no model.
  public init(
    folders: [(place: StoredModel.Place, path: String)],
    describesFile: @escaping @Sendable (String) -> ModelConfiguration? = { _ in nil }
  ) {
    (self.folders, self.describesFile) = (folders, describesFile)
  }

  /// The look-up of the `aigc` command.
  public static func standard(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    executable: String? = executablePath(),
    describesFile: @escaping @Sendable (String) -> ModelConfiguration? = { _ in nil }
  ) -> ModelStore {
    var folders: [(place: StoredModel.Place, path: String)] = [(.runs, "runs")]
    if let home = homeFolder(environment) { folders.append((.home, home)) }
    if let executable, let bundled = bundledFolder(executable: executable) {
      folders.append((.bundled, bundled))
    }
    return ModelStore(folders: folders, describesFile: describesFile)
  }

  /// All readable models, place by place, sorted by name.
  public func models() -> [StoredModel] {
    folders.flatMap { folder in
      folderContents(folder.path).compactMap { name in
        // Folders still being written, or left by a crash.
        guard !name.contains(".tmp-"), !name.contains(".old-"), !name.hasPrefix(".") else {
          return nil
        }
        return storedModel(name: name, path: "\(folder.path)/\(name)", place: folder.place)
      }
    }
  }

  /// The path of the model that the user wrote as a path or a name.
  /// - Throws: ``/Files/AIGCError`` (badInput) with the nearest names when there is none.
  public func resolve(_ nameOrPath: String) throws(AIGCError) -> String {
    if fileExists(nameOrPath), !isFolder(nameOrPath) { return nameOrPath }
    if let path = try modelPath(nameOrPath) { return path }
    if !nameOrPath.isEmpty, !nameOrPath.contains("/") {
      for folder in folders {
        let path = "\(folder.path)/\(nameOrPath)"
        if let found = try modelPath(path) { return found }
        for file in [path, path + Self.fileEnd]
        where file.hasSuffix(Self.fileEnd) && fileExists(file) && !isFolder(file) {
          return file
        }
      }
    }
    if isFolder(nameOrPath) {
      throw .badInput(
        "\(nameOrPath): no model: it has no \(ModelConfiguration.fileName) and no GGUF file")
    }
    throw .badInput("\(nameOrPath): no such model\(knownNames())")
  }

  /// The model to take when none is named: the newest in `runs/` that fits, else the bundled
  /// default, else any other that fits. `fits` says whether the caller can use a model; badInput when
  /// there is none.
  public func defaultModel(
    kind: String, fits: (StoredModel) -> Bool = { _ in true }
  ) throws(AIGCError) -> StoredModel {
    let fitting = models().filter { $0.configuration.kind == kind && fits($0) }
    let newest = fitting.filter { $0.place == .runs }.max { $0.modified < $1.modified }
    let bundled = fitting.filter { $0.place == .bundled }
    let chosen =
      newest ?? bundled.first { $0.configuration.isDefault == true } ?? bundled.first
      ?? fitting.max { $0.modified < $1.modified }
    guard let chosen else {
      throw .badInput("no \(kind) model found: train one with `TrainingRecipe`, or pass `model`")
    }
    return chosen
  }

  private static let fileEnd = ".gguf"

  /// What is opened of a folder: itself, or the GGUF file in it; nil for a folder that is no model, and for none.
  /// - Throws: ``/Files/AIGCError`` (badInput) where the folder holds several GGUF files.
  private func modelPath(_ path: String) throws(AIGCError) -> String? {
    if fileExists("\(path)/\(ModelConfiguration.fileName)") { return path }
    let files = folderContents(path).filter { $0.hasSuffix(Self.fileEnd) && !$0.hasPrefix(".") }
    guard files.count < 2 else {
      throw .badInput(
        "\(path): \(files.count) GGUF files: name one of them, \(files.sorted()[0]) say")
    }
    return files.first.map { "\(path)/\($0)" }
  }

  private func storedModel(name: String, path: String, place: StoredModel.Place) -> StoredModel? {
    var status = stat()
    let isFile = path.hasSuffix(Self.fileEnd) && !isFolder(path)
    guard let found = isFile ? path : try? modelPath(path) else { return nil }
    let isGGUF = isFile || found != path
    guard stat(isGGUF ? found : "\(path)/\(ModelConfiguration.fileName)", &status) == 0,
      let configuration = isGGUF
        ? describesFile(found) : try? ModelConfiguration.read(folder: path, isInput: false)
    else { return nil }
    let name = isFile ? String(name.dropLast(Self.fileEnd.count)) : name
    let modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
    return StoredModel(
      name: name, path: found, place: place, configuration: configuration, modified: modified)
  }

  private func knownNames() -> String {
    var names: [String] = []
    for model in models() where !names.contains(model.name) { names.append(model.name) }
    if names.isEmpty { return "; no models are here yet: train one with `TrainingRecipe`" }
    let more = names.count > 8 ? " …" : ""
    return "; there are: \(names.prefix(8).joined(separator: ", "))\(more)"
  }

  private static func homeFolder(_ environment: [String: String]) -> String? {
    if let home = environment["AIGC_HOME"], !home.isEmpty { return home }
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/aigc" }
    return environment["HOME"].map { "\($0)/.local/share/aigc" }
  }
}

/// Bytes of a file, or of all files in a folder; links are not followed.
private func sizeOfTree(_ path: String) -> Int {
  var status = stat()
  guard lstat(path, &status) == 0 else { return 0 }
  guard status.st_mode & S_IFMT == S_IFDIR else { return Int(status.st_size) }
  return folderContents(path).reduce(0) { $0 + sizeOfTree("\(path)/\($1)") }
}
