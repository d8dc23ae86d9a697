import Files

/// What `torch.save` says of a storage, which stands outside of the pickle.
struct TorchStorage {
  /// The name of its bytes in the file.
  var key: String
  /// nil: bytes without a type ("UntypedStorage").
  var type: ScalarType?
  /// How many values it has: of bytes when it has no type.
  var count: Int
  /// The first value's place in the storage `key`, where this one is a view of that (old files).
  var offset = 0
}

/// A tensor as the pickle describes it.
struct TorchTensor {
  var storage: TorchStorage
  var type: ScalarType
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// Reads the records of a pickle that make tensors (torch/_utils.py, torch/serialization.py).
struct TorchTensors {
  let pickle: Pickle
  let place: String
  /// Of a plain pickle, whose storages stand in it; nil: they stand behind it.
  var embedded: EmbeddedStorages?

  private static let storageTypes: [String: ScalarType] = [
    "DoubleStorage": .f64, "FloatStorage": .f32, "HalfStorage": .f16, "BFloat16Storage": .bf16,
    "LongStorage": .i64, "IntStorage": .i32, "ShortStorage": .i16, "CharStorage": .i8,
    "ByteStorage": .u8, "BoolStorage": .bool,
  ]
  private static let types: [String: ScalarType] = [
    "float64": .f64, "float32": .f32, "float16": .f16, "bfloat16": .bf16, "int64": .i64,
    "int32": .i32, "int16": .i16, "int8": .i8, "uint8": .u8, "bool": .bool,
  ]

  private func damaged(_ what: String) -> AIGCError {
    .badInput("\(place): damaged: \(what)")
  }

  /// The tensor that a call makes; nil when it makes something else.
  /// - Throws: ``/Files/AIGCError`` (badInput) for tensors of a kind that is not read, and damaged ones.
  func tensor(_ callee: PickleValue, _ arguments: PickleValue) throws(AIGCError) -> TorchTensor? {
    var (callee, arguments) = (callee, arguments)
    // Parameters and subclasses of Tensor wrap the call that matters.
    for _ in 0..<8 {
      guard let name = pickle.global(callee), let values = pickle.elements(arguments) else {
        return nil
      }
      switch name {
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2":
        return try tensor(values, type: nil)
      case "torch._utils._rebuild_tensor_v3":
        guard values.count > 6 else { throw damaged("a tensor without a type") }
        return try tensor(values, type: values[6])
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
        guard let first = values.first,
          case .call(let inner, let rest)? = pickle.object(first)?.kind
        else { throw damaged("a parameter without a tensor") }
        (callee, arguments) = (inner, rest)
      case "torch._tensor._rebuild_from_type", "torch._tensor._rebuild_from_type_v2":
        guard values.count > 2 else { throw damaged("a tensor of a type without values") }
        (callee, arguments) = (values[0], values[2])
      case _ where name.hasPrefix("torch._utils._rebuild_"):
        let kind = name.dropFirst("torch._utils._rebuild_".count)
        throw .badInput(
          "\(place): tensors made by _rebuild_\(printable(String(kind))) are not read: "
            + "save plain dense tensors")
      default: return nil
      }
    }
    throw damaged("a tensor wrapped too often")
  }

  private func tensor(
    _ values: [PickleValue], type: PickleValue?
  ) throws(AIGCError) -> TorchTensor {
    guard values.count >= 4, let storage = try storage(values[0]), let offset = values[1].int,
      let shape = sizes(values[2]), let strides = sizes(values[3])
    else { throw damaged("a tensor without storage, offset, shape or strides") }
    var scalar = storage.type ?? .u8
    if let type {
      let name = pickle.global(type) ?? "?"
      guard let known = Self.types[String(name.dropFirst("torch.".count))] else {
        throw .badInput("\(place): tensors of type \(printable(name)) are not read")
      }
      scalar = known
    }
    return TorchTensor(
      storage: storage, type: scalar, offset: offset, shape: shape, strides: strides)
  }

  private func sizes(_ value: PickleValue) -> [Int]? {
    var value = value
    // torch.Size((2, 3)) of old files.
    if case .call(_, let arguments)? = pickle.object(value)?.kind {
      guard let inner = pickle.elements(arguments)?.first else { return nil }
      value = inner
    }
    guard let elements = pickle.elements(value), elements.count <= StoredTensor.largestRank else {
      return nil
    }
    let sizes = elements.compactMap { $0.int }
    return sizes.count == elements.count ? sizes : nil
  }

  /// The storage with the persistent id `value`: ("storage", type, key, place of the memory, count)
  /// and in old files also None or (key of the view, offset, count). nil when it is none.
  func storage(_ value: PickleValue) throws(AIGCError) -> TorchStorage? {
    if let embedded, let range = pickle.embeddedStorage(value) {
      return try embedded.storage(range)
    }
    guard case .persistent(let id)? = pickle.object(value)?.kind,
      let values = pickle.elements(id), values.first == .string("storage")
    else { return nil }
    guard values.count >= 5, let name = pickle.global(values[1]), let key = values[2].string,
      let count = values[4].int, count >= 0
    else { throw damaged("a storage without type, key or size") }
    let typeName = name.split(separator: ".").last.map { String($0) } ?? ""
    let type = Self.storageTypes[typeName]
    guard type != nil || typeName == "UntypedStorage" else {
      throw .badInput("\(place): storages of type \(printable(name)) are not read")
    }
    var storage = TorchStorage(key: key, type: type, count: count)
    if values.count > 5, let view = pickle.elements(values[5]) {
      guard view.count == 3, let offset = view[1].int, let size = view[2].int, offset >= 0,
        size >= 0
      else { throw damaged("a view of a storage without offset or size") }
      (storage.offset, storage.count) = (offset, size)
    }
    return storage
  }
}
