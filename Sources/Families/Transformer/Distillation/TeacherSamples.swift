import Datasets
import Files
import Inference
import Kernels

/// A text that a teacher has written, and how likely it finds it.
struct TeacherSample: Equatable {
  /// Its beginning and what the teacher wrote.
  var text: String
  /// The mean natural-log probability of a token that the teacher wrote.
  var score: Double
  /// Whether the teacher ended it.
  var isEnded: Bool

  /// Those that are learned: ended ones where texts have ends, each once, the likeliest by token.
  /// - Parameter share: of them, above 0.
  static func chosen(_ samples: [TeacherSample], share: Double) -> [TeacherSample] {
    let ended = samples.contains { $0.isEnded } ? samples.filter { $0.isEnded } : samples
    var seen: Set<String> = []
    let different = ended.filter { !$0.text.isEmpty && seen.insert($0.text).inserted }
    let count = Int((share * Double(different.count)).rounded(.up))
    let best = different.indices.sorted {
      (-different[$0].score, $0) < (-different[$1].score, $1)
    }.prefix(count)
    return best.sorted().map { different[$0] }
  }
}

/// Has a teacher write texts: sequence-level knowledge distillation (Kim and Rush 2016), by draws in place of a search.
struct TeacherWriter {
  let teacher: any LanguageModel
  let settings: DistillationSettings
  let cache: TeacherCache
  /// What the texts begin with, in turn; not empty.
  let prompts: [[Int32]]
  /// Of a new cache.
  let seed: UInt64
  /// Told what happens.
  let report: (String) -> Void

  private static let (record, file) = ("samples.json", "samples.jsonl")
  /// What stands for a mark of the tokenizer ends a text: marks are no text.
  private var endTokens: [Int32] {
    let marks = teacher.specialTokens.filter { $0.isControl }.map { $0.id }
    return teacher.endTokens + marks.filter { !teacher.endTokens.contains($0) }
  }

  /// The first texts, those of the cache and new ones.
  /// - Throws: ``/Files/AIGCError``: mismatch for a cache that was made otherwise, badInput for a damaged one and for a
  ///   damaged teacher, interrupted after Ctrl-C, when what is written stays.
  func samples(_ count: Int) throws(AIGCError) -> [TeacherSample] {
    let record = try members()
    var seed = seed
    if let kept = try cache.record(Self.record) {
      guard let last = kept.last, case .string(let text) = last.value, let known = UInt64(text),
        Array(kept.dropLast()) == record
      else {
        throw .mismatch(
          "\(cache.folder): texts of another teacher, of other data or of other settings; choose another `cache`, or "
            + "remove this one")
      }
      // Runs with other seeds learn from the same texts, and a run without one goes on.
      seed = known
    } else {
      try cache.write(record + [.init("seed", .string(String(seed)))], to: Self.record)
    }
    var samples = try read()
    if samples.count < count { try write(&samples, count, seed: seed) }
    return Array(samples.prefix(count))
  }

  /// What the texts follow from, whatever their number.
  private func members() throws(AIGCError) -> [JSONValue.Member] {
    let prompts = try Checksum.of(Table(prompts.flatMap { $0 + [-1] }))
    return [
      .init("teacher", .string(String(cache.teacher, radix: 16))),
      .init("prompts", .string(String(prompts, radix: 16))),
      .init("max_tokens", .int(settings.writing.maxTokens)),
      .init("temperature", .double(settings.writing.temperature)),
      .init("top_p", .double(settings.writing.topP)),
    ]
  }

  private func read() throws(AIGCError) -> [TeacherSample] {
    let path = cache.path(Self.file)
    guard fileExists(path) else { return [] }
    let bytes = Array(try MappedFile(path: path, isInput: false).bytes())
    // What a killed process was writing is cut.
    let end = bytes.lastIndex(of: 10).map { $0 + 1 } ?? 0
    if end < bytes.count {
      let file = try OutputFile(path: path)
      try file.write(Array(bytes[..<end]))
      try file.commit(sync: true)
    }
    var lines = TextLines(try Table(Array(bytes[..<end])), name: path)
    var samples: [TeacherSample] = []
    while let line = try lines.next() {
      guard let sample = TeacherSample(try? JSONValue(parsing: Table(line))) else {
        throw .badInput("\(path): line \(lines.number): damaged: remove \(cache.folder)")
      }
      samples.append(sample)
    }
    return samples
  }

  private func write(
    _ samples: inout [TeacherSample], _ count: Int, seed: UInt64
  ) throws(AIGCError) {
    let file = try AppendingFile(path: cache.path(Self.file), .appending)
    var sampling = SamplingConfiguration.untouched
    (sampling.temperature, sampling.topP) = (
      settings.writing.temperature, settings.writing.topP
    )
    let drawer = try TextDrawer(
      teacher, sampling, maxTokens: settings.writing.maxTokens, endTokens: endTokens, seed: seed)
    let (clock, first) = (ContinuousClock(), samples.count)
    let start = clock.now
    var (last, tokens): (ContinuousClock.Instant, Int) = (start, 0)
    var written = samples
    if first > 0 { report("going on after \(counted(first, "text")) of the teacher's") }
    try drawer.draw(first..<count, prompt: { prompts[$0 % prompts.count] }) {
      (text) throws(AIGCError) in
      let sample = sample(text)
      try file.append(Array("\(sample.json.text)\n".utf8))
      written.append(sample)
      tokens += text.scored
      let now = clock.now
      guard now - last > .seconds(10) || written.count == count else { return }
      last = now
      let seconds = max((now - start) / .seconds(1), 1e-3)
      report(
        "the teacher has written \(written.count) of \(counted(count, "text")), "
          + "\(Int(Double(tokens) / seconds)) tokens/s")
    }
    samples = written
  }

  private func sample(_ text: DrawnText) -> TeacherSample {
    var decoder = teacher.makeDecoder()
    var bytes: [UInt8] = []
    let marks = Set(endTokens)
    for token in text.prompt.filter({ !marks.contains($0) }) + text.tokens {
      decoder.append(token, to: &bytes)
    }
    bytes += decoder.finish()
    return TeacherSample(
      text: String(decoding: bytes, as: UTF8.self),
      score: text.scored > 0 ? text.logProbability / Double(text.scored) : 0,
      isEnded: text.isEnded)
  }
}

extension TeacherSample {
  var json: JSONValue {
    .object([
      .init("text", .string(text)), .init("score", .double(score)), .init("ended", .bool(isEnded)),
    ])
  }

  /// nil for what ``json`` does not write.
  init?(_ json: JSONValue?) {
    guard case .object(let members)? = json, members.count == 3,
      case .string(let text) = members[0].value, let score = members[1].value.number,
      case .bool(let isEnded) = members[2].value
    else { return nil }
    self.init(text: text, score: score, isEnded: isEnded)
  }
}
