/// How a parameter stands in files, where that is not as it lies in memory.
public enum StoredForm: Sendable {
  case plain
  /// Weights of a convolution: [height, width, larger map, smaller map] in memory, and in files
  /// [smaller map, larger map, height, width], PyTorch's layout for both directions.
  case convolution
  /// One window, [height, width, channels] in memory; in files a vector in the order [channels,
  /// height, width].
  case window
  /// A count: a whole number of 64 bits in files.
  case integer
}

/// A value that training changes: weights, biases. Running statistics are parameters too, which are
/// not trainable.
public final class Parameter: Differentiable {
  /// Its name in checkpoints, where the property's own name does not do: `weight_ih_l0`.
  public let name: String?
  /// Whether optimizers change it.
  public let isTrainable: Bool
  public let stored: StoredForm
  private var plain: Tensor
  private var recording: Tensor?

  public init(
    _ value: Tensor, name: String? = nil, isTrainable: Bool = true, stored: StoredForm = .plain
  ) {
    plain = value.detached
    self.name = name
    self.isTrainable = isTrainable
    self.stored = stored
  }

  /// The current value. Inside ``watching(_:_:)`` it is recorded.
  public var value: Tensor {
    get { recording ?? plain }
    set {
      precondition(
        newValue.shape == plain.shape,
        "Parameter: \(newValue.shape) for a parameter of shape \(plain.shape)")
      plain = newValue.detached
      recording = nil
    }
  }

  public var shape: Shape { plain.shape }
  public var count: Int { plain.count }
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
    precondition(recording == nil, "Parameter: changed while it is watched")
    let shape = plain.shape
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
