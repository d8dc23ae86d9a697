import Checkpoints
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Families

/// Scores of the decoder beside those of transformers, and those of GGUF files beside those of folders.
@Suite struct TransformerDecoderTests {
  private func scores(_ engine: TransformerEngine, _ tokens: [Int32]) -> [[Float]] {
    var session = TransformerSession(engine)
    return tokens.map { token in
      session.append(token)
      var scores: [Float] = []
      session.scores(into: &scores)
      return scores
    }
  }

  /// Token by token, with keys and values in 32 bits: within 1e-4 of the largest.
  @Test(arguments: TransformerParityTests.models) func scoresAreThoseOfTransformers(
    _ name: String
  ) throws {
    let folder = fixture("transformers/\(name)", of: "FamiliesTests")
    let weights = try TransformerWeights(folder: folder, .read(folder: folder))
    let engine = try TransformerEngine(weights)
    let answers = try Checkpoint.open("\(folder)/answers.safetensors")
    let (stored, logits) = (try answers.tensor("tokens"), try answers.tensor("logits"))
    let (tokens, peer) = (try stored.integers().map { Int32($0) }, try logits.floats())
    let largest = peer.reduce(0) { max($0, abs($1)) }
    let (steps, size) = (stored.shape[1], logits.shape[2])
    #expect(largest > 0.1)
    for row in 0..<stored.shape[0] {
      let found = scores(engine, Array(tokens[row * steps..<(row + 1) * steps]))
      for (step, scores) in found.enumerated() {
        let first = (row * steps + step) * size
        let worst = zip(scores, peer[first..<first + size]).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(scores.count == size && worst <= 1e-4 * largest, "\(row), \(step): \(worst)")
      }
    }
  }

  /// To the last bit: the order of rows, what norms add and how matrices lie do not matter.
  @Test(arguments: TransformerGGUFTests.models) func filesOfBothKindsScoreAlike(
    _ name: String
  ) throws {
    let folder = fixture("transformer-gguf/\(name)", of: "FamiliesTests")
    let checkpoint = try Checkpoint.open("\(folder)/model.gguf")
    let a = try TransformerWeights(folder: folder, .read(folder: folder))
    let b = try TransformerWeights(checkpoint, TransformerConfiguration(checkpoint))
    let tokens: [Int32] = [3, 1, 11, 0, 7, 7, 2, 5]
    let found = scores(try TransformerEngine(a), tokens)
    #expect(found == scores(try TransformerEngine(b), tokens))
    #expect(found.allSatisfy { $0.allSatisfy { $0.isFinite } } && found[1] != found[7])
    // Keys and values of 16 bits change scores, and little.
    let short = scores(try TransformerEngine(b, cacheType: .f16), tokens)
    let largest = found.joined().reduce(0) { max($0, abs($1)) }
    let worst = zip(found.joined(), short.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(worst > 0 && worst < 0.02 * largest, "\(worst) of \(largest)")
  }
}
