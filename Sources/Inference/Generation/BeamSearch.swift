import Files
import Glibc

/// Beam search: the texts of the highest total log-probability that keeping a few beginnings at a time
/// finds. Step by step what `generate(num_beams=…, do_sample=False)` of transformers 5 does: of each
/// step's candidates the best `beams` may end a text, and the search is over when no running beam can
/// become better than the worst of as many finished ones.
struct BeamSearch {
  /// A text that is over, or the best that a stopped search has.
  struct Beam {
    var tokens: [Int32]
    /// The total log-probability, of a finished text divided by its length to the power of the penalty.
    var score: Float
  }

  private struct Running {
    var beam: Beam
    var session: any GenerationSession
  }

  private struct Candidate {
    var parent: Int
    var token: Int32
    var score: Float
  }

  let model: any LanguageModel
  let beams: Int
  let lengthPenalty: Double
  /// The most tokens of a text.
  let length: Int
  /// Tokens after which a text is over; none: only ``length`` ends it.
  let endTokens: [Int32]
  private var adjustments: ScoreAdjustments
  private(set) var isInterrupted = false
  /// Whether all scores were numbers.
  private(set) var areScoresFinite = true

  init(
    model: any LanguageModel, beams: Int, lengthPenalty: Double, length: Int, endTokens: [Int32],
    adjustments: ScoreAdjustments
  ) {
    self.model = model
    self.beams = beams
    self.lengthPenalty = lengthPenalty
    self.length = length
    self.endTokens = endTokens
    self.adjustments = adjustments
  }

  /// - Parameters:
  ///   - prompt: what stands before.
  ///   - session: has read it.
  /// - Returns: at most ``beams`` texts without the prompt, best first.
  mutating func run(_ prompt: [Int32], _ session: any GenerationSession) -> [Beam] {
    var running = [Running(beam: Beam(tokens: [], score: 0), session: session)]
    var finished: [Beam] = []
    for count in 1...max(length, 1) where length > 0 {
      let candidates = candidates(&running, prompt)
      if Interruption.isRequested { isInterrupted = true }
      if !areScoresFinite || isInterrupted || candidates.isEmpty { break }
      let (endTokens, isLast) = (endTokens, count == length)
      func isEnd(_ candidate: Candidate) -> Bool { isLast || endTokens.contains(candidate.token) }
      let scale = Float(pow(Double(count), lengthPenalty))
      for candidate in candidates.prefix(beams) where isEnd(candidate) {
        let tokens = running[candidate.parent].beam.tokens + [candidate.token]
        insert(Beam(tokens: tokens, score: candidate.score / scale), into: &finished)
      }
      running = follow(candidates.filter { !isEnd($0) }.prefix(beams), running)
      guard let best = running.first else { break }
      if finished.count == beams, let worst = finished.last,
        best.beam.score / scale <= worst.score
      {
        break
      }
    }
    return finished.isEmpty ? running.map { $0.beam } : finished
  }

  private func insert(_ beam: Beam, into finished: inout [Beam]) {
    let place = finished.firstIndex { $0.score < beam.score } ?? finished.count
    finished.insert(beam, at: place)
    if finished.count > beams { finished.removeLast() }
  }

  /// The running beams that follow from `chosen`.
  private func follow(_ chosen: some Sequence<Candidate>, _ running: [Running]) -> [Running] {
    chosen.map { candidate in
      var next = running[candidate.parent]
      next.beam.tokens.append(candidate.token)
      next.beam.score = candidate.score
      next.session.append(candidate.token)
      return next
    }
  }

  /// How many continuations are looked at: enough if each beam ends in every way.
  private var width: Int { max(2, 1 + endTokens.count) * beams }

  /// The ``width`` best continuations, best first.
  private mutating func candidates(
    _ running: inout [Running], _ prompt: [Int32]
  ) -> [Candidate] {
    var sessions = running.map { $0.session }
    for index in running.indices { running[index].session = NoSession() }
    model.read(&sessions)
    var best: [Candidate] = []
    var scores: [Float] = []
    for index in running.indices {
      sessions[index].scores(into: &scores)
      areScoresFinite = areScoresFinite && sessions[index].areScoresFinite
      normalize(&scores)
      adjustments.collect(prompt + running[index].beam.tokens)
      adjustments.apply(to: &scores)
      let base = running[index].beam.score
      for (token, score) in scores.enumerated() where score > -.infinity {
        add(Candidate(parent: index, token: Int32(token), score: base + score), to: &best)
      }
      running[index].session = sessions[index]
    }
    return best
  }

  private func add(_ candidate: Candidate, to best: inout [Candidate]) {
    if best.count == width, let last = best.last, candidate.score <= last.score { return }
    var place = best.count
    while place > 0, candidate.score > best[place - 1].score { place -= 1 }
    best.insert(candidate, at: place)
    if best.count > width { best.removeLast() }
  }

  /// Scores to natural-log probabilities.
  private func normalize(_ scores: inout [Float]) {
    guard let top = scores.max(), top > -.infinity else { return }
    let total = scores.reduce(0.0) { $0 + exp(Double($1 - top)) }
    let shift = Double(top) + log(total)
    for index in scores.indices { scores[index] = Float(Double(scores[index]) - shift) }
  }
}

/// Stands where a session was taken away.
private struct NoSession: GenerationSession {
  mutating func append(_ token: Int32) {}
  mutating func scores(into scores: inout [Float]) { scores = [] }
}

extension TextGenerator {
  /// The best texts of a beam search, each handed out whole.
  func runBeams(
    _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) throws -> [GeneratedSample] {
    let adjustments = ScoreAdjustments(
      options.sampling, banned: options.ignoreEnd ? model.endTokens + endTokens : [],
      vocabularySize: model.vocabularySize, breakers: breakers)
    var search = BeamSearch(
      model: model, beams: options.beams, lengthPenalty: options.lengthPenalty, length: room,
      endTokens: endTokens, adjustments: adjustments)
    let found = search.run(prompt, start)
    guard search.areScoresFinite else { throw model.scoreDamage }
    var samples: [GeneratedSample] = []
    for (index, beam) in found.prefix(options.num).enumerated() {
      var output = startedOutput
      var sample = GeneratedSample()
      sample.tokens = beam.tokens
      sample.reason = search.isInterrupted ? .interrupted : .length
      if options.echo { sample.bytes = Array(options.prompt.utf8) }
      for token in beam.tokens {
        let (bytes, reason) = output.append(token)
        sample.bytes += bytes
        if let reason {
          sample.reason = reason
          break
        }
      }
      sample.bytes += output.finish().0
      if !sample.bytes.isEmpty { try emit(Piece(sample: index, bytes: sample.bytes)) }
      samples.append(sample)
    }
    return samples
  }
}
