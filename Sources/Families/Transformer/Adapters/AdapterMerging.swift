import Autograd
import Checkpoints
import Files
import Training
import Weights

extension TransformerTensor {
  /// Adds a change to the values of the tensor as they stand in a file.
  func add(_ change: Adapter.Change, to values: inout [Float], isGGUF: Bool) {
    let a = Tensor(change.a, [change.rank, inputs])
    let b = Tensor(
      isGGUF ? toGGUF(change.b, width: change.rank) : change.b, [outputs, change.rank])
    let product =
      isByInput && !isGGUF ? matmul(a, b, transposeA: true, transposeB: true) : matmul(b, a)
    let sums = product.values
    for place in values.indices { values[place] += change.scale * sums[place] }
  }
}

/// How a merged model is written.
public struct MergeOptions: Sendable {
  /// As which type a folder's weights are saved, or most matrices of a GGUF file; nil: as those of the model.
  public var type: ScalarType?
  /// As which type of few bits most matrices of a GGUF file are stored, in place of ``type``.
  public var quantizedType: QuantizedType?
  /// Whether a model folder at the output may be replaced.
  public var force = false

  /// Creates the options that keep the type of the weights and replace nothing.
  public init() {}
}

extension TransformerFamily {
  /// Writes a model with adapters added to its weights: a GGUF file where the name ends in .gguf, else a folder.
  /// - Throws: ``/Files/AIGCError``: usage for another kind of file and for a type that it cannot have; badInput and
  ///   mismatch for damaged files, and for adapters of another model.
  public func merge(
    _ path: String, with adapters: [AdapterChoice], to output: String, options: MergeOptions
  ) throws(AIGCError) {
    let files = try TransformerFiles(path)
    var read: [Adapter] = []
    for choice in adapters {
      read.append(try Adapter.read(choice.path, for: files.configuration).scaled(choice))
    }
    guard output.hasSuffix(".gguf") else {
      guard options.quantizedType == nil else {
        throw .usage("\(output): weights of few bits are in .gguf files; name one")
      }
      var conversion = ConversionOptions()
      (conversion.type, conversion.force) = (options.type, options.force)
      return try writeFolder(files, read, to: output, conversion)
    }
    try OutputPlan.check([(output, .gguf)], reading: [path])
    let file = try GGUFModelFile(files, name: Self.modelName(path), adapters: read)
    if let type = options.quantizedType {
      _ = try quantize(file, path, to: output, type)
    } else {
      try file.write(options.type, to: output)
    }
  }
}

/// Adapters as files of their own.
public enum AdapterFiles {
  /// Whether a folder or a file is an adapter of low rank.
  public static func recognizes(_ path: String) -> Bool { Adapter.recognizes(path) }

  /// Writes an adapter in the other format: a GGUF file where the name ends in .gguf, else a folder of PEFT.
  /// - Parameters:
  ///   - path: of the adapter.
  ///   - base: the model that it is for; nil: the path that the adapter names.
  ///   - output: where it is written.
  ///   - force: whether an adapter's folder may be replaced.
  /// - Throws: ``/Files/AIGCError``: usage without a base that can be found; else as ``/Families/TransformerFamily``'s
  ///   conversions.
  public static func convert(
    _ path: String, base: String?, to output: String, force: Bool
  ) throws(AIGCError) {
    let named = base ?? Adapter.namedBase(path)
    guard let named, fileExists(named) else {
      throw .usage(
        "\(path): which model is it for? pass `model`"
          + (named.map { "; the adapter names \(printable($0)), which is not here" } ?? ""))
    }
    let configuration = try TransformerFiles(named).configuration
    let adapter = try Adapter.read(path, for: configuration)
    if output.hasSuffix(".gguf") {
      try OutputPlan.check([(output, .gguf)], reading: [path])
      return try adapter.writeGGUF(
        configuration, name: TransformerFamily.modelName(path), to: output)
    }
    let target = try RunFolder.path(
      family: configuration.family, data: path, out: output, force: force)
    let folder = try OutputFolder(path: target)
    try adapter.writePEFT(configuration, base: named, to: folder.file)
    try folder.commit()
  }
}

extension Adapter {
  /// What an adapter's file calls its base; nil where it does not say.
  fileprivate static func namedBase(_ path: String) -> String? {
    if isFolder(path) { return (try? AdapterFields(folder: path))?.base }
    let file = try? GGUFFile.open(path)
    return try? file?.metadata.string("general.base_model.0.name")
  }
}
