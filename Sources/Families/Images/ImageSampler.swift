import Datasets
import Files
import Training

/// Where an image comes from.
public struct LatentStart: Sendable {
  /// The numbers of the latent.
  public var latent: [Float]
  /// Its class; empty for a model without.
  public var labels: [Int32]
}

/// Makes images of seeds and puts them together.
public struct ImageSampler {
  private let model: any ImageModel
  /// The labels that images have in turn; empty: each draws its own.
  private let labels: [Int32]
  /// Pixels of a side of each pixel.
  private let scale: Int

  /// Is told how many images of a request are made, and how many were asked for; what it throws ends the
  /// work.
  public var progress: (_ made: Int, _ count: Int) throws(AIGCError) -> Void = { _, _ in }

  /// The most pixels of one sheet or of all frames of an animation.
  private static let largest = 1 << 28
  /// Images that are made before they are written.
  private static let block = 64

  /// Creates a sampler.
  /// - Parameters:
  ///   - model: makes the images.
  ///   - labels: the classes that images have in turn; empty: each draws its own, where the model
  ///     has classes.
  ///   - scale: the side of the square of pixels that is drawn for each pixel, 1 or more.
  public init(_ model: any ImageModel, labels: [Int32], scale: Int) {
    self.model = model
    self.labels = labels
    self.scale = scale
  }

  /// The model, where places between latents are asked for.
  private func generator() throws(AIGCError) -> any ImageGenerator {
    if let generator = model as? any ImageGenerator { return generator }
    throw .usage("this model makes no images of latents: there is nothing to walk between")
  }

  /// A sheet of the images of `seeds`, as the one image of the array.
  public func sheet(_ seeds: [UInt64], columns: Int) throws(AIGCError) -> [Image] {
    try check(images: seeds.count)
    return [Image.grid(try images(request(seeds)), columns: columns)]
  }

  /// Writes each image to a file of its own, named by its seed.
  /// - Returns: The paths.
  public func writeEach(_ seeds: [UInt64], to folder: String) throws(AIGCError) -> [String] {
    try makeFolder(folder)
    var paths: [String] = []
    for first in stride(from: 0, to: seeds.count, by: Self.block) {
      let part = Array(seeds[first..<min(first + Self.block, seeds.count)])
      for (seed, image) in zip(part, try images(request(part, from: first))) {
        let digits = String(seed)
        let zeros = String(repeating: "0", count: max(0, 4 - digits.count))
        paths.append("\(folder)/seed\(zeros)\(digits).png")
        try image.write(to: paths[paths.count - 1])
      }
    }
    return paths
  }

  /// A sheet whose rows lead from each latent to the next, the last one to the first.
  /// - Parameters:
  ///   - starts: the latents, with their classes.
  ///   - columns: images of a row.
  ///   - rows: of the sheet; nil: one from each of them.
  public func strips(
    _ starts: [LatentStart], columns: Int, rows: Int? = nil
  ) throws(AIGCError) -> [Image] {
    let rows = min(rows ?? starts.count, starts.count)
    try check(images: rows * columns)
    let walk = LatentWalk(starts.map { $0.latent })
    var (latents, classes): ([Float], [Int32]) = ([], [])
    for (row, start) in starts.prefix(rows).enumerated() {
      for column in 0..<columns {
        let share = columns == 1 ? 0 : Double(column) / Double(columns - 1)
        latents += walk[Double(row) + share]
        classes += start.labels
      }
    }
    return [
      Image.grid(
        try images(
          ImageRequest(latents: latents, count: rows * columns, labels: classes)), columns: columns)
    ]
  }

  /// An animation of `cells` walks beside each other, each over its share of the latents and back.
  public func animation(
    _ starts: [LatentStart], cells: Int, columns: Int, frames: Int
  ) throws(AIGCError) -> [Image] {
    guard starts.count >= cells else {
      throw .usage(
        "\(counted(starts.count, "seed")) for \(counted(cells, "walk")): a seed for each is needed at least"
      )
    }
    try check(images: cells * frames)
    let keys = starts.count / cells
    let walks = (0..<cells).map { cell in
      LatentWalk(starts[cell * keys..<(cell + 1) * keys].map { $0.latent })
    }
    var sheets: [Image] = []
    for frame in 0..<frames {
      let place = Double(frame * keys) / Double(frames)
      let latents = walks.flatMap { $0[place] }
      let classes = (0..<cells).flatMap { starts[$0 * keys].labels }
      sheets.append(
        Image.grid(
          try images(
            ImageRequest(latents: latents, count: cells, labels: classes)), columns: columns))
    }
    return sheets
  }

