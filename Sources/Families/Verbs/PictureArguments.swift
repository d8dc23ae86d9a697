import ArgumentParser
import Datasets
import Files
import Kernels

/// The flags of commands that learn from pictures: what is read, and in which form.
struct PictureArguments: ParsableArguments {
  @Option(
    help: "Sides of the pictures: 32, 48x32 (default: those of the data).",
    transform: { text in
      guard let size = PictureSize(text) else {
        throw ValidationError("--image-size \(text): 32, or 48x32")
      }
      return size
    })
  var imageSize: PictureSize?
  @Option(help: "1 for grey, 3 for colours (default: as the data).")
  var channels: Int?
  @Option(help: "How pictures come to --image-size: \(words(PictureOptions.Fit.self)).")
  var fit: PictureOptions.Fit?
  @Option(help: "A picture that cannot be read: skip it, or fail.")
  var badPictures: PictureOptions.BadPictures?
  @Option(help: "Labels of an IDX file of pictures (default: found by its name).")
  var labels: String?
  @Option(help: "How convolutions are computed: \(words(ConvolutionMode.self)) (default fast).")
  var convolution: ConvolutionMode?

  func validate() throws {
    if let channels, ![1, 3].contains(channels) {
      throw ValidationError("--channels \(channels): 1 or 3")
    }
  }

  var options: PictureOptions {
    var result = PictureOptions(size: imageSize, channels: channels)
    result.fit = fit
    if let badPictures { result.badPictures = badPictures }
    return result
  }
}

extension PictureOptions.Fit: ExpressibleByArgument {}
extension PictureOptions.BadPictures: ExpressibleByArgument {}
extension ConvolutionMode: ExpressibleByArgument {}

private func words<Choice: CaseIterable & RawRepresentable>(_: Choice.Type) -> String
where Choice.RawValue == String { Choice.allCases.map { $0.rawValue }.joined(separator: ", ") }
