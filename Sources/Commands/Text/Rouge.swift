import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `aigc rouge CANDIDATES REFERENCES`.
struct Rouge: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "rouge",
    abstract: "Compare summaries with those of people: ROUGE-1, 2, L and Lsum.",
    discussion: """
      Both files have one text a line, or are JSONL: `summary` of candidates, `references` (else \
      `summary`) of references. Of several references the best by F1 counts, for each measure apart. \
      ROUGE-Lsum takes the lines of a text, "\\n" in JSONL, for its sentences. The figures are means.
      """)

  @Argument(help: "What is measured; - for standard input.", completion: .file())
  var candidates: String

  @Argument(
    help: "What people wrote, in the same order; - for standard input.", completion: .file())
  var references: String

  @Option(help: "google: as the package rouge-score. rouge155: as the script ROUGE-1.5.5.")
  var mode = RougeMode.google

  @Flag(help: "Compare words of more than three letters by their stems (Porter).")
  var stem = false

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if candidates == "-", references == "-" {
      throw ValidationError("-: one of the two may be standard input")
    }
  }

  func run() throws {
    let answer = try Answer(nil)
    let report = try RougeReport(
      candidates: candidates, references: references, RougeOptions(mode: mode, isStemmed: stem))
    SampleSize.ofMeans("ROUGE", report.count, "texts").map { Diagnostics.warning($0) }
    try common.json ? answer.write(json: report.members) : answer.write(report.text)
  }
}

extension RougeMode: ExpressibleByArgument {}