  /// A sheet of the places of a plane.
  public func plane(_ plane: LatentPlane) throws(AIGCError) -> [Image] {
    let generator = try generator()
    guard max(plane.axes.right, plane.axes.down) < generator.latentCount else {
      throw .usage("`axes`: the model's latents have \(generator.latentCount) numbers, from 0")
    }
    let count = plane.columns * plane.rows
    try check(images: count)
    guard generator.classes.isEmpty || labels.count == 1 else {
      throw .usage("`plane(_:)`: this model needs one `labels`")
    }
    let classes = generator.classes.isEmpty ? [] : [Int32](repeating: labels[0], count: count)
    let made = try images(
      ImageRequest(
        latents: plane.latents(count: generator.latentCount), count: count, labels: classes))
    return [Image.grid(made, columns: plane.columns)]
  }

  /// Refuses more images than one file holds.
  func check(images count: Int) throws(AIGCError) {
    let pixels = model.width * model.height * scale * scale
    guard count <= Self.largest / pixels else {
      throw .usage(
        "\(counted(count, "image")) of \(pixels) pixels: too many for one file; see `writeEach(_:to:)`"
      )
    }
  }

  /// Latents and labels of seeds, the first of which is number `first` of all.
  /// - Throws: ``/Files/AIGCError`` (usage) for a model without latents.
  public func draws(_ seeds: [UInt64], from first: Int = 0) throws(AIGCError) -> [LatentStart] {
    let generator = try generator()
    return seeds.enumerated().map { index, seed in
      let drawn = generator.draw(
        seed: seed, label: labels.isEmpty ? nil : labels[(first + index) % labels.count])
      return LatentStart(latent: drawn.latent, labels: drawn.labels)
    }
  }

  /// Latents and labels of images in files. Walks between them keep to the sphere as those between drawn
  /// latents do: halfway between two test images of MNIST the article's network is as sure of its pixels
  /// as at the ends (an entropy of 93 nats, 92 there), on a straight line less so (110).
  /// - Throws: ``/Files/AIGCError``: usage for a model that finds no latents, and where it needs their classes;
  ///   badInput for an image that cannot be read.
  public func encoded(
    _ paths: [String], ignoresOrientation: Bool = false, _ notices: NoticeHandler = { _ in }
  ) throws(AIGCError) -> [LatentStart] {
    guard let encoder = model as? any ImageEncoder else {
      throw .usage("this model makes images of latents only: it finds no latents of images")
    }
    guard model.classes.isEmpty || !labels.isEmpty else {
      throw .usage("`labels`: this model needs the classes of the images: `labels` 3,5")
    }
    var starts: [LatentStart] = []
    for path in paths {
      var options = ImageOptions(size: model.size, channels: model.channels)
      options.ignoresOrientation = ignoresOrientation || model.ignoresOrientation
      let set = try openImages(path, options, notices)
      guard set.count == 1 else {
        throw .usage("\(path): \(counted(set.count, "image")), not one")
      }
      let classes = labels.isEmpty ? [] : [labels[starts.count % labels.count]]
      starts.append(
        LatentStart(
          latent: try encoder.latents(of: set.values([0]), labels: classes), labels: classes))
    }
    return starts
  }

  /// A request for seeds, the first of which is number `first` of all.
  private func request(_ seeds: [UInt64], from first: Int = 0) -> ImageRequest {
    let classes = seeds.indices.compactMap { index in
      labels.isEmpty ? nil : labels[(first + index) % labels.count]
    }
    return ImageRequest(seeds: seeds, labels: classes)
  }

  private func images(_ request: ImageRequest) throws(AIGCError) -> [Image] {
    let values = try model.images(request) { (made) throws(AIGCError) in
      try progress(made, request.count)
    }
    return Image.images(values: values, size: model.size, channels: model.channels)
      .map { $0.enlarged(by: scale) }
  }
}
