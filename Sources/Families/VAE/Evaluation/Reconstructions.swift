import Datasets
import Files
import Training

/// Pictures above what a model makes of them again.
struct Reconstructions {
  /// Inside a run's folder.
  static let fileName = "reconstructions.png"
  /// Pictures that are shown of a run.
  static let count = 32
  private static let columns = 16

  private let pictures: [Picture]

  /// - Parameters:
  ///   - values: [pictures, height, width, channels], from -1 to 1.
  ///   - labels: the class of each; empty for a model without classes.
  /// - Throws: ``AIGCError``: see ``VAEModel/posterior(_:labels:)``.
  init(_ model: VAEModel, _ values: [Float], labels: [Int32]) throws(AIGCError) {
    let latents = try model.posterior(values, labels: labels).means
    let again = try model.pictures(latents: latents, labels: labels)
    self.init(model, values, again)
  }

  /// - Parameters:
  ///   - model: says the size.
  ///   - values: of the pictures.
  ///   - again: what became of them.
  init(_ model: some ImageGenerator, _ values: [Float], _ again: [Float]) {
    let size = PictureSize(width: model.width, height: model.height)
    let left = Picture.pictures(values: values, size: size, channels: model.channels)
    let right = Picture.pictures(values: again, size: size, channels: model.channels)
    // A row of pictures, below it a row of what became of them.
    var rows: [Picture] = []
    for first in stride(from: 0, to: left.count, by: Self.columns) {
      let end = min(first + Self.columns, left.count)
      rows += left[first..<end] + right[first..<end]
    }
    pictures = rows
  }

  var sheet: Picture { Picture.grid(pictures, columns: min(Self.columns, pictures.count / 2)) }
}
