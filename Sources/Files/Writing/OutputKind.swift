/// What a file to be written will hold, so that its name does not end in something else.
public enum OutputKind: Sendable {
  /// Whatever a model writes.
  case text
  /// Lines with tabs between their fields.
  case lines
  case commaSeparated
  case json
  /// An image: PNG or JPEG, by the name.
  case image
  /// An image that moves: PNG or GIF, by the name.
  case animation
  case tensors
  /// A language model in one file.
  case gguf
  /// An array of NumPy.
  case array
  /// What `aigc encode` writes.
  case latents
  case arpa
  /// What a model made of a prompt: tensors, by any name.
  case promptCache
  /// A model's folder.
  case folder

  private static let images: Set<String> = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "gif", "webp", "bmp", "tif", "tiff", "ico", "ppm",
    "pgm", "pbm", "pnm", "avif", "heic", "jxl",
  ]
  private static let packed: Set<String> = [
    "gz", "tgz", "z", "bz2", "xz", "zst", "lz4", "zip", "tar", "7z", "rar",
  ]
  private static let models: Set<String> = [
    "safetensors", "pth", "pt", "ckpt", "npy", "npz", "h5", "hdf5", "gguf", "onnx", "pkl", "pickle",
    "arpa", "aigl", "ngram",
  ]
  private static let documents: Set<String> = [
    "pdf", "doc", "docx", "xls", "xlsx", "ods", "odt", "parquet", "mp3", "wav", "ogg", "mp4", "avi",
    "mkv",
  ]
  /// Kinds of text, which each have their form.
  private static let structured: Set<String> = ["json", "jsonl", "ndjson", "csv", "tsv"]

  /// What of it is said in messages, the ending to take, and all endings that fit; with `hasOthers`
  /// those too that mean nothing else.
  private var form: (name: String, best: String, endings: Set<String>, hasOthers: Bool) {
    switch self {
    case .text: ("text", ".txt", Self.structured, true)
    case .lines: ("lines with tabs", ".tsv", ["tsv"], true)
    case .commaSeparated: ("comma-separated values", ".csv", ["csv"], true)
    case .json: ("JSON", ".json", ["json", "jsonl", "ndjson"], true)
    case .image:
      (
        "a PNG or JPEG image", ".png or .jpg", ["png", "apng", "jpg", "jpeg", "jpe", "jfif"], false
      )
    case .animation:
      ("an animation, a PNG or GIF file", ".png, .apng or .gif", ["png", "apng", "gif"], false)
    case .tensors: ("tensors", ".safetensors", ["safetensors"], false)
    case .gguf: ("a GGUF file", ".gguf", ["gguf"], false)
    case .array: ("an array of NumPy", ".npy", ["npy"], false)
    case .latents: ("compressed images", ".aigl", ["aigl"], true)
    case .arpa: ("an ARPA file", ".arpa or .arpa.gz", ["arpa", "gz"], true)
    case .promptCache: ("a prompt cache", ".safetensors", ["safetensors"], true)
    case .folder: ("a model's folder", "no ending", [], true)
    }
  }

  /// Refuses a name whose ending says something else than what will be in it. Devices, FIFOs and
  /// standard output have no endings.
  /// - Throws: ``AIGCError`` (usage).
  public func check(_ path: String) throws(AIGCError) {
    guard path != "-" else { return }
    if self != .folder, !isPlainFile(path) { return }
    let form = form
    let known = Self.images.union(Self.packed).union(Self.models).union(Self.documents)
      .union(Self.structured)
    for name in [path, (try? OutputTarget.followed(path)) ?? path] {
      let ending = Self.ending(of: name)
      if form.endings.contains(ending) || (form.hasOthers && !known.contains(ending)) { continue }
      throw .usage(
        "\(path) \(ending.isEmpty ? "has no ending" : "ends in .\(ending)"), but \(form.name) is what "
          + "is written: give it \(form.best)")
    }
  }

  /// "a/b.PNG" → "png"; empty for a name without one.
  public static func ending(of path: String) -> String {
    let name = lastComponent(of: path)
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  /// Whether an animation of that name is a GIF file; else PNG.
  public static func isGIF(_ path: String) -> Bool {
    ending(of: path) == "gif" && isPlainFile(path)
  }

  /// Whether an image of that name is a JPEG file; else PNG.
  public static func isJPEG(_ path: String) -> Bool {
    ["jpg", "jpeg", "jpe", "jfif"].contains(ending(of: path)) && isPlainFile(path)
  }
}

/// What a command reads and writes, looked at before it works.
public enum OutputPlan {
  /// Refuses outputs that are inputs or folders, or stand twice, and names that say something else than
  /// what will be in them. nil and "-", standard output, are passed over.
  /// - Parameters:
  ///   - outputs: files, and what they will hold.
  ///   - inputs: files and folders of data; "-" is standard input.
  /// - Throws: ``AIGCError``: usage; failed for a file that cannot be written.
  public static func check(
    _ outputs: [(path: String?, kind: OutputKind)], reading inputs: [String?] = []
  ) throws(AIGCError) {
    for case let input? in inputs { InputRecord.add(input) }
    var files: [String: String] = [:]
    for case (let path?, let kind) in outputs where !isStandardOutput(path) {
      try kind.check(path)
      guard case .file(let target) = try OutputFile.check(path) else { continue }
      let parent = parentFolder(of: target)
      guard isFolder(parent) else { throw .failed("\(path): cannot write: no folder \(parent)") }
      let place = FileIdentity(parent).map { "\($0.device) \($0.inode) " } ?? ""
      if let other = files.updateValue(path, forKey: place + lastComponent(of: target)) {
        throw .usage("\(other) and \(path) are one file; two outputs need two")
      }
    }
  }

  /// Refuses a folder for many files that is a file, or a folder that is read or lies in one.
  /// - Throws: ``AIGCError`` (usage).
  public static func check(folder: String, reading inputs: [String?] = []) throws(AIGCError) {
    for case let input? in inputs { InputRecord.add(input) }
    if folder.isEmpty { throw .usage("the name of the folder to write is empty") }
    guard !fileExists(folder) || isFolder(folder) else {
      throw .usage("\(folder): a file; name a folder to write into")
    }
    try InputRecord.checkFolder(folder)
  }
}
