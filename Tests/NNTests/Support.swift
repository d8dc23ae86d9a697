import Autograd
import Checkpoints
import NN
import TestSupport
import Testing
import Weights

/// A file of tensors of the fixtures.
func checkpoint(_ name: String) throws -> Checkpoint {
  try Checkpoint.open(fixture("\(name).safetensors"))
}

extension Checkpoint {
  func values(_ name: String) throws -> Tensor {
    let stored = try tensor(name)
    return Tensor(try stored.floats(), Shape(stored.shape))
  }

  func indices(_ name: String) throws -> Indices {
    let stored = try tensor(name)
    return Indices(try stored.integers().map { Int32($0) }, Shape(stored.shape))
  }

  /// Sets every parameter of `module` from `prefix` and its name.
  func load(_ module: some Module, _ prefix: String) throws {
    try StateDictionary.load(module.namedParameters, from: self, prefix: prefix)
  }
}

/// Whether two tensors differ by at most `tolerance` of the expected one's largest value.
func expectClose(
  _ found: Tensor, _ expected: Tensor, _ tolerance: Float, _ name: String, share: Double = 1
) {
  guard found.shape == expected.shape else {
    Issue.record("\(name): the shape \(found.shape) instead of \(expected.shape)")
    return
  }
  let limit = tolerance * expected.values.reduce(0) { max($0, abs($1)) }
  var wrong = 0
  var worst: Float = 0
  for (a, b) in zip(found.values, expected.values) where !(abs(a - b) <= limit) {
    wrong += 1
    worst = max(worst, abs(a - b))
  }
  #expect(
    Double(wrong) <= (1 - share) * Double(found.count),
    "\(name): \(wrong) of \(found.count) differ, by up to \(worst), more than \(limit)")
}

/// The values of `formula` in `Scripts/fixtures/torch_layers.py`.
func formula(_ shape: Shape, seed: UInt32) -> Tensor {
  var state = seed
  return Tensor(shape) { memory in
    for index in memory.indices {
      state = state &* 1_664_525 &+ 1_013_904_223
      memory[index] = (Float(state >> 16) - 32768) / 32768 * 0.125
    }
  }
}
