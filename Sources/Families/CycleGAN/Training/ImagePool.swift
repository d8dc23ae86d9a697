import Autograd
import Checkpoints
import Files
import Kernels

/// Translated images of earlier steps, so that discriminators do not only see what the generators make just
/// now (Shrivastava et al. 2017; pytorch-CycleGAN's `ImagePool`).
struct ImagePool {
  private let limit: Int
  /// Values of an image.
  private let length: Int
  private var images: [[Float]] = []

  /// - Parameters:
  ///   - limit: images that are kept; 0: none.
  ///   - length: values of an image.
  init(limit: Int, length: Int) { (self.limit, self.length) = (limit, length) }

  /// For each new image itself or, half of the time once the pool is full, one of the pool, whose place the
  /// new one takes.
  /// - Parameter new: [images, height, width, channels], without history.
  mutating func exchanged(_ new: Tensor, using random: inout RandomSource) -> Tensor {
    let limit = limit
    return exchanged(new) {
      random.uniform() > 0.5 ? Int(random.integer(below: UInt64(limit))) : nil
    }
  }

  /// - Parameter draw: the place that is exchanged when the pool is full; nil: none is.
  mutating func exchanged(_ new: Tensor, _ draw: () -> Int?) -> Tensor {
    guard limit > 0 else { return new }
    var values = new.values
    for first in stride(from: 0, to: values.count, by: length) {
      let image = Array(values[first..<first + length])
      if images.count < limit {
        images.append(image)
      } else if let place = draw() {
        values.replaceSubrange(first..<first + length, with: images[place])
        images[place] = image
      }
    }
    return Tensor(values, new.shape)
  }

  /// For a checkpoint.
  func tensor(name: String) throws(AIGCError) -> NewTensor {
    NewTensor(
      name: name, shape: [images.count, length], table: try Table(images.flatMap { $0 }))
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is damaged.
  mutating func restore(_ checkpoint: Checkpoint, _ name: String) throws(AIGCError) {
    let stored = try checkpoint.tensor(name)
    guard stored.shape.count == 2, stored.shape[1] == length, stored.shape[0] <= limit else {
      throw .badInput("\(checkpoint.path): \(name) is damaged")
    }
    let values = try stored.floats()
    images = (0..<stored.shape[0]).map { Array(values[$0 * length..<($0 + 1) * length]) }
  }
}
