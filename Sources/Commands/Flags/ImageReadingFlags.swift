import ArgumentParser
import Datasets
import Families

/// The flags of all verbs that read images.
struct ImageReadingFlags: ParsableArguments {
  @Option(
    name: [.customLong("bad-pictures"), .customLong("bad-images")],
    help: "An image that cannot be read is skipped, with a warning, or ends it (default fail).")
  var badImages: ImageOptions.BadImages?
  @Flag(help: "Take images as they are stored, whatever EXIF says about turning them.")
  var ignoreOrientation = false

  var reading: ImageReading {
    ImageReading(badImages: badImages, ignoresOrientation: ignoreOrientation)
  }
}
