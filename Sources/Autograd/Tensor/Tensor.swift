import Kernels

/// A block of float32 values with a shape: contiguous, row-major, never changed once made. It may
/// know how it was computed (its node), which gradients follow back.
///
/// Shape mistakes are programming errors and stop the program with the operation's name and both
/// shapes; what users can get wrong (files, flags) is checked before tensors are made.
public final class Tensor {
  /// The sizes of the axes, outermost first.
  public let shape: Shape
  let storage: Storage
  /// How this was computed, where that is recorded.
  @exclusivity(unchecked) private(set) var node: Node?

  @inline(__always)
  init(storage: Storage, shape: Shape, node: Node?) {
    self.storage = storage
    self.shape = shape
    self.node = node
  }

  /// Without history.
  @inline(__always)
  convenience init(_ storage: Storage, _ shape: Shape) {
    self.init(storage: storage, shape: shape, node: nil)
  }

  /// Says how this tensor was computed, before anybody else sees it.
  @inline(__always)
  func attach(_ node: Node) {
    require(self.node == nil, "a tensor that has a history gets another")
    self.node = node
  }

  /// - Parameters:
  ///   - values: as many as the shape holds, row by row.
  ///   - shape: of the tensor.
  public convenience init(_ values: [Float], _ shape: Shape) {
    require(values.count == shape.count, "Tensor: \(values.count) values for \(shape)")
    self.init(shape) { memory in
      values.withUnsafeBufferPointer { source in
        if let base = source.baseAddress, let to = memory.baseAddress {
          to.update(from: base, count: source.count)
        }
      }
    }
  }

  /// One value without axes.
  public convenience init(_ value: Float) { self.init(repeating: value, []) }

  /// A tensor in which every value is `value`.
  public convenience init(repeating value: Float, _ shape: Shape) {
    self.init(shape) { $0.update(repeating: value) }
  }

  /// Values written by `body` into fresh memory of `shape.count` values.
  public convenience init(_ shape: Shape, fill body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let storage = Storage(count: shape.count)
    body(UnsafeMutableBufferPointer(start: storage.base, count: shape.count))
    self.init(storage, shape)
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: Shape) -> Tensor { Tensor(repeating: 0, shape) }
  /// A tensor of ones.
  public static func ones(_ shape: Shape) -> Tensor { Tensor(repeating: 1, shape) }

  /// The number of axes.
  public var rank: Int { shape.rank }
  /// How many values there are.
  public var count: Int { storage.count }

  /// All values, row by row.
  public var values: [Float] { Array(UnsafeBufferPointer(start: storage.base, count: count)) }

  /// The value of a tensor that has one.
  public var item: Float {
    require(count == 1, "item: the tensor has the shape \(shape)")
    return storage.base[0]
  }

  /// The same values without history.
  public var detached: Tensor { node == nil ? self : Tensor(storage, shape) }

  /// Whether gradients can be followed back from here.
  public var isRecorded: Bool { node != nil }

  /// Reads the values in place.
  public func withValues<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    try body(UnsafeBufferPointer(start: storage.base, count: count))
  }

  /// Whether every value is finite. One pass at the speed of memory.
  public var isFinite: Bool { withValues(areFinite) }

  @inline(__always)
  var base: UnsafeMutablePointer<Float> { storage.base }
  @inline(__always)
  var pointer: UnsafePointer<Float> { UnsafePointer(storage.base) }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first eight values, for debugging.
  public var description: String {
    let shown = values.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "Tensor\(shape) [\(shown)\(count > 8 ? ", …" : "")]"
  }
}
