import Archives
import Datasets
import Files
import Training

extension NGramFamily {
  /// ARPA file to model folder or the other way round, by the names.
  public func convert(
    _ path: String, to output: String, options: ConversionOptions, _ notices: NoticeHandler
  ) throws(AIGCError) {
    let name = output.lowercased()
    let isARPA =
      name.hasSuffix(".arpa") || name.hasSuffix(".arpa.gz") || isStandardOutput(output)
      || (fileExists(output) && !isFolder(output) && !isPlainFile(output))
    if isARPA {
      guard !options.force else {
        throw .usage("`force` is of model folders: a file is replaced without it")
      }
      try OutputPlan.check([(output, .arpa)])
    }
    let model = try open(path, tokens: options.tokens)
    model.notes.forEach { notices(.note($0)) }
    if isARPA {
      try writeARPA(model, to: output, notices)
    } else {
      let folder = try RunFolder.path(
        family: self.name, data: path, out: output, force: options.force)
      try NGramFolder.write(model.table, model.configuration, to: OutputFolder(path: folder))
    }
  }

  private func open(_ path: String, tokens: TokenMode?) throws(AIGCError) -> NGramLanguageModel {
    guard let tokens, !isFolder(path) else { return try open(path) }
    return try readARPA(path, tokens: tokens)
  }
}

/// Reads an ARPA file, packed or not. Notes what its words are taken for, unless that is told.
/// - Parameter tokens: what they are; nil: what the file says, or else what stands between white space.
func readARPA(_ path: String, tokens: TokenMode? = nil) throws(AIGCError) -> NGramLanguageModel {
  var reader = ARPAReader(text: try readText(path: path), name: path, tokens: tokens)
  let table = try reader.read()
  var notes = reader.notes
  let settings = reader.settings ?? ARPASettings(tokens: .whitespace)
  if tokens == nil {
    notes.append(
      reader.settings == nil
        ? "\(path): read with `tokens` whitespace, as it does not say what its tokens are; for others "
          + "convert it with `tokens`"
        : "\(path): read with `tokens` \(settings.tokens.rawValue), as its first line says")
  }
  var configuration = NGramConfiguration()
  configuration.order = table.order
  configuration.tokens = tokens ?? settings.tokens
  configuration.sentences = settings.sentences
  return NGramLanguageModel(table: table, configuration: configuration, notes: notes)
}

/// Writes an ARPA file; a name that ends in .gz is packed. Notes what its words are, where other programs
/// would take them for what stands between white space.
public func writeARPA(
  _ model: NGramLanguageModel, to path: String, _ notices: NoticeHandler = { _ in }
) throws(AIGCError) {
  let mode = model.configuration.tokens
  let comment = ARPASettings(tokens: mode, sentences: model.configuration.sentences).line
  let writer = ARPAWriter(model: model.table, comment: comment) {
    arpaSpelling(of: $0, mode: mode)
  }
  try OutputKind.arpa.check(path)
  if OutputKind.ending(of: path) == "gz", isPlainFile(path) {
    let file = try GzipWriter(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  } else if isStandardOutput(path) {
    try writer.write { (bytes) throws(AIGCError) in try StandardOutput.write(bytes) }
    try StandardOutput.flush()
  } else {
    let file = try OutputFile(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  }
  if !comment.isEmpty {
    notices(
      .note(
        "\(path): its first line says `tokens` \(mode.rawValue), which aigc reads it with; for other "
          + "programs cut the text the same way"))
  }
}
