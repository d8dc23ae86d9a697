import Autograd
import Checkpoints
import NN
import TestSupport
import Testing
import Weights

/// A file of tensors that PyTorch made, and comparisons with what stands in it.
package struct TensorFixture {
  /// The open file.
  package let file: Checkpoint

  /// - Parameter name: of a file in the fixtures of FamiliesTests.
  package init(_ name: String) throws {
    file = try Checkpoint.open(fixture(name, of: "FamiliesTests"))
  }

  /// A tensor as it stands in the file.
  package func tensor(_ name: String) throws -> Tensor {
    let stored = try file.tensor(name)
    return Tensor(try stored.floats(), Shape(stored.shape))
  }

  /// Sets all parameters of a module from those whose names begin with `prefix`.
  package func load(_ module: some Module, _ prefix: String) throws {
    try StateDictionary.load(module.namedParameters, from: file, prefix: prefix)
  }

  /// Expects values to lie as close to those of the file as `tolerance` of the largest one.
  /// - Parameter share: of the values, which must do so.
  package func expectSame(
    _ found: [Float], _ name: String, _ tolerance: Float, share: Double = 1,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try file.tensor(name).floats()
    #expect(found.count == expected.count, "\(name)", sourceLocation: location)
    let limit = tolerance * max(expected.reduce(0) { max($0, abs($1)) }, 1e-6)
    let distances = zip(found, expected).map { abs($0 - $1) }
    let wrong = distances.reduce(0) { $0 + ($1 <= limit ? 0 : 1) }
    #expect(
      Double(wrong) <= (1 - share) * Double(found.count),
      "\(name): \(wrong) of \(found.count) differ, by up to \(distances.max() ?? 0), more than \(limit)",
      sourceLocation: location)
  }

  /// Expects parameters, in files' layout, to be those of the file below `prefix`.
  package func expectSame(
    _ parameters: NamedParameters, below prefix: String, _ tolerance: Float, share: Double = 1,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try TemporaryFolder()
    try StateDictionary.write(parameters, to: folder.file("weights.safetensors"))
    for value in try Checkpoint.open(folder.file("weights.safetensors")).tensors {
      let expected = try file.tensor("\(prefix).\(value.name)")
      #expect(value.shape == expected.shape, "\(value.name)", sourceLocation: location)
      #expect(value.type == expected.type, "\(value.name)", sourceLocation: location)
      if value.type == .i64 {
        #expect(
          try value.integers() == expected.integers(), "\(value.name)", sourceLocation: location)
      } else {
        try expectSame(
          value.floats(), expected.name, tolerance, share: share, location: location)
      }
    }
  }
}
