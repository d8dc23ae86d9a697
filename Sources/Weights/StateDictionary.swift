import Autograd
import Checkpoints
import Files
import NN

/// Saving and strict loading of parameters.
public enum StateDictionary {
  /// Parameters as tensors to be written. One that stands under two names (tied weights) is written
  /// under each, as PyTorch does.
  public static func tensors(
    _ parameters: NamedParameters, type: ScalarType = .f32
  ) -> [NewTensor] {
    parameters.map { name, parameter in
      let value = parameter.stored.written(parameter.value.detached)
      let shape = value.shape.dimensions
      return parameter.stored == .integer
        ? NewTensor(name: name, shape: shape, integers: value.values.map { Int64($0) })
        : NewTensor(name: name, shape: shape, floats: value.values, type: type)
    }
  }

  /// Writes parameters as a safetensors file.
  /// - Throws: ``/Files/AIGCError`` (failed) when the file cannot be written.
  public static func write(
    _ parameters: NamedParameters, to path: String, type: ScalarType = .f32
  ) throws(AIGCError) {
    try SafetensorsWriter.write(tensors(parameters, type: type), to: path, sync: true)
  }

  /// Takes the values of all `parameters` from a checkpoint: every name must be there with its shape,
  /// and no other.
  /// - Parameters:
  ///   - parameters: to be set.
  ///   - checkpoint: the file.
  ///   - prefix: what stands before every name in the file; other names are then of no concern.
  /// - Throws: ``/Files/AIGCError`` (mismatch) that lists all that does not fit; badInput for damaged values.
  ///   Nothing is changed then.
  public static func load(
    _ parameters: NamedParameters, from checkpoint: Checkpoint, prefix: String = ""
  ) throws(AIGCError) {
    var problems: [String] = []
    var expected: Set<String> = []
    for (name, parameter) in parameters {
      expected.insert(prefix + name)
      guard let tensor = checkpoint[prefix + name] else {
        problems.append("\(name) is missing")
        continue
      }
      let shape = parameter.stored.writtenShape(parameter.shape).dimensions
      if tensor.shape != shape {
        problems.append("\(name) has the shape \(tensor.shape), not \(shape)")
      }
    }
    for tensor in checkpoint.tensors
    where tensor.name.hasPrefix(prefix) && !expected.contains(tensor.name) {
      problems.append("\(tensor.name.dropFirst(prefix.count)) is unknown")
    }
    guard problems.isEmpty else { throw mismatch(checkpoint.path, problems) }
    var values: [Tensor] = []
    for (name, parameter) in parameters {
      let floats = try checkpoint.tensor(prefix + name).floats()
      values.append(parameter.stored.read(floats, parameter.shape))
    }
    for (index, entry) in parameters.enumerated() { entry.parameter.value = values[index] }
  }

  /// One line for all that does not fit, or the first of it.
  public static func mismatch(_ path: String, _ problems: [String]) -> AIGCError {
    let shown = problems.prefix(6).joined(separator: "; ")
    let more = problems.count > 6 ? "; and \(problems.count - 6) more" : ""
    return .mismatch("\(path): does not fit the model: \(shown)\(more)")
  }
}

extension StoredForm {
  /// The axes of memory in the order of files.
  private var order: [Int]? {
    switch self {
    case .plain, .integer: nil
    case .convolution: [3, 2, 0, 1]
    case .window, .map: [2, 0, 1]
    }
  }

  /// The shape in files of a parameter that has `shape` in memory.
  func writtenShape(_ shape: Shape) -> Shape {
    guard let order else { return shape }
    return self == .window ? [shape.count] : Shape(order.map { shape[$0] })
  }

  /// A value in memory as it stands in files.
  func written(_ value: Tensor) -> Tensor {
    guard let order else { return value }
    return value.permuted(order).reshaped(writtenShape(value.shape))
  }

  /// Values of a file as a parameter of the given shape holds them.
  func read(_ floats: [Float], _ shape: Shape) -> Tensor {
    guard let order else { return Tensor(floats, shape) }
    var back = order
    for (index, axis) in order.enumerated() { back[axis] = index }
    return Tensor(floats, Shape(order.map { shape[$0] })).permuted(back)
  }
}
