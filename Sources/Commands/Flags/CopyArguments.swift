import ArgumentParser
import Console
import Families
import Files
import Training

/// How much of generated text is copied from the training text.
struct CopyArguments: ParsableArguments {
  @Option(
    name: .customLong("copy-report"), parsing: .upToNextOption,
    help: "Say how much of the text stands verbatim in these files, such as the training text.",
    completion: .file())
  var files: [String] = []

  @Option(
    name: .customLong("copy-length"), parsing: .unconditional,
    help: "From how many characters on a copy counts (default 40).")
  var givenLength: Int?

  var copyLength: Int { givenLength ?? 40 }

  func validate() throws {
    if copyLength < 1 { throw ValidationError("--copy-length \(copyLength): must be 1 or more") }
    if givenLength != nil, files.isEmpty {
      throw ValidationError("--copy-length goes with --copy-report")
    }
  }

  /// Finds a missing file before the text is generated.
  func check(prompt: TextArguments) throws(AIGCError) {
    let fromInput = files.filter { $0 == "-" }.count
    if fromInput > 1 || (fromInput == 1 && (prompt.prompt == "-" || prompt.file == "-")) {
      throw .usage("--copy-report -: standard input is read already")
    }
    for file in files where file != "-" {
      if !fileExists(file) { throw .badInput("\(file): No such file or directory") }
      if isFolder(file) { throw .badInput("\(file): a folder; --copy-report needs a file of text") }
    }
  }

  /// What the samples copy; nil where nobody asked, or after Ctrl-C. An echoed prompt does not count.
  func report(
    _ samples: [GeneratedSample], options: GenerationOptions
  ) throws(AIGCError) -> MemorizationReport? {
    guard !files.isEmpty, samples.last?.reason != .interrupted else { return nil }
    let echoed = options.echo ? options.prompt.utf8.count : 0
    var memorization = try Memorization(samples.map { Array($0.bytes.dropFirst(echoed)) })
    let progress = ProgressLine("looking for copies", total: 0, unit: .bytes)
    defer { progress.finish() }
    for file in files { try memorization.read(path: file) { progress.advance(by: $0) } }
    return memorization.report(length: copyLength)
  }
}

extension MemorizationReport {
  var json: JSONValue {
    .object(
      [.init("share", .double(share)), .init("longest", .int(longest))]
        + JSONValue.text("longest_text", bytes: longestText) + [.init("average", .double(average))])
  }

  /// Three lines for people.
  func lines(length: Int) -> [String] {
    let text = String(decoding: escaped(longestText), as: UTF8.self)
    return [
      "copied         \(Format.fixed(share * 100, 1))% of the text, in pieces of \(length) "
        + "characters or more",
      "longest copy   \(counted(longest, "character"))" + (longest > 0 ? ": \(text)" : ""),
      "average copy   \(Format.fixed(average, 1)) characters",
    ]
  }
}
