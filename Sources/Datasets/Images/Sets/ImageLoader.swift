import Files
import Kernels

/// Some images of a set.
public struct ImageBatch: Sendable {
  /// [count, height, width, channels], −1 to 1.
  public let values: [Float]
  /// The class of each; empty where the set has none.
  public let labels: [Int32]
  /// Number of images.
  public let count: Int
}

/// Batches of a set in an order that is shuffled anew each epoch. All have the same size: what is left of an
/// epoch when no whole batch fits is not shown in it.
///
/// Images that must be decoded are decoded ahead on a thread of its own, with one thread when asked for.
/// The batches are the same either way, and go on the same from a saved ``place``.
public final class ImageLoader {
  /// Where a loader stands: what the next batch will be.
  public struct Place: Sendable, Equatable {
    /// Epochs that are over.
    public var epoch: Int
    /// Images of this epoch already given.
    public var offset: Int
    /// The state of the random source as the epoch began; its order follows from it.
    public var random: RandomSource

    /// Creates a place, such as one that a checkpoint holds.
    public init(epoch: Int, offset: Int, random: RandomSource) {
      self.epoch = epoch
      self.offset = offset
      self.random = random
    }
  }

  /// Images of a batch; all of the set where it has fewer than asked for.
  public let batch: Int
  /// Whole batches in an epoch; images that are left over do not count.
  public var batchesPerEpoch: Int { images.count / batch }

  /// The set that the batches are taken from.
  public let images: any ExampleSet
  private let isMirrored: Bool
  /// The order of an epoch, and which of its images are mirrored.
  private var order: ImageOrder
  /// Where the next batch to be asked for begins, and those asked for but not given.
  private var ahead: Place
  private var requests: [Request] = []
  private let work: BackgroundWork<Request, Result<[Float], AIGCError>>?
  private static let depth = 2

  private struct Request: Sendable {
    let place: Place
    let indices: [Int]
    let mirrored: [Bool]
  }

  /// The same at another place.
  public func at(_ place: Place) -> ImageLoader {
    ImageLoader(images, batch: batch, at: place, isMirrored: isMirrored)
  }

  /// - Parameters:
  ///   - set: the images.
  ///   - batch: images of one batch, 1 or more; no more than the set has are taken.
  ///   - random: gives the orders, and which images are mirrored.
  ///   - isMirrored: whether half of the images, by chance, are turned left to right.
  public convenience init(
    _ set: any ExampleSet, batch: Int, random: RandomSource, isMirrored: Bool = false
  ) {
    self.init(
      set, batch: batch, at: Place(epoch: 0, offset: 0, random: random), isMirrored: isMirrored)
  }

  /// Goes on where another loader of the same set, batch size and mirroring stood. The place must be one of
  /// the set: whoever reads it from a file checks that.
  public init(_ set: any ExampleSet, batch: Int, at place: Place, isMirrored: Bool = false) {
    require(batch > 0, "ImageLoader: a batch of \(batch)")
    require(
      (0...set.count).contains(place.offset),
      "ImageLoader: place \(place.offset) of \(set.count)")
    images = set
    self.batch = min(batch, set.count)
    self.isMirrored = isMirrored
    order = ImageOrder(count: set.count, isMirrored: isMirrored, place.random)
    ahead = place
    if set.isInMemory || Threads.count == 1 {
      work = nil
    } else {
      work = BackgroundWork { request in
        Result { () throws(AIGCError) in
          try set.values(request.indices, mirrored: request.mirrored, isParallel: false)
        }
      }
    }
  }

  /// Where the next batch begins.
  public var place: Place { requests.first?.place ?? startOfBatch(ahead) }

  /// The next batch.
  /// - Throws: ``/Files/AIGCError`` (badInput) when an image's file was changed since the set was opened.
  public func next() throws(AIGCError) -> ImageBatch {
    let request: Request
    let values: [Float]
    if let work {
      while requests.count < Self.depth {
        let next = makeRequest()
        requests.append(next)
        work.submit(next)
      }
      request = requests.removeFirst()
      values = try work.take().get()
    } else {
      request = makeRequest()
      values = try images.values(request.indices, mirrored: request.mirrored, isParallel: false)
    }
    let labels = images.labels.map { all in request.indices.map { all[$0] } } ?? []
    return ImageBatch(values: values, labels: labels, count: batch)
  }

  /// The same place, or the start of the next epoch when no whole batch is left in this one.
  private func startOfBatch(_ place: Place) -> Place {
    if place.offset + batch <= images.count { return place }
    // A damaged checkpoint may say any number.
    return Place(epoch: place.epoch &+ 1, offset: 0, random: order.end)
  }

  private func makeRequest() -> Request {
    let start = startOfBatch(ahead)
    if start.epoch != ahead.epoch {
      order = ImageOrder(count: images.count, isMirrored: isMirrored, start.random)
    }
    let range = start.offset..<start.offset + batch
    ahead = start
    ahead.offset += batch
    return Request(
      place: start, indices: order.indices[range].map { Int($0) },
      mirrored: isMirrored ? Array(order.mirrored[range]) : [])
  }
}

/// One epoch's order.
private struct ImageOrder {
  var indices: [Int32]
  var mirrored: [Bool] = []
  /// The random source after it: where the next epoch begins.
  let end: RandomSource

  init(count: Int, isMirrored: Bool, _ random: RandomSource) {
    var random = random
    indices = (0..<Int32(count)).map { $0 }
    random.shuffle(&indices)
    if isMirrored { mirrored = (0..<count).map { _ in random.next() >> 63 == 1 } }
    end = random
  }
}
