import ArgumentParser
import Console
import Families
import Files
import Training

/// `aigc train summarizer`.
struct TrainSummarizer: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "summarizer",
    abstract: "Learn which sentences of an article say what it is about.",
    discussion: """
      DATA are JSONL files of articles with summaries: `article`, and `references` (a list) or `summary`. \
      Ridge regression of place, length, phrases, centrality and words on what each sentence shares with \
      the summaries; penalties by cross-validation on DATA. No random numbers.
      """)

  @Argument(help: "JSONL files (.gz too).", completion: .file())
  var data: [String]

  @Flag(help: "Compare words with the summaries' as they are, not by their stems.")
  var noStem = false

  @Option(
    help: """
      An encoder or a language model whose vectors of sentences get weights too; the summariser needs it later \
      (default: none).
      """, completion: .model)
  var embeddings: String?

  @Option(
    name: .shortAndLong, help: "Folder of the model (default: in runs/).", completion: .directory)
  var out: String?

  @Flag(help: "Replace the model at --out.")
  var force = false

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if force, out == nil { throw ValidationError("--force goes with --out") }
    if data.contains("-") { throw ValidationError("-: files are needed, which are read by name") }
  }

  func run() throws {
    let path = try RunFolder.path(family: "summarizer", data: data[0], out: out, force: force)
    let progress = TrainingProgress()
    var trainer = SummarizerTrainer()
    (trainer.data, trainer.isStemmed) = (data, !noStem)
    trainer.vectors = try embeddings.map { (name) throws(AIGCError) in try SentenceVectors(name) }
    trainer.progress = { progress.update($0, $1) }
    trainer.notices = { Diagnostics.show($0) }
    let outcome = try trainer.train(to: path)
    progress.finish()
    let answer = Answer.ofFinishedWork()
    try common.json ? answer.write(json: outcome.members) : report(outcome, answer)
    try answer.finish()
  }

  private func report(_ outcome: SummarizerTrainer.Outcome, _ answer: Answer) throws(AIGCError) {
    let made = outcome.configuration
    Diagnostics.note(
      "\(counted(made.trainingArticles, "article")), \(counted(made.trainingSentences, "sentence")), "
        + "\(counted(made.phrases, "word or pair", plural: "words and pairs")) in "
        + "\(Format.fixed(outcome.seconds, 1)) s; held-out choices have "
        + "\(Format.fixed(100 * outcome.share, 1))% of the best sentences' score")
    try answer.write("\(outcome.folder)\n")
    Diagnostics.note("use it: aigc summarize FILE --model \(outcome.folder)")
  }
}
