import ArgumentParser
import Console
import Datasets
import Families
import Files
import Kernels
import Training

/// The flags of images to learn from.
struct ImageArguments: ParsableArguments {
  @Option(help: "A file of labels of MNIST's kind, for a file of images.", completion: .file())
  var labels: String?
  @Option(
    name: [.customLong("image-size"), .customLong("resolution")],
    help: "Size of the images: 32, 48x32 (wide x high; default: the data's, of train dcgan 32).")
  var imageSize: ImageSize?
  @Option(help: "1 (grey), 3 (colour) or 4 (with alpha); default: the data's.")
  var channels: Int?
  @Option(help: "How images come to the size: pad, crop or stretch (default: the data's way).")
  var fit: ImageOptions.Fit?
  @OptionGroup(title: "Images") var reading: ImageReadingFlags
  @Option(parsing: .unconditional, help: "At most so many images (default: all).")
  var limit: Int?
  @Option(help: "Only images of these classes, by name or number: 3 or cats,dogs.")
  var only: String?
  @Option(help: "No images of these classes.")
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

  /// The images at `path`.
  /// - Parameter saved: a run that goes on: the same data as it was started with.
  func source(_ path: String, resuming saved: SavedRun?) -> ImageSource {
    var result = reading.options(
      size: imageSize, channels: channels, fit: fit, limit: limit, resuming: saved)
    result.classes =
      (only ?? saved?["--only"]).map { .only(commaSeparated($0)) }
      ?? (without ?? saved?["--without"]).map { .without(commaSeparated($0)) }
    return ImageSource(path, labels: labels, options: result)
  }

  /// What a run keeps of it.
  /// - Parameters:
  ///   - size: of the images; nil: follows from the data.
  ///   - channels: of the images; nil: follows from the data.
  func settings(size: ImageSize?, channels: Int?) -> [RunSetting] {
    [
      RunSetting("--image-size", imageSize, else: size?.description),
      RunSetting("--channels", self.channels, else: channels?.description),
      RunSetting("--fit", fit?.rawValue), RunSetting("--limit", limit),
      RunSetting("--only", only), RunSetting("--without", without),
      reading.badImagesSetting,
      RunSetting("--ignore-orientation", isOn: reading.ignoreOrientation),
    ]
  }

  /// Whether something was given that a table has not.
  var isGiven: Bool {
    labels != nil || imageSize != nil || channels != nil || fit != nil || reading.reading.isGiven
      || limit != nil || only != nil || without != nil || convolution != nil
  }

  /// Refuses `--convolution` for networks that have none.
  func check(hasConvolutions: Bool) throws(AIGCError) {
    guard let convolution, !hasConvolutions else { return }
    throw .usage("--convolution \(convolution.rawValue): these networks have no convolutions")
  }
}

/// The names in a list with commas.
func commaSeparated(_ list: String) -> [String] {
  list.split(separator: ",", omittingEmptySubsequences: false).map { String($0) }
}

extension ImageSize: ExpressibleByArgument {
  /// Reads "32" or "48x32".
  public init?(argument: String) { self.init(argument) }
}
extension ImageOptions.Fit: ExpressibleByArgument {}
extension ImageOptions.BadImages: ExpressibleByArgument {}
extension ConvolutionMode: ExpressibleByArgument {}

extension ImageReadingFlags {
  /// How images to learn from are opened.
  /// - Parameter saved: a run that goes on: as it was started.
  func options(
    size: ImageSize?, channels: Int?, fit: ImageOptions.Fit?, limit: Int?, resuming saved: SavedRun?
  ) -> ImageOptions {
    var result = ImageOptions(size: size, channels: channels)
    result.fit = fit ?? saved?["--fit"].flatMap { ImageOptions.Fit(rawValue: $0) }
    let bad = saved?["--bad-pictures"].flatMap { ImageOptions.BadImages(rawValue: $0) }
    if let bad { result.badImages = bad }
    reading.apply(to: &result, isIgnored: saved?["--ignore-orientation"] != nil)
    result.limit = limit ?? saved?["--limit"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
    return result
  }

  /// What a run keeps of bad images: another way to treat them is no other run.
  var badImagesSetting: RunSetting {
    RunSetting("--bad-pictures", nil as String?, else: badImages?.rawValue)
  }
}
