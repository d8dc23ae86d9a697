import Files
import Kernels

extension TextGenerator {
  /// Samples that go forward together.
  private static let batch = 8

  /// Samples side by side, a token of each at a time, so that a model reads its weights once for all.
  /// Each sample is handed out whole, in order. The texts are those of one after the other.
  func runInBatches(
    _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) throws -> [GeneratedSample] {
    var start = start
    var scores: [Float] = []
    start.scores(into: &scores)
    var samples: [GeneratedSample] = []
    while samples.count < options.num, samples.last?.reason != .interrupted {
      let first = samples.count
      let indices = first..<min(first + Self.batch, options.num)
      var running = indices.map { RunningSample(self, index: $0) }
      var sessions = indices.map { _ in start }
      for step in 0..<room where !running.allSatisfy({ $0.isOver }) {
        if step > 0, !Interruption.isRequested { move(&sessions, running) }
        // A long text that is read anew stops in its midst.
        if Interruption.isRequested {
          for index in running.indices { running[index].interrupt() }
          break
        }
        for index in running.indices where !running[index].isOver {
          running[index].step(&sessions[index])
          if !sessions[index].areScoresFinite { throw model.scoreDamage }
        }
      }
      for (place, index) in indices.enumerated() {
        let sample = running[place].finish()
        samples.append(sample)
        if !sample.bytes.isEmpty { try emit(Piece(sample: index, bytes: sample.bytes)) }
        if sample.reason == .interrupted { break }
      }
    }
    return samples
  }

  /// Each session by its sample's last token; those of samples that are over stand still.
  private func move(_ sessions: inout [any GenerationSession], _ running: [RunningSample]) {
    let live = running.indices.filter { !running[$0].isOver }
    var moving: [any GenerationSession] = []
    for index in live {
      moving.append(sessions[index])
      sessions[index] = EmptySession()
      if let last = running[index].lastToken { moving[moving.count - 1].append(last) }
    }
    model.read(&moving)
    for (place, index) in live.enumerated() { sessions[index] = moving[place] }
  }
}

/// Stands where a session was taken away.
private struct EmptySession: GenerationSession {
  mutating func append(_ token: Int32) {}
  mutating func scores(into scores: inout [Float]) { scores = [] }
}

/// One text of several that grow together.
struct RunningSample {
  private var output: TextOutput
  var steps: Steps
  private(set) var result = GeneratedSample()
  private let promptCount: Int
  private(set) var isOver = false

  init(_ generator: TextGenerator, index: Int) {
    let options = generator.options
    output = generator.startedOutput
    steps = Steps(
      sampler: generator.sampler, options: options, seed: generator.seed, index: index,
      history: generator.prompt)
    promptCount = generator.prompt.count
    if options.echo { result.bytes = Array(options.prompt.utf8) }
    if options.logProbabilities != nil { result.logProbabilities = [] }
  }

  var lastToken: Int32? { steps.history.last }

  mutating func step(_ session: inout any GenerationSession) {
    guard let token = steps.next(&session) else {
      (result.reason, isOver) = (.end, true)
      return
    }
    show(token)
  }

  /// Takes tokens that the model drew, up to the end of the text.
  mutating func take(_ tokens: [Int32]) {
    for token in tokens {
      steps.history.append(token)
      show(token)
      if isOver { return }
    }
  }

  private mutating func show(_ token: Int32) {
    if let reason = output.append(token, to: &result.bytes) {
      (result.reason, isOver) = (reason, true)
    }
  }

  /// Tokens so far.
  var count: Int { steps.history.count - promptCount }

  mutating func interrupt() {
    guard !isOver else { return }
    (result.reason, isOver) = (.interrupted, true)
  }

  mutating func finish() -> GeneratedSample {
    let (rest, reason) = output.finish()
    result.bytes += rest
    if let reason, result.reason == .length || result.reason == .end { result.reason = reason }
    result.tokens = Array(steps.history.dropFirst(promptCount))
    if result.logProbabilities != nil { result.logProbabilities = steps.logProbabilities }
    return result
  }
}
