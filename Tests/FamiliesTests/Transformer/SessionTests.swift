import Glibc
import Kernels
import NN
import Testing
import Training

@testable import Families

/// The engine against a forward pass in plain loops, and its ways of reading against each other.
@Suite struct TransformerSessionTests {
  /// The largest difference relative to the spread of what is expected.
  private func error(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let scale = (expected.reduce(0) { $0 + $1 * $1 } / Double(expected.count)).squareRoot()
    return zip(found, expected).reduce(0) { worst, pair in
      let difference = abs(Double(pair.0) - pair.1)
      return difference.isNaN ? .infinity : max(worst, difference / scale)
    }
  }

  private func scores(_ session: inout TransformerSession) -> [Float] {
    var scores: [Float] = []
    session.scores(into: &scores)
    return scores
  }

  /// One token at a time, all at once, and in uneven pieces.
  private func check(_ model: NaiveGPT2, length: Int, at points: Set<Int>) throws {
    let engine = try model.engine()
    let tokens = model.tokens(length)
    var (steps, pieces) = (TransformerSession(engine), TransformerSession(engine))
    var read = 0
    for index in tokens.indices {
      steps.append(tokens[index])
      let found = scores(&steps)
      guard points.contains(index + 1) else { continue }
      let expected = model.logits(Array(tokens[...index]))[0]
      #expect(error(found, expected) < 2e-5, "step \(index)")
      var whole = TransformerSession(engine)
      whole.append(contentsOf: Array(tokens[...index]))
      #expect(error(scores(&whole), expected) < 2e-5, "prompt of \(index + 1)")
      pieces.append(contentsOf: Array(tokens[read...index]))
      read = index + 1
      #expect(error(scores(&pieces), expected) < 2e-5, "piece to \(index)")
    }
  }

  @Test func everyWayOfReadingIsTheForwardPass() throws {
    try check(NaiveGPT2(), length: 150, at: [1, 2, 8, 9, 12, 64, 65, 75, 128, 129, 150])
  }

  /// Many texts at a time: each as it is alone, and as the forward pass has it.
  @Test(arguments: [1, 3], [true, false])
  func manyTextsAreTheForwardPass(threads: Int, isTied: Bool) throws {
    let count = Threads.count
    defer { Threads.count = count }
    Threads.count = threads
    let model = NaiveGPT2(isTied: isTied)
    let engine = try model.engine()
    let texts = (0..<70).map { Array(model.tokens(90).dropFirst($0 % 9).prefix(3 + $0)) }
    var sessions = texts.map { text in
      var session = TransformerSession(engine)
      session.append(contentsOf: Array(text.dropLast()))
      session.read()
      session.append(text[text.count - 1])
      return session
    }
    TransformerSession.read(&sessions)
    for (index, text) in texts.enumerated() where index % 7 == 0 {
      let expected = model.logits(text)[0]
      #expect(error(scores(&sessions[index]), expected) < 2e-5, "text \(index)")
      // Beside another one only.
      var pair = [TransformerSession(engine), TransformerSession(engine)]
      for place in 0..<2 {
        let text = place == 0 ? text : texts[5]
        pair[place].append(contentsOf: Array(text.dropLast()))
        pair[place].read()
        pair[place].append(text[text.count - 1])
      }
      TransformerSession.read(&pair)
      #expect(scores(&pair[0]) == scores(&sessions[index]), "text \(index)")
    }
  }

  @Test func headsWiderThanAPanel() throws {
    let model = NaiveGPT2(width: 160, layers: 2, heads: 2, inner: 70, isTied: false)
    try check(model, length: 70, at: [1, 5, 66, 70])
  }

  @Test(arguments: [TransformerActivation.gelu, .relu])
  func activations(_ activation: TransformerActivation) throws {
    let model = NaiveGPT2(width: 32, layers: 1, heads: 1, inner: 130, activation: activation)
    try check(model, length: 20, at: [1, 20])
  }

  @Test func moreTokensThanAreReadAtOnce() throws {
    let model = NaiveGPT2(vocabulary: 11, context: 700, width: 16, layers: 2, heads: 2, inner: 16)
    try check(model, length: 600, at: [513, 600])
  }

