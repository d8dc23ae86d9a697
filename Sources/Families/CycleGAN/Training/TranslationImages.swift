import Checkpoints
import Datasets
import Files
import Kernels
import Training

/// The images of a run, two sets or pairs, in batches that are cut to the model's size.
struct TranslationImages: @unchecked Sendable {
  // Loaders are used by the training alone; what is shared are the sets, which never change.
  /// The sides of what is learned from.
  let size: ImageSize
  let a: ImageSet
  let b: ImageSet
  private var loaders: [ImageLoader]

  /// - Parameters:
  ///   - a: images of domain A, of the size at which they are loaded.
  ///   - b: images of domain B of the same size; with pairs as many, in the same order.
  ///   - isPaired: whether images of the same place belong together.
  ///   - size: that parts of are cut out.
  ///   - trainer: batch size and seed.
  init(
    _ a: ImageSet, _ b: ImageSet, isPaired: Bool, size: ImageSize, isMirrored: Bool,
    _ trainer: TrainerConfiguration
  ) {
    (self.a, self.b, self.size) = (a, b, size)
    // Streams of the seed: 0 draws the weights, 1 dropout, pools and cuts.
    let sets: [any ExampleSet] = isPaired ? [PairedImages(a, b)] : [a, b]
    let batch = min(trainer.batchSize, a.count, b.count)
    loaders = sets.enumerated().map { index, set in
      ImageLoader(
        set, batch: batch, random: RandomSource(seed: trainer.seed, stream: 2 + index),
        isMirrored: isMirrored)
    }
  }

  /// The next images of both domains, [batch, height, width, channels].
  mutating func next(
    using random: inout RandomSource
  ) throws(AIGCError) -> (a: [Float], b: [Float], count: Int) {
    let first = try loaders[0].next()
    guard loaders.count > 1 else {
      let half = first.values.count / first.count / 2
      var (a, b): ([Float], [Float]) = ([], [])
      for index in 0..<first.count {
        let start = 2 * index * half
        a += first.values[start..<start + half]
        b += first.values[start + half..<start + 2 * half]
      }
      let cuts = cuts(first.count, &random)
      return (cut(a, cuts), cut(b, cuts), first.count)
    }
    let second = try loaders[1].next()
    let (cutsA, cutsB) = (cuts(first.count, &random), cuts(first.count, &random))
    return (cut(first.values, cutsA), cut(second.values, cutsB), first.count)
  }

  /// Where parts of images begin.
  private func cuts(_ count: Int, _ random: inout RandomSource) -> [(x: Int, y: Int)] {
    let (columns, rows) = (a.size.width - size.width, a.size.height - size.height)
    return (0..<count).map { _ in
      (
        columns > 0 ? Int(random.integer(below: UInt64(columns + 1))) : 0,
        rows > 0 ? Int(random.integer(below: UInt64(rows + 1))) : 0
      )
    }
  }

  func cut(_ values: [Float], _ cuts: [(x: Int, y: Int)]) -> [Float] {
    if a.size == size { return values }
    let (width, channels) = (a.size.width, a.channels)
    let length = width * a.size.height * channels
    var result: [Float] = []
    result.reserveCapacity(cuts.count * size.width * size.height * channels)
    for (index, place) in cuts.enumerated() {
      for row in place.y..<place.y + size.height {
        let first = index * length + (row * width + place.x) * channels
        result += values[first..<first + size.width * channels]
      }
    }
    return result
  }

  // MARK: Resuming

  func progress(seen: Int) -> [NewTensor] {
    loaders.enumerated().flatMap { index, loader in
      loader.progress(seen: seen).map { $0.renamed("\(Self.names[index]).\($0.name)") }
    }
  }

  /// - Returns: images that were learned from.
  mutating func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) -> Int {
    var seen = 0
    for index in loaders.indices {
      (loaders[index], seen, _) = try loaders[index].restored(
        progress, prefix: "\(prefix)\(Self.names[index]).")
    }
    return seen
  }

  private static let names = ["a", "b"]
}

/// Images that belong together, one of A and one of B after it.
private struct PairedImages: ExampleSet {
  private let a: ImageSet
  private let b: ImageSet

  init(_ a: ImageSet, _ b: ImageSet) { (self.a, self.b) = (a, b) }

  var count: Int { a.count }
  var labels: [Int32]? { nil }
  var isInMemory: Bool { a.isInMemory && b.isInMemory }

  func values(
    _ indices: [Int], mirrored: [Bool], isParallel: Bool
  ) throws(AIGCError) -> [Float] {
    let first = try a.values(indices, mirrored: mirrored, isParallel: isParallel)
    let second = try b.values(indices, mirrored: mirrored, isParallel: isParallel)
    let length = first.count / max(indices.count, 1)
    var result: [Float] = []
    result.reserveCapacity(2 * first.count)
    for start in stride(from: 0, to: first.count, by: max(length, 1)) {
      result += first[start..<start + length]
      result += second[start..<start + length]
    }
    return result
  }

  func subset(_ indices: [Int]) -> PairedImages {
    PairedImages(a.subset(indices), b.subset(indices))
  }
}

extension ImageSet {
  /// The images of two sets that have the same file name, in the order of the names.
  /// - Throws: ``/Files/AIGCError`` (badInput) where there is none.
  static func pairs(_ a: ImageSet, _ b: ImageSet) throws(AIGCError) -> (a: ImageSet, b: ImageSet) {
    func places(_ set: ImageSet) -> [String: Int] {
      var places: [String: Int] = [:]
      for index in 0..<set.count {
        let name = lastComponent(of: set.name(of: index))
        let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        if places[stem] == nil { places[stem] = index }
      }
      return places
    }
    let (first, second) = (places(a), places(b))
    let common = first.keys.filter { second[$0] != nil }.sorted()
    guard !common.isEmpty else {
      throw .badInput("\(a.path), \(b.path): no two images have the same name")
    }
    return (
      a.subset(common.compactMap { first[$0] }), b.subset(common.compactMap { second[$0] })
    )
  }
}
