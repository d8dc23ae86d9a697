import Datasets
import Files
import Training

/// Images above what a model makes of them again.
struct Reconstructions {
  /// Inside a run's folder.
  static let fileName = "reconstructions.png"
  /// Images that are shown of a run.
  static let count = 32
  private static let columns = 16

  private let images: [Image]

  /// - Parameters:
  ///   - values: [images, height, width, channels], from -1 to 1.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Throws: ``/Files/AIGCError``: see ``VAEModel/posterior(_:labels:)``.
  init(_ model: VAEModel, _ values: [Float], labels: [Int32]) throws(AIGCError) {
    let latents = try model.posterior(values, labels: labels).means
    let again = try model.images(latents: latents, labels: labels)
    self.init(model, values, again)
  }

  /// - Parameters:
  ///   - model: says the size.
  ///   - values: of the images.
  ///   - again: what became of them.
  init(_ model: some ImageGenerator, _ values: [Float], _ again: [Float]) {
    let size = ImageSize(width: model.width, height: model.height)
    let left = Image.images(values: values, size: size, channels: model.channels)
    let right = Image.images(values: again, size: size, channels: model.channels)
    // A row of images, below it a row of what became of them.
    var rows: [Image] = []
    for first in stride(from: 0, to: left.count, by: Self.columns) {
      let end = min(first + Self.columns, left.count)
      rows += left[first..<end] + right[first..<end]
    }
    images = rows
  }

  var sheet: Image { Image.grid(images, columns: min(Self.columns, images.count / 2)) }
}
