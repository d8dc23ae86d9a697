import Checkpoints
import Datasets
import Files
import Kernels

/// Images that show how a generator's training goes: always those of the same latents, as a sheet
/// at each save and, where it is asked for, as an animation over time.
public final class TrainingSamples {
  /// The files' names inside a run's folder.
  public static let sheetName = "samples.png"
  /// The name of the animation over time, in the same folder.
  public static let animationName = "animation.png"

  private let model: any ImageModel
  /// What each image of a sheet is asked for; nil: seeds and classes in turn.
  private let request: ((_ columns: Int) -> ImageRequest)?
  private let isAnimated: Bool
  /// Steps between two frames.
  private let interval: Int
  /// Bytes of the frames so far, one after the other.
  private var frames: [[UInt8]] = []

  /// Images of a row of the sheet, and its rows.
  private static let side = 8
  /// The longest side of a frame of small images.
  private static let frameSide = 256
  private static let frameCount = 100

  /// - Parameters:
  ///   - model: makes the images.
  ///   - steps: of the run, for about a hundred frames.
  ///   - isAnimated: whether frames are kept.
  ///   - request: what a sheet of so many columns and rows shows; nil: the seeds 0, 1, …, classes in turn.
  public init(
    _ model: any ImageModel, steps: Int, isAnimated: Bool,
    request: ((_ columns: Int) -> ImageRequest)? = nil
  ) {
    (self.model, self.request) = (model, request)
    self.isAnimated = isAnimated
    interval = max(1, steps / Self.frameCount)
  }

  /// Images of a row of a frame, and its rows.
  private var frameColumns: Int {
    max(1, min(Self.side, Self.frameSide / max(model.width, model.height)))
  }

  /// A sheet of the first `count` seeds. Classes come in turn.
  private func sheet(columns: Int) throws(AIGCError) -> Image {
    let classes = model.classes.count
    let places = 0..<columns * columns
    let usual = ImageRequest(
      seeds: places.map { UInt64($0) },
      labels: classes == 0 ? [] : places.map { Int32($0 % columns % classes) })
    let values = try model.images(request?(columns) ?? usual)
    let images = Image.images(values: values, size: model.size, channels: model.channels)
    return Image.grid(images, columns: columns)
  }

  /// Keeps a frame when it is time for one.
  /// - Parameter step: steps done.
  public func addFrame(step: Int) throws(AIGCError) {
    guard isAnimated, step % interval == 0 || step == 1 else { return }
    frames.append(try sheet(columns: frameColumns).pixels)
  }

  /// Writes the files into `folder`.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to folder: String) throws(AIGCError) {
    let sheet = try sheet(columns: Self.side)
    try sheet.write(to: "\(folder)/\(Self.sheetName)")
    guard !frames.isEmpty else { return }
    let shape = try self.sheet(columns: frameColumns)
    var images: [Image] = []
    for pixels in frames {
      images.append(
        try Image(
          width: shape.width, height: shape.height, channels: shape.channels, pixels: pixels))
    }
    try AnimatedImage(images, milliseconds: 100, lastMilliseconds: 2000)
      .write(to: "\(folder)/\(Self.animationName)")
  }

  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses memory.
  public func progress() throws(AIGCError) -> [NewTensor] {
    guard isAnimated else { return [] }
    let shape = [frames.count, frames.first?.count ?? 0]
    return [NewTensor(name: "frames", shape: shape, bytes: try Table(frames.flatMap { $0 }))]
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is damaged.
  public func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    guard isAnimated, let stored = progress["\(prefix)frames"], stored.count > 0 else { return }
    let expected = try sheet(columns: frameColumns).pixels.count
    guard stored.type == .u8, stored.shape.count == 2, stored.shape[1] == expected else {
      throw .badInput("\(progress.path): the frames of the animation are damaged")
    }
    let bytes = try stored.bytes()
    frames = (0..<stored.shape[0]).map { frame in
      (frame * expected..<(frame + 1) * expected).map { bytes[$0] }
    }
  }
}
