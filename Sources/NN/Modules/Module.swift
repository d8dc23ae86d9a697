import Autograd

/// Named parameters as they stand in a file: PyTorch's `state_dict`.
public typealias NamedParameters = [(name: String, parameter: Parameter)]

/// A layer or a network: a struct whose properties are parameters, other modules, arrays of them, or
/// settings. Names in checkpoints follow from the names of the properties, as PyTorch's do from those
/// of attributes: `lstm.weight_ih_l0`, `model.2.bias`.
public protocol Module {
  /// How the names of its parameters begin.
  var prefix: ModulePrefix { get }

  /// What properties are called in checkpoints, where their own names do not do: ["norm": "ln_f"].
  static var checkpointNames: [String: String] { get }
}

/// How the names of a module's parameters begin in checkpoints.
public enum ModulePrefix {
  /// With the name of the property that holds the module.
  case property
  /// With a name of the module's own.
  case own(String)
  /// With nothing: a part that exists in Swift only, such as one layer of PyTorch's `nn.LSTM`.
  case none
}

extension Module {
  /// Unless a module says otherwise, names begin with that of the property that holds it.
  public var prefix: ModulePrefix { .property }
  /// Unless a module says otherwise, properties keep their own names in checkpoints.
  public static var checkpointNames: [String: String] { [:] }

  /// Every parameter with its name, in the order of the properties.
  public var namedParameters: [(name: String, parameter: Parameter)] {
    var found: [(name: String, parameter: Parameter)] = []
    collect(self, "", into: &found)
    return found
  }

  /// The same, each name behind a prefix and a dot.
  public func namedParameters(
    below prefix: String
  ) -> [(name: String, parameter: Parameter)] {
    namedParameters.map { ("\(prefix).\($0.name)", $0.parameter) }
  }

  /// The parameters that training changes, with their names, each once where it stands twice.
  public var trainableNamedParameters: [(name: String, parameter: Parameter)] {
    var seen: Set<ObjectIdentifier> = []
    return namedParameters.filter {
      $0.parameter.isTrainable && seen.insert(ObjectIdentifier($0.parameter)).inserted
    }
  }

  /// The parameters that training changes.
  public var trainableParameters: [Parameter] {
    trainableNamedParameters.map { $0.parameter }
  }

  /// How many trainable values there are.
  public var parameterCount: Int { trainableParameters.reduce(0) { $0 + $1.count } }
}

/// Walks the properties of `value`.
private func collect(
  _ value: Any, _ prefix: String, into found: inout [(name: String, parameter: Parameter)]
) {
  let names = (value as? any Module).map { type(of: $0).checkpointNames } ?? [:]
  for child in Mirror(reflecting: value).children {
    guard let label = child.label else { continue }
    add(child.value, names[label] ?? label, prefix, into: &found)
  }
}

private func add(
  _ value: Any, _ label: String, _ prefix: String,
  into found: inout [(name: String, parameter: Parameter)]
) {
  if let parameter = value as? Parameter {
    found.append((prefix + (parameter.name ?? label), parameter))
  } else if let module = value as? any Module {
    collect(module, prefix + module.prefix.text(property: label), into: &found)
  } else if let modules = value as? [any Module] {
    for (index, module) in modules.enumerated() {
      let place = value is [any Layer] && label == Sequential.layersLabel ? "" : "\(label)."
      collect(module, prefix + module.prefix.text(property: "\(place)\(index)"), into: &found)
    }
  } else if let some = Mirror(reflecting: value).optionalValue {
    add(some, label, prefix, into: &found)
  }
}

extension ModulePrefix {
  fileprivate func text(property: String) -> String {
    switch self {
    case .property: "\(property)."
    case .own(let name): "\(name)."
    case .none: ""
    }
  }
}

extension Mirror {
  /// What an optional holds.
  fileprivate var optionalValue: Any? { displayStyle == .optional ? children.first?.value : nil }
}

/// Layers one after the other, numbered in checkpoints as PyTorch numbers them: activations count.
public struct Sequential: Layer {
  static let layersLabel = "layers"
  /// The layers in the order in which they are applied.
  public let layers: [any Layer]

  /// Creates a network of the given layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// A normalisation and the activation behind it are computed in the same passes.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    var (x, index) = (x, 0)
    while index < layers.count {
      if index + 1 < layers.count, let norm = layers[index] as? any Normalization,
        let slope = (layers[index + 1] as? Activation)?.slope
      {
        x = norm(x, context, slope: slope)
        index += 2
      } else {
        x = layers[index](x, context)
        index += 1
      }
    }
    return x
  }
}

/// A module of one tensor in and one out.
public protocol Layer: Module {
  /// Applies the layer to `x`.
  /// - Parameters:
  ///   - x: what the layer maps.
  ///   - context: whether the pass is one of training, and where random draws come from.
  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor
}

/// A layer that can apply an activation to its result in the same passes.
public protocol Normalization: Layer {
  /// - Parameters:
  ///   - x: [batch, height, width, channels].
  ///   - context: whether the pass is one of training, and where random draws come from.
  ///   - slope: of the activation below 0: 1 for none, 0 for ReLU.
  func callAsFunction(_ x: Tensor, _ context: Context, slope: Float) -> Tensor
}

extension Normalization {
  /// Normalises `x` without an activation behind it.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    self(x, context, slope: 1)
  }
}

/// A function without parameters as a layer.
public struct Activation: Layer {
  /// What values below 0 are multiplied by, where that is all the function does.
  let slope: Float?
  private let function: (Tensor) -> Tensor

  /// Creates a layer that applies `function` to its input.
  public init(_ function: @escaping (Tensor) -> Tensor) {
    self.function = function
    slope = nil
  }

  private init(slope: Float, _ function: @escaping (Tensor) -> Tensor) {
    self.function = function
    self.slope = slope
  }

  /// max(x, 0).
  public static var relu: Activation { Activation(slope: 0, Autograd.relu) }

  /// x where positive, else slope · x.
  public static func leakyRelu(_ slope: Float) -> Activation {
    Activation(slope: slope) { Autograd.leakyRelu($0, slope: slope) }
  }

  /// Applies the function to `x`; the context is not used.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { function(x) }
}
