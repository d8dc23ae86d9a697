import Kernels

/// How a parameter stands in files, where that is not as it lies in memory.
public enum StoredForm: Sendable {
  case plain
  /// Weights of a convolution: [height, width, larger map, smaller map] in memory, and in files
  /// [smaller map, larger map, height, width], PyTorch's layout for both directions.
  case convolution
  /// One window, [height, width, channels] in memory; in files a vector in the order [channels,
  /// height, width].
  case window
  /// One map, [height, width, channels] in memory; in files [channels, height, width].
  case map
  /// A count: a whole number of 64 bits in files.
  case integer
}

/// What a parameter starts with, before training or the values of a file.
public enum ParameterStart: Equatable, Sendable {
  case constant(Float)
  /// Drawn uniformly from -bound to bound.
  case uniform(bound: Float)
  /// Drawn from a normal distribution.
  case normal(mean: Float = 0, deviation: Float)
  /// Drawn from the standard normal distribution and divided by the Euclidean norm of all values.
  case normalized

  /// Uniform within ±1/√inputs, as PyTorch's Linear and convolutions start (He et al. 2015 with a = √5).
  /// - Parameter inputs: how many values each output is made of.
  public static func fanIn(_ inputs: Int) -> ParameterStart {
    .uniform(bound: inputs > 0 ? 1 / Float(inputs).squareRoot() : 0)
  }

  /// Values of the given shape.
  /// - Parameters:
  ///   - shape: of the values.
  ///   - random: is left alone for constants.
  public func values(_ shape: Shape, using random: inout RandomSource) -> Tensor {
    switch self {
    case .constant(let value): return Tensor(repeating: value, shape)
    case .uniform(let bound): return .uniform(shape, -bound, bound, using: &random)
    case .normal(let mean, let deviation):
      return .normal(shape, mean: mean, deviation: deviation, using: &random)
    case .normalized:
      let drawn = Tensor.normal(shape, using: &random)
      return drawn / max(Float(drawn.squareSum().squareRoot()), 1e-12)
    }
  }
}

/// A value that training changes: weights, biases. Running statistics are parameters too, which are
/// not trainable.
///
/// One that a module is built with has a shape and no memory yet: its values are drawn, or those of a file.
public final class Parameter: Differentiable {
  /// Its name in checkpoints, where the property's own name does not do: `weight_ih_l0`.
  public let name: String?
  /// Whether optimizers change it.
  public let isTrainable: Bool
  /// How the values are arranged in files.
  public let stored: StoredForm
  /// The shape, which stays the same whatever the value becomes.
  public let shape: Shape
  /// What it starts with; nil for one that was made of values.
  public let start: ParameterStart?
  private var plain: Tensor
  private var recording: Tensor?

  /// A parameter with the values of a tensor, whose history is dropped.
  /// - Parameters:
  ///   - value: the values that it starts with.
  ///   - name: its name in checkpoints, where the property's own name does not do.
  ///   - isTrainable: whether optimizers change it.
  ///   - stored: how the values are arranged in files.
  public init(
    _ value: Tensor, name: String? = nil, isTrainable: Bool = true, stored: StoredForm = .plain
  ) {
    plain = value.detached
    shape = value.shape
    start = nil
    self.name = name
    self.isTrainable = isTrainable
    self.stored = stored
  }

  /// A parameter without memory, until its ``value`` is set.
  public init(
    shape: Shape, start: ParameterStart, name: String? = nil, isTrainable: Bool = true,
    stored: StoredForm = .plain
  ) {
    plain = Parameter.nothing
    self.shape = shape
    self.start = start
    self.name = name
    self.isTrainable = isTrainable
    self.stored = stored
  }

  /// The current value. Inside ``watching(_:_:)`` it is recorded.
  public var value: Tensor {
    get {
      if let recording { return recording }
      require(plain.shape == shape, "Parameter: neither drawn nor loaded")
      return plain
    }
    set {
      require(
        newValue.shape == shape,
        "Parameter: \(newValue.shape) for a parameter of shape \(shape)")
      plain = newValue.detached
      recording = nil
    }
  }

  /// How many values the shape has.
  public var count: Int { shape.count }
  /// The current ``value``, whose gradient is meant.
  public var watched: Tensor { value }

  func beginWatching() { recording = plain.watchedCopy() }
  func endWatching() { recording = nil }

  /// Puts another recorded value in the place of this one, which is returned; nil: nothing is
  /// recorded.
  func exchangeRecording(_ new: Tensor?) -> Tensor? {
    defer { recording = new }
    return recording
  }

  /// Changes the values in place where no tensor shares them, else a copy of them: optimizers. Not
  /// while the parameter is watched.
  public func update(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    require(recording == nil, "Parameter: changed while it is watched")
    var storage = plain.storage
    let isShared = !isKnownUniquelyReferenced(&plain)
    if !isShared {
      plain = Parameter.nothing
      if isKnownUniquelyReferenced(&storage) {
        body(UnsafeMutableBufferPointer(start: storage.base, count: storage.count))
        plain = Tensor(storage, shape)
        return
      }
    }
    let copy = Storage(count: storage.count)
    copy.base.update(from: storage.base, count: storage.count)
    body(UnsafeMutableBufferPointer(start: copy.base, count: copy.count))
    plain = Tensor(copy, shape)
  }

  private static var nothing: Tensor { Tensor(Storage(count: 0), [0]) }
}
