import ArgumentParser

/// The flags of a table to learn from.
struct VAETableArguments: ParsableArguments {
  enum Task: String, CaseIterable, ExpressibleByArgument {
    case pictures, tabular
  }

  @Option(help: "pictures (default), or tabular: DATA is a CSV file, whose rows are learned.")
  var task = Task.pictures
  @Option(help: "tabular: the columns to learn, by name or number from 1 (default: all).")
  var columns: String?
  @Option(help: "tabular: the column that says which rows are normal; it is not learned.")
  var label: String?
  @Option(
    help: "tabular: what stands there at normal rows, which alone are learned (default 0,normal).")
  var normal: String?

  var isGiven: Bool { task == .tabular || columns != nil || label != nil || normal != nil }

  func validate() throws {
    if task == .pictures, isGiven {
      throw ValidationError("--columns, --label and --normal go with --task tabular")
    }
    if normal != nil, label == nil { throw ValidationError("--normal goes with --label") }
  }

  /// nil for pictures.
  var options: VAETableOptions? {
    guard task == .tabular else { return nil }
    var result = VAETableOptions()
    if let columns { result.columns = commaSeparated(columns) }
    result.label = label
    if let normal { result.normal = commaSeparated(normal) }
    return result
  }
}