  @Test(arguments: [StoredType.f16, .bf16]) func sixteenBits(_ type: StoredType) throws {
    let model = NaiveGPT2()
    let (engine, tokens) = (try model.engine(type), model.tokens(80))
    var (steps, whole) = (TransformerSession(engine), TransformerSession(engine))
    for token in tokens {
      steps.append(token)
      steps.read()
    }
    whole.append(contentsOf: tokens)
    // Exactly the weights' rounded values; against the unrounded ones only close.
    let rounded = model.rounded(type).logits(tokens)[0]
    #expect(error(scores(&steps), rounded) < 2e-5)
    #expect(error(scores(&whole), rounded) < 2e-5)
    #expect(error(scores(&whole), model.logits(tokens)[0]) < (type == .f16 ? 0.01 : 0.08))
  }

  @Test func batchIsSingleSequences() throws {
    let model = NaiveGPT2()
    for type in StoredType.allCases {
      let engine = try model.engine(type)
      var batch = (0..<11).map { _ in TransformerSession(engine) }
      for (index, count) in [1, 5, 64, 63, 70, 2, 3, 9, 130, 33, 1].enumerated() {
        batch[index].append(contentsOf: model.tokens(count, seed: UInt64(index)))
      }
      TransformerSession.read(&batch)
      var single = batch
      for step in 0..<3 {
        for index in batch.indices {
          let token = Int32((index * 7 + step) % model.sizes.vocabulary)
          batch[index].append(token)
          single[index].append(token)
        }
        TransformerSession.read(&batch)
        for index in batch.indices {
          let (a, b) = (scores(&batch[index]), scores(&single[index]))
          #expect(a.map { $0.bitPattern } == b.map { $0.bitPattern }, "\(type), sequence \(index)")
        }
      }
    }
  }

  @Test func copiesGoTheirOwnWay() throws {
    let model = NaiveGPT2()
    let engine = try model.engine()
    var first = TransformerSession(engine)
    first.append(contentsOf: model.tokens(70))
    first.read()
    var second = first
    second.append(3)
    let other = scores(&second)
    first.append(4)
    let own = scores(&first)
    #expect(error(own, model.logits(model.tokens(70) + [4])[0]) < 2e-5)
    #expect(error(other, model.logits(model.tokens(70) + [3])[0]) < 2e-5)
  }

  @Test func longTextsLoseTheirMiddle() throws {
    let model = NaiveGPT2(context: 48, layers: 2)
    let engine = try model.engine()
    for keep in [0, 5, 100] {
      var session = TransformerSession(engine, keep: keep)
      let tokens = model.tokens(130)
      var view: [Int32] = []
      for token in tokens {
        view.append(token)
        if view.count > 48 {
          let kept = min(keep, 24)
          let room = 48 - kept
          view = Array(view[..<kept] + view.suffix(room - room / 2))
        }
        session.append(token)
        session.read()
        #expect(session.tokens == view)
      }
      #expect(error(scores(&session), model.logits(view)[0]) < 2e-5)
      // A prompt longer than the context.
      var long = TransformerSession(engine, keep: keep)
      long.append(contentsOf: tokens)
      let found = scores(&long)
      #expect(long.tokens.count <= 48 && Array(tokens.suffix(10)) == Array(long.tokens.suffix(10)))
      #expect(error(found, model.logits(long.tokens)[0]) < 2e-5)
    }
  }

  @Test func startsWithTheStartToken() throws {
    let model = NaiveGPT2()
    var session = TransformerSession(try model.engine(), startToken: 7)
    #expect(error(scores(&session), model.logits([7])[0]) < 2e-5)
    // What is no token of the model is left out.
    session.append(-1)
    session.append(97)
    #expect(session.tokens == [7])
  }

  /// The number of threads belongs to the process.
  @Test func sameBytesForAnyNumberOfThreads() async {
    await #expect(processExitsWith: .success) {
      let model = NaiveGPT2(width: 96, layers: 2, heads: 3, inner: 200)
      var expected: [[UInt32]] = []
      for threads in 1...3 {
        Threads.count = threads
        let engine = try model.engine(.f16)
        var (steps, whole) = (TransformerSession(engine), TransformerSession(engine))
        for token in model.tokens(20) {
          steps.append(token)
          steps.read()
        }
        whole.append(contentsOf: model.tokens(150))
        var (a, b): ([Float], [Float]) = ([], [])
        steps.scores(into: &a)
        whole.scores(into: &b)
        let found = [a, b].map { $0.map { $0.bitPattern } }
        if threads == 1 { expected = found }
        if found != expected { exit(EXIT_FAILURE) }
      }
      exit(EXIT_SUCCESS)
    }
  }
}
