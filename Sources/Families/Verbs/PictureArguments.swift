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
  @OptionGroup(title: "Pictures") var reading: PictureReadingArguments
  @Option(parsing: .unconditional, help: "At most so many pictures.")
  var limit: Int?
  @Option(help: "Only pictures of these classes, by name or number: 3 or cats,dogs.")
  var only: String?
  @Option(help: "No pictures of these classes.")
  var without: String?
  @Option(help: "Convolutions: fast, or exact sums of products (default fast).")
  var convolution: ConvolutionMode?

  func validate() throws {
    if let channels, ![1, 3, 4].contains(channels) {
      throw ValidationError("--channels \(channels): 1, 3 or 4")
    }
    if let limit, limit < 1 { throw ValidationError("--limit \(limit): a number from 1 up") }
    if only != nil, without != nil { throw ValidationError("--only or --without, not both") }
  }

  var options: PictureOptions {
    var result = PictureOptions(size: imageSize, channels: channels)
    result.fit = fit
    reading.apply(to: &result)
    result.limit = limit
    result.classes =
      only.map { .only(commaSeparated($0)) } ?? without.map { .without(commaSeparated($0)) }
    return result
  }
}

/// The names in a list with commas.
func commaSeparated(_ list: String) -> [String] {
  list.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
}

extension PictureSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension PictureOptions.Fit: ExpressibleByArgument {}
extension PictureOptions.BadPictures: ExpressibleByArgument {}
extension ConvolutionMode: ExpressibleByArgument {}
