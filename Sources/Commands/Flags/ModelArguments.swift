import ArgumentParser
import Console
import Families
import Files
import Training

/// `--model`, and what is taken without it.
struct ModelOption: ParsableArguments {
  @Option(
    name: [.customLong("model"), .customLong("network"), .customShort("m")],
    help: "A model's name (see 'aigc models') or path (default: the newest in runs/).",
    completion: .model)
  var model: String?

  init() {}

  /// The chosen language model. Which one it is goes to standard error when nobody named it.
  /// - Parameter options: how it is opened.
  func load(
    _ options: ModelLoadOptions
  ) throws(AIGCError) -> (path: String, model: any LanguageModel) {
    try loadTextModel(path(), options)
  }

  /// Where the chosen language model is.
  func path() throws(AIGCError) -> String {
    if let model { return try ModelStore.standard().resolve(model) }
    let names = families.compactMap { ($0 as? any TextFamily)?.name }
    return try defaultModelPath(kind: "text") { names.contains($0.configuration.family) }
  }
}

/// Where the model is that is taken when nobody named one; said on standard error.
/// - Throws: ``/Files/AIGCError`` (badInput) when there is none that fits.
func defaultModelPath(
  kind: String, fits: (StoredModel) -> Bool = { _ in true }
) throws(AIGCError) -> String {
  let found = try ModelStore.standard().defaultModel(kind: kind, fits: fits)
  let why = found.place == .runs ? "the newest in runs/" : found.place.rawValue
  Diagnostics.note("using \(found.path) (\(why))")
  return found.path
}

/// Opens the language model that the user wrote as a name or a path.
/// - Throws: ``/Files/AIGCError``: badInput for what is no model, mismatch for a model of another kind.
func loadTextModel(
  _ nameOrPath: String, _ options: ModelLoadOptions = ModelLoadOptions()
) throws(AIGCError) -> (path: String, model: any LanguageModel) {
  let path = try ModelStore.standard().resolve(nameOrPath)
  let text = try textFamily(of: path)
  let start = ContinuousClock.now
  let model = try text.load(path, options: options)
  model.notes.forEach { Diagnostics.note($0) }
  Diagnostics.detail("loaded \(path) in \(Format.fixed((.now - start) / .milliseconds(1), 1)) ms")
  return (path, model)
}

/// A line on the terminal that says how far a long prompt has been read.
func promptProgress() -> (_ done: Int, _ total: Int) -> Void {
  var line: ProgressLine?
  return { done, total in
    guard total >= 4096 else { return }
    let shown = line ?? ProgressLine("reading the prompt", total: total, unit: .items("tokens"))
    line = shown
    if done < total { shown.advance(to: done) } else { shown.finish() }
  }
}

/// Text that the user gave: the file of that name, standard input for `-`, else the words themselves.
/// - Throws: ``/Files/AIGCError`` (badInput) when a file is not UTF-8.
func readText(_ argument: String, allowsWords: Bool) throws(AIGCError) -> String {
  if allowsWords, argument != "-", !fileExists(argument) || isFolder(argument) {
    return argument.withoutByteOrderMark
  }
  let table = try StandardInput.table(argument)
  let bytes = try Interruption.map(table.count) { table[$0] }
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw .badInput("\(argument == "-" ? "standard input" : argument): not UTF-8 text")
  }
  return text
}
