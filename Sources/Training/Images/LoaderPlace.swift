import Checkpoints
import Datasets
import Files
import Kernels

/// A loader's place in a checkpoint: [epoch, offset, four words of the random source].
extension ImageLoader.Place {
  /// The place as a tensor of six integers, to be read by ``init(_:_:of:)``.
  public func tensor(name: String) -> NewTensor {
    let words = [random.state.0, random.state.1, random.state.2, random.state.3]
    return NewTensor(
      name: name, shape: [6],
      integers: [Int64(epoch), Int64(offset)] + words.map { Int64(bitPattern: $0) })
  }

  /// - Parameter images: what the place is in.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is damaged, or no place in these images.
  public init(
    _ checkpoint: Checkpoint, _ name: String, of images: any ExampleSet
  ) throws(AIGCError) {
    let values = try checkpoint.tensor(name).integers()
    guard values.count == 6, (0...1 << 53).contains(values[0]),
      (0...Int64(images.count)).contains(values[1])
    else { throw .badInput("\(checkpoint.path): \(name) is no place in the images") }
    let words = values[2...].map { UInt64(bitPattern: $0) }
    self.init(
      epoch: Int(values[0]), offset: Int(values[1]),
      random: RandomSource(state: (words[0], words[1], words[2], words[3])))
  }
}

extension ImageLoader {
  /// Where a training stands in its examples, for a checkpoint.
  /// - Parameters:
  ///   - seen: examples learned from.
  ///   - isCollapsed: whether the last evaluation found a collapse.
  public func progress(seen: Int, isCollapsed: Bool = false) -> [NewTensor] {
    [
      place.tensor(name: "place"),
      NewTensor(
        name: "pictures", shape: [3],
        integers: [Int64(images.count), Int64(seen), isCollapsed ? 1 : 0]),
    ]
  }

  /// What ``progress(seen:isCollapsed:)`` gave, and a loader at that place.
  /// - Throws: ``/Files/AIGCError``: mismatch for other examples than this loader's, badInput for a damaged
  ///   file.
  public func restored(
    _ progress: Checkpoint, prefix: String
  ) throws(AIGCError) -> (loader: ImageLoader, seen: Int, isCollapsed: Bool) {
    let counts = try progress.tensor("\(prefix)pictures").integers()
    guard counts.count > 1, counts[0] == images.count else {
      throw .mismatch(
        "\(progress.path): a run on \(counts.first ?? 0) examples, not \(images.count); go on with "
          + "the same data, `heldOut.path` and `heldOut.share`")
    }
    let place = try Place(progress, "\(prefix)place", of: images)
    return (at(place), Int(clamping: counts[1]), counts.count > 2 && counts[2] != 0)
  }
}
