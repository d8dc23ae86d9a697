import Files

/// Finds the tensors in the values of a pickle and gives them dotted names: "model.fc.weight". A
/// plain state_dict keeps its names. Numbers and short texts become metadata.
struct TorchTree {
  private let pickle: Pickle
  private let tensors: TorchTensors
  private let place: String
  private(set) var found: [(name: String, tensor: TorchTensor)] = []
  private(set) var metadata: [String: String] = [:]
  /// Names of NumPy's arrays.
  private(set) var arrays: [String] = []

  /// How many more values may be looked at. They may stand in several places; a circle, or one list
  /// named twice in a list named twice …, would go on for ever.
  private var visitsLeft: Int
  /// Bytes of names: nested long keys shall not multiply.
  private var nameBytesLeft: Int
  private static let largestDepth = 64
  /// Looks a step of the pickle, bytes of names a byte of the file: honest files take a few.
  private static let largestSharing = 8
  private static let largestNaming = 64
  private static let largestName = 4096
  private static let largestMetadata = 4096

  /// - Parameter embedded: the storages of a plain pickle; nil: they stand behind it.
  init(
    _ pickle: Pickle, place: String, size: Int, embedded: EmbeddedStorages? = nil
  ) throws(AIGCError) {
    self.pickle = pickle
    self.place = place
    tensors = TorchTensors(pickle: pickle, place: place, embedded: embedded)
    visitsLeft = 1024 + pickle.steps * Self.largestSharing
    nameBytesLeft = (1 << 20) + min(size, 1 << 40) * Self.largestNaming
    try visit(pickle.root, "", 0)
  }

  /// Takes account of so many values that are looked at, whether they are of use or not.
  private mutating func look(at count: Int) throws(AIGCError) {
    visitsLeft -= count
    guard visitsLeft >= 0 else {
      throw .badInput("\(place): damaged: values that contain each other, or too many times")
    }
  }

  private mutating func visit(
    _ value: PickleValue, _ name: String, _ depth: Int
  ) throws(AIGCError) {
    try look(at: 1)
    switch value {
    case .none, .data: return
    case .bool(let value): note(name, value ? "true" : "false")
    case .int(let value): note(name, String(value))
    case .double(let value): note(name, value.description)
    case .string(let value): note(name, value)
    case .object(let index):
      guard depth < Self.largestDepth else {
        throw .badInput("\(place): damaged: values nested more than \(Self.largestDepth) deep")
      }
      try visit(pickle[index], name, depth)
    }
  }

  private mutating func visit(
    _ object: PickleObject, _ name: String, _ depth: Int
  ) throws(AIGCError) {
    try look(at: object.items.count + object.members.count / 2)
    switch object.kind {
    case .global, .persistent: return
    case .list, .tuple: try visit(elements: object.items, name, depth)
    // An OrderedDict's own attributes hold no values of the model.
    case .dictionary: try visit(members: object.members, name, depth)
    case .call(let callee, let arguments):
      if let tensor = try tensors.tensor(callee, arguments) {
        found.append((name.isEmpty ? "tensor" : name, tensor))
        return
      }
      if pickle.global(callee)?.hasSuffix("multiarray._reconstruct") == true {
        if arrays.count < Self.largestMetadata { arrays.append(name.isEmpty ? "array" : name) }
        return
      }
      if pickle.global(callee) == "collections.OrderedDict" {
        try visit(members: try pairs(arguments) + object.members, name, depth)
        return
      }
      if let state = pickle.persistentState(callee, arguments) {
        return try visit(state: state, name, depth)
      }
      let values = pickle.elements(arguments) ?? []
      try look(at: values.count)
      try visit(elements: values, name, depth)
      try visit(elements: object.items, name, depth)
      try visit(members: object.members, name, depth)
      try visit(state: object.state, name, depth)
    }
  }

  /// The members of `OrderedDict([[key, value], …])`.
  private mutating func pairs(_ arguments: PickleValue) throws(AIGCError) -> [PickleValue] {
    guard let list = pickle.elements(arguments)?.first, let items = pickle.elements(list) else {
      return []
    }
    try look(at: items.count)
    return items.compactMap { pickle.elements($0) }.filter { $0.count == 2 }.flatMap { $0 }
  }

  /// Attributes of an object. Those of a module that hold its tensors give no name, so that a saved
  /// module has the names of its state_dict.
  private mutating func visit(
    state: PickleValue, _ name: String, _ depth: Int
  ) throws(AIGCError) {
    guard let object = pickle.object(state) else { return }
    try look(at: object.items.count + object.members.count)
    // (attributes, attributes in slots).
    if case .tuple = object.kind {
      for part in object.items where pickle.elements(part) == nil {
        try visit(part, name, depth + 1)
      }
      return
    }
    let isModule = pickle.member("_parameters", of: state) != nil
    let transparent: Set<String> = ["_parameters", "_buffers", "_modules"]
    var others = object.members
    if isModule {
      others = []
      for index in stride(from: 0, to: object.members.count - 1, by: 2) {
        let (key, value) = (object.members[index], object.members[index + 1])
        if let key = key.string, transparent.contains(key) {
          try visit(value, name, depth + 1)
        } else {
          others += [key, value]
        }
      }
    }
    try visit(members: others, name, depth)
  }

  private mutating func visit(
    elements: [PickleValue], _ name: String, _ depth: Int
  ) throws(AIGCError) {
    for (index, element) in elements.enumerated() {
      try visit(element, joined(name, String(index)), depth + 1)
    }
  }

  private mutating func visit(
    members: [PickleValue], _ name: String, _ depth: Int
  ) throws(AIGCError) {
    // A key that stands twice has the last of its values, as in Python.
    var last: [String: Int] = [:]
    var keys: [String] = []
    for index in stride(from: 0, to: members.count - 1, by: 2) {
      let key = text(members[index], index / 2)
      keys.append(key)
      last[key] = index / 2
    }
    for (index, key) in keys.enumerated() where last[key] == index {
      try visit(members[index * 2 + 1], joined(name, key), depth + 1)
    }
  }

  private func text(_ key: PickleValue, _ index: Int) -> String {
    switch key {
    case .string(let text): text
    case .int(let value): String(value)
    case .bool(let value): value ? "true" : "false"
    case .double(let value): value.description
    default: String(index)
    }
  }

  private mutating func joined(_ name: String, _ key: String) throws(AIGCError) -> String {
    let size = name.utf8.count + key.utf8.count + 1
    nameBytesLeft -= size
    guard size <= Self.largestName, nameBytesLeft >= 0 else {
      throw .badInput("\(place): damaged: the name of a value is longer than \(Self.largestName)")
    }
    return name.isEmpty ? key : "\(name).\(key)"
  }

  private mutating func note(_ name: String, _ text: String) {
    guard !name.isEmpty, text.utf8.count <= 1024, metadata.count < Self.largestMetadata else {
      return
    }
    metadata[name] = text
  }
}
