import Files
import Kernels

extension TextGenerator {
  /// Samples that go forward together: enough for few-bit weights to be unpacked once for many, and not more
  /// than so many positions, all told, that are remembered for them.
  private static let (most, positions) = (64, 1 << 14)
  private static let fewest = 8

  private var batch: Int {
    let length = prompt.count + min(room, Self.positions)
    return min(max(Self.positions / max(length, 1), Self.fewest), Self.most)
  }

  /// Samples side by side, a token of each at a time, so that a model reads its weights once for all. Each sample is
  /// handed out whole, in order. The texts are those of one after the other.
  func runInBatches(
    _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) throws -> [GeneratedSample] {
    var samples: [GeneratedSample] = []
    // The prompt is read once for all.
    var (start, scores): (any GenerationSession, [Float]) = (start, [])
    start.scores(into: &scores)
    let begun = start
    let damage = try RollingBatch<RunningSample>(model: model, size: batch).run(
      0..<options.num, begin: { (RunningSample(self, index: $0), begun) }
    ) { text in
      var text = text
      let sample = text.finish()
      samples.append(sample)
      if !sample.bytes.isEmpty { try emit(Piece(sample: text.index, bytes: sample.bytes)) }
      return sample.reason != .interrupted
    }
    if let damage { throw damage }
    return samples
  }
}

/// One text of several that grow together.
struct RunningSample: GrowingText {
  /// Which of all samples it is.
  let index: Int
  private var output: TextOutput
  var steps: Steps
  private(set) var result = GeneratedSample()
  private let promptCount: Int
  private let room: Int
  private(set) var isOver = false

  init(_ generator: TextGenerator, index: Int) {
    let options = generator.options
    self.index = index
    output = generator.startedOutput
    steps = Steps(
      sampler: generator.sampler, options: options, seed: generator.seed, index: index,
      history: generator.prompt)
    promptCount = generator.prompt.count
    room = generator.room
    if options.echo { result.bytes = Array(options.prompt.utf8) }
    if options.logProbabilities != nil { result.logProbabilities = [] }
  }

  var lastToken: Int32? { steps.history.last }
  var isDone: Bool { isOver || count >= room }

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
