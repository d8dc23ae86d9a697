import Checkpoints
import Datasets
import Files
import Kernels

/// A loader's place in a checkpoint: [epoch, offset, four words of the random source].
extension PictureLoader.Place {
  public func tensor(name: String) -> NewTensor {
    let words = [random.state.0, random.state.1, random.state.2, random.state.3]
    return NewTensor(
      name: name, shape: [6],
      integers: [Int64(epoch), Int64(offset)] + words.map { Int64(bitPattern: $0) })
  }

  /// - Parameter pictures: what the place is in.
  /// - Throws: ``AIGCError`` (badInput) when it is damaged, or no place in these pictures.
  public init(
    _ checkpoint: Checkpoint, _ name: String, of pictures: any ExampleSet
  ) throws(AIGCError) {
    let values = try checkpoint.tensor(name).integers()
    guard values.count == 6, (0...1 << 53).contains(values[0]),
      (0...Int64(pictures.count)).contains(values[1])
    else { throw .badInput("\(checkpoint.path): \(name) is no place in the pictures") }
    let words = values[2...].map { UInt64(bitPattern: $0) }
    self.init(
      epoch: Int(values[0]), offset: Int(values[1]),
      random: RandomSource(state: (words[0], words[1], words[2], words[3])))
  }
}
