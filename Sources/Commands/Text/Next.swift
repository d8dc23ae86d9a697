import ArgumentParser
import Console
import Families
import Files
import Glibc
import Training

/// `aigc next MODEL TEXT`.
struct Next: ConsoleCommand {
  static let configuration = CommandConfiguration(
    commandName: "next",
    abstract: "Show the likeliest continuations of a text, with the model's own probabilities.",
    discussion: """
      The distribution is the one that evaluate and score use. N-gram models write from another one: \
      see 'aigc generate text --backoff'.
      """)

  @Argument(help: "A model's name or path.", completion: .model)
  var model: String

  @Argument(help: "The text so far: words, a file, or - for standard input.")
  var text: String

  @Option(help: "How many continuations.")
  var num = 10

  @OptionGroup(title: "Computation") var loading: LoadingArguments

  @OptionGroup var common: CommonOptions

  init() {}

  func validate() throws {
    if num < 1 { throw ValidationError("--num \(num): must be 1 or more") }
  }

  func run() throws {
    let model = try loadTextModel(model, loading.options()).model
    let found = try continuations(of: readText(text, allowsWords: true), in: model, count: num)
    let answer = try Answer(nil)
    if common.json {
      try answer.write(json: [.init("next", .array(found.map { $0.json }))])
    } else {
      for one in found { try answer.write(one.line) }
    }
  }
}

/// A possible next token.
struct Continuation {
  var bytes: [UInt8]
  var probability: Double

  var json: JSONValue {
    .object(JSONValue.text(bytes: bytes) + [.init("probability", .double(probability))])
  }

  /// "token TAB probability".
  var line: [UInt8] {
    escaped(bytes) + Array("\t\(Format.fixed(probability, 6))\n".utf8)
  }
}

/// The `count` likeliest next tokens after `text`, best first, with probabilities of the whole
/// vocabulary.
func continuations(
  of text: String, in model: any LanguageModel, count: Int
) throws(AIGCError) -> [Continuation] {
  var session = model.makeSession()
  let (prompt, progress) = (try model.encode(text), promptProgress())
  try session.read(prompt) { progress($0, prompt.count) }
  var scores: [Float] = []
  session.scores(into: &scores)
  try Interruption.check()
  guard session.areScoresFinite else { throw model.scoreDamage }
  let best = largest(count, of: scores)
  guard let top = best.first?.logit, top > -.infinity else { return [] }
  let total = scores.reduce(0.0) { $0 + exp(Double($1 - top)) }
  return best.filter { $0.logit > -.infinity }.map { candidate in
    Continuation(
      bytes: tokenText(of: candidate.id, in: model),
      probability: exp(Double(candidate.logit - top)) / total)
  }
}

/// The `count` best scores in the order of ``Candidate/precedes(_:_:)``.
private func largest(_ count: Int, of scores: [Float]) -> [Candidate] {
  var best: [Candidate] = []
  for (id, score) in scores.enumerated() {
    if best.count == count, let last = best.last, score <= last.logit { continue }
    let candidate = Candidate(id: Int32(id), logit: score)
    var place = best.count
    while place > 0, Candidate.precedes(candidate, best[place - 1]) { place -= 1 }
    best.insert(candidate, at: place)
    if best.count > count { best.removeLast() }
  }
  return best
}

/// The text of one token by itself.
func tokenText(of token: Int32, in model: any LanguageModel) -> [UInt8] {
  if token == model.endToken { return Array("</s>".utf8) }
  var decoder = model.makeDecoder()
  return decoder.append(token) + decoder.finish()
}
