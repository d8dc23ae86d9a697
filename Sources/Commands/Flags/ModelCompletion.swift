import ArgumentParser
import Families
import Files
import FoundationEssentials
import Training

extension CompletionKind {
  /// A model's name or path, asked of the program itself when the user wants it: models come and go.
  static var model: CompletionKind {
    .custom { _, _, word in modelCandidates(word) }
  }
}

/// What a word may go on to where a model is wanted: the names of `aigc models`, and the files and folders that stand
/// where the word's path leads.
/// - Parameters:
///   - word: as far as it is typed, with a quotation mark or backslashes where the shell needs them.
///   - store: where models are looked up.
func modelCandidates(_ word: String, store: ModelStore = .standard()) -> [String] {
  var typed = word.filter { $0 != "\\" }
  if let first = typed.first, first == "\"" || first == "'" { typed.removeFirst() }
  let names = Set(store.models().map { $0.name })
  // The path as it is typed, up to its last slash.
  let folder = typed.lastIndex(of: "/").map { String(typed[...$0]) } ?? ""
  let rest = typed.dropFirst(folder.count)
  var real = folder.isEmpty ? "." : folder
  if folder.hasPrefix("~/"), let home = ProcessInfo.processInfo.environment["HOME"] {
    real = home + folder.dropFirst()
  }
  let files = folderContents(real).filter {
    $0.hasPrefix(rest) && (rest.hasPrefix(".") || !$0.hasPrefix("."))
  }
  .prefix(mostCandidates).map { isFolder("\(real)/\($0)") ? "\(folder)\($0)/" : "\(folder)\($0)" }
  return names.filter { $0.hasPrefix(typed) }.sorted() + files.sorted()
}

/// More files than this help nobody.
private let mostCandidates = 1000
