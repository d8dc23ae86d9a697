import Console
import Datasets
import Families
import Files

/// An image, or the images of an animation, to be written by the ending of a name.
struct SampledFile {
  private let images: [Image]

  init(_ images: [Image]) { self.images = images }

  /// - Parameters:
  ///   - path: .png, .jpg or .jpeg; .apng and .gif for an animation; "-" for PNG to standard output.
  ///   - isAnimation: whether it must be a format that can move.
  func write(to path: String, isAnimation: Bool) throws(AIGCError) {
    let answer = try Answer(path, isAnimation ? .animation : .image)
    let bytes =
      if isAnimation {
        try OutputKind.isGIF(path)
          ? AnimatedImage(images, milliseconds: 50).gif()
          : AnimatedImage(images, milliseconds: 50).png()
      } else if OutputKind.isJPEG(path) {
        try images[0].jpeg()
      } else {
        try images[0].png()
      }
    try answer.write(bytes)
    try answer.finish()
  }
}
