import ArgumentParser
import Console
import Datasets
import Files
import Kernels

/// The flags of pictures to learn from.
struct PictureArguments: ParsableArguments {
  @Option(help: "A file of labels of MNIST's kind, for a file of pictures.", completion: .file())
  var labels: String?
  @Option(
    name: [.customLong("image-size"), .customLong("resolution")],
    help: "Size of the pictures: 32, 48x32 (wide x high).")
  var imageSize: PictureSize?
  @Option(help: "1 (grey), 3 (colour) or 4 (with alpha); default: the data's.")
  var channels: Int?
  @Option(help: "How pictures come to the size: pad, crop or stretch (default: the data's way).")
  var fit: PictureOptions.Fit?
  @Option(help: "What a picture that cannot be read does: skip or fail (default fail).")
  var badPictures: PictureOptions.BadPictures?
  @Option(parsing: .unconditional, help: "At most so many pictures.")
  var limit: Int?
  @Option(help: "Convolutions: fast, or exact sums of products (default fast).")
  var convolution: ConvolutionMode?

  func validate() throws {
    if let channels, ![1, 3, 4].contains(channels) {
      throw ValidationError("--channels \(channels): 1, 3 or 4")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a number from 1 up") }
  }

  var options: PictureOptions {
    var result = PictureOptions(size: imageSize, channels: channels)
    result.fit = fit
    if let badPictures { result.badPictures = badPictures }
    result.limit = limit
    return result
  }
}

extension PictureSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension PictureOptions.Fit: ExpressibleByArgument {}
extension PictureOptions.BadPictures: ExpressibleByArgument {}
extension ConvolutionMode: ExpressibleByArgument {}
