import Console
import Datasets
import Families
import Files

/// A picture, or the pictures of an animation, to be written by the ending of a name.
struct SampledFile {
  private let pictures: [Picture]

  init(_ pictures: [Picture]) { self.pictures = pictures }

  /// - Parameters:
  ///   - path: .png, .jpg or .jpeg; .apng for an animation; "-" for PNG to standard output.
  ///   - isAnimation: whether it must be a format that can move.
  func write(to path: String, isAnimation: Bool) throws(AIGCError) {
    let answer = try Answer(path, isAnimation ? .animation : .picture)
    let bytes =
      if isAnimation {
        try AnimatedPicture(pictures, milliseconds: 50).png()
      } else if OutputKind.isJPEG(path) {
        try pictures[0].jpeg()
      } else {
        try pictures[0].png()
      }
    try answer.write(bytes)
    try answer.finish()
  }
}
