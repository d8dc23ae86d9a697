import Datasets
import Files
import Training

extension NGramFamily {
  /// ARPA file to model folder or the other way round, by the names.
  func convert(
    _ path: String, to output: String, options: ConversionOptions
  ) throws(AIGCError) {
    let model = try open(path, tokens: options.tokens)
    if output.hasSuffix(".arpa") || output.hasSuffix(".arpa.gz") {
      try writeARPA(model, to: output)
    } else {
      let folder = try RunFolder.path(
        family: name, data: path, out: output, force: options.force)
      try NGramFolder.write(model.table, model.configuration, to: folder)
    }
  }

  private func open(_ path: String, tokens: TokenMode?) throws(AIGCError) -> NGramLanguageModel {
    guard let tokens, !isFolder(path) else { return try open(path) }
    var configuration = NGramConfiguration()
    configuration.tokens = tokens
    let table = try readARPA(path, mode: tokens)
    configuration.order = table.order
    return NGramLanguageModel(table: table, configuration: configuration)
  }
}

/// Writes an ARPA file; a name that ends in .gz is packed.
func writeARPA(_ model: NGramLanguageModel, to path: String) throws(AIGCError) {
  let mode = model.configuration.tokens
  let writer = ARPAWriter(model: model.table) { arpaSpelling(of: $0, mode: mode) }
  if path.hasSuffix(".gz") {
    let file = try GzipWriter(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  } else {
    let file = try OutputFile(path: path)
    try writer.write { (bytes) throws(AIGCError) in try file.write(bytes) }
    try file.commit(sync: false)
  }
}
