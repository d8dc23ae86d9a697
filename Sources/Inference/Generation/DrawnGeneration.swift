import Files
import Kernels

extension TextGenerator {
  /// Texts that one thread draws in turn.
  private static let group = 8
  /// Tokens of a text that are drawn before they are shown: some ten microseconds of work.
  private static let chunk = 64

  /// Samples whose tokens the model draws by itself, several in turn on each thread, so that one goes on
  /// while another waits for memory. The texts are those of one after the other. A single sample is handed
  /// out piece by piece, others whole, in order.
  /// - Parameter start: stands after the prompt.
  func runDrawn(
    _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) throws -> [GeneratedSample] {
    if options.num == 1 { return try drawGroup(0..<1, start, emit) }
    nonisolated(unsafe) let session = start
    var samples: [GeneratedSample] = []
    while samples.count < options.num, samples.last?.reason != .interrupted {
      let first = samples.count
      let rest = options.num - first
      let size = min(Self.group, (rest + Threads.count - 1) / Threads.count)
      let round = ParallelSlots<[GeneratedSample]>(
        count: min(Threads.count, (rest + size - 1) / size))
      nonisolated(unsafe) let generator = self
      parallelFor(round.count) { index in
        let lower = first + index * size
        let indices = lower..<min(lower + size, generator.options.num)
        round.set(index, generator.drawGroup(indices, session) { _ in })
      }
      for index in 0..<round.count {
        for sample in round.take(index) ?? [] {
          let piece = Piece(sample: samples.count, bytes: sample.bytes)
          samples.append(sample)
          if !piece.bytes.isEmpty { try emit(piece) }
          if sample.reason == .interrupted { return samples }
        }
      }
    }
    return samples
  }

  private func drawGroup(
    _ indices: Range<Int>, _ start: any GenerationSession, _ emit: (Piece) throws -> Void
  ) rethrows -> [GeneratedSample] {
    var running = indices.map { RunningSample(self, index: $0) }
    var live = Array(running.indices)
    var sessions = running.map { _ in start }
    var shown = 0
    while !live.isEmpty {
      if Interruption.isRequested {
        for index in live { running[index].interrupt() }
        break
      }
      advance(&running, &sessions, live)
      live.removeAll { running[$0].isDone }
      if indices.count == 1 {
        let bytes = Array(running[0].result.bytes[shown...])
        shown += bytes.count
        if !bytes.isEmpty { try emit(Piece(sample: indices.lowerBound, bytes: bytes)) }
      }
    }
    return try running.indices.map { index in
      let sample = running[index].finish()
      let rest = Array(sample.bytes[shown...])
      if !rest.isEmpty { try emit(Piece(sample: indices.lowerBound + index, bytes: rest)) }
      return sample
    }
  }

  /// Draws the next tokens of the live samples.
  private func advance(
    _ running: inout [RunningSample], _ sessions: inout [any GenerationSession], _ live: [Int]
  ) {
    let count = live.reduce(Self.chunk) { min($0, room - running[$1].count) }
    if count <= 0 { return }
    var moving = live.map { sessions[$0] }
    var randoms = live.map { running[$0].steps.random }
    let drawn = model.draw(count, from: &moving, using: &randoms)
    for (place, index) in live.enumerated() {
      running[index].steps.random = randoms[place]
      running[index].take(drawn[place])
      sessions[index] = moving[place]
      if drawn[place].count == count || running[index].isOver { continue }
      running[index].step(&sessions[index])
      if running[index].isOver { continue }
      if let last = running[index].lastToken { sessions[index].append(last) }
    }
  }
}
