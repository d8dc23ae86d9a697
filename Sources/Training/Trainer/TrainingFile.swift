import Autograd
import Checkpoints
import Files
import FoundationEssentials
import Kernels
import NN

/// `training.safetensors` of a run's folder: all that a run needs to go on, in one file, which is
/// replaced in one step. Whenever a run is killed, what stands there is the whole last save.
///
/// Tensors: `parameters.<name>`, `optimizer.<name>.steps`, `optimizer.<name>.<memory>.<index of the
/// parameter>`, `progress.<name>` of the task, and `random`, the four words of the context's state.
/// Metadata: `format`, `format_version`, `configuration` and `state` in JSON.
enum TrainingFile {
  static let fileName = "training.safetensors"
  private static let format = "aigc-training"
  private static let version = "1"

  // MARK: Writing

  /// - Throws: ``/Files/AIGCError``: failed when the disk refuses, mismatch when the task's progress has a
  ///   tensor that does not fill its shape.
  static func write(
    _ task: any TrainingTask, _ configuration: TrainerConfiguration, _ state: TrainerState,
    _ random: RandomSource, to path: String
  ) throws(AIGCError) {
    let named = task.parameters.map { (name: "parameters.\($0.name)", parameter: $0.parameter) }
    var tensors = StateDictionary.tensors(named)
    for (name, optimizer) in task.optimizers {
      let prefix = "optimizer.\(name)"
      tensors.append(
        NewTensor(name: "\(prefix).steps", shape: [], integers: [Int64(optimizer.steps)]))
      let memory = optimizer.memory.flatMap { kind, values in
        values.enumerated().map { (name: "\(prefix).\(kind).\($0)", parameter: $1) }
      }
      tensors += StateDictionary.tensors(memory)
    }
    tensors += (try task.progress()).map { $0.renamed("progress.\($0.name)") }
    let words = [random.state.0, random.state.1, random.state.2, random.state.3]
    tensors.append(
      NewTensor(name: "random", shape: [4], integers: words.map { Int64(bitPattern: $0) }))
    let metadata = [
      "format": format, "format_version": version, "configuration": try json(configuration),
      "state": try json(state),
    ]
    try SafetensorsWriter.write(tensors, metadata: metadata, to: path, sync: true)
  }

  private static func json(_ value: some Encodable) throws(AIGCError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
      throw .failed("\(fileName): a setting cannot be written: \(error)")
    }
  }

  // MARK: Reading

  /// The file of the run in `folder`.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing, damaged or something else.
  static func open(folder: String) throws(AIGCError) -> Checkpoint {
    let path = "\(folder)/\(fileName)"
    guard fileExists(path) else {
      throw .badInput("\(folder): no run to resume: it has no \(fileName)")
    }
    let file = try Checkpoint.open(path)
    guard file.metadata["format"] == format else {
      throw .badInput("\(path): not the state of a training run")
    }
    guard file.metadata["format_version"] == version else {
      throw .badInput(
        "\(path): format version \(printable(file.metadata["format_version"] ?? "?")) instead of "
          + "\(version); a newer aigc is needed")
    }
    return file
  }

  /// The settings that a run was saved with.
  static func configuration(_ file: Checkpoint) throws(AIGCError) -> TrainerConfiguration {
    try value(file, "configuration")
  }

  static func state(_ file: Checkpoint) throws(AIGCError) -> TrainerState {
    let state: TrainerState = try value(file, "state")
    guard state.isPlausible else { throw .badInput("\(file.path): 'state' is damaged") }
    return state
  }

  private static func value<Value: Decodable>(
    _ file: Checkpoint, _ key: String
  ) throws(AIGCError) -> Value {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let text = file.metadata[key],
      let value = try? decoder.decode(Value.self, from: Data(text.utf8))
    else { throw .badInput("\(file.path): '\(key)' is missing or damaged") }
    return value
  }

  /// The state of the context's random source.
  static func random(_ file: Checkpoint) throws(AIGCError) -> RandomSource {
    let words = try file.tensor("random").integers().map { UInt64(bitPattern: $0) }
    guard words.count == 4, words.contains(where: { $0 != 0 }) else {
      throw .badInput("\(file.path): 'random' is damaged")
    }
    return RandomSource(state: (words[0], words[1], words[2], words[3]))
  }

  /// Sets the task's parameters, optimizers and progress.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when the file is of another model or optimizer; badInput
  ///   when it is damaged.
  static func restore(_ task: any TrainingTask, from file: Checkpoint) throws(AIGCError) {
    let memory = try memory(task, file)
    try StateDictionary.load(task.parameters, from: file, prefix: "parameters.")
    for (parameter, values) in memory.values { parameter.value = values }
    for (name, steps) in memory.steps {
      task.optimizers.first { $0.name == name }?.optimizer.steps = steps
    }
    try task.restore(file, prefix: "progress.")
  }

  private static func memory(
    _ task: any TrainingTask, _ file: Checkpoint
  ) throws(AIGCError) -> (values: [(Parameter, Tensor)], steps: [(String, Int)]) {
    var (values, steps): ([(Parameter, Tensor)], [(String, Int)]) = ([], [])
    var known: Set<String> = []
    func stored(_ name: String, _ shape: [Int]) throws(AIGCError) -> StoredTensor {
      known.insert(name)
      guard let tensor = file[name], tensor.shape == shape else {
        throw .mismatch("\(file.path): \(name) is missing or of another shape: another optimizer?")
      }
      return tensor
    }
    for (name, optimizer) in task.optimizers {
      let prefix = "optimizer.\(name)"
      let count = try stored("\(prefix).steps", []).integers().first ?? -1
      guard (0...Int64(TrainerState.largest)).contains(count) else {
        throw .badInput("\(file.path): \(prefix).steps is damaged")
      }
      steps.append((name, Int(count)))
      for (kind, parameters) in optimizer.memory {
        for (index, parameter) in parameters.enumerated() {
          let tensor = try stored("\(prefix).\(kind).\(index)", parameter.shape.dimensions)
          values.append((parameter, Tensor(try tensor.floats(), parameter.shape)))
        }
      }
    }
    if let other = file.tensors.first(where: {
      $0.name.hasPrefix("optimizer.") && !known.contains($0.name)
    }) {
      throw .mismatch("\(file.path): \(printable(other.name)) is unknown: another optimizer?")
    }
    return (values, steps)
  }
}
