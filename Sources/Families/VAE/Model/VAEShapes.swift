import Checkpoints
import Training

/// The sizes of an autoencoder, as the shapes of its tensors have them.
enum VAEShapes {
  /// nil when the shapes make no autoencoder.
  static func configuration(_ checkpoint: Checkpoint, _ kind: VAEKind) -> VAEConfiguration? {
    let prefix = VAEFolder.prefix(kind)
    func weight(_ name: String) -> [Int]? { checkpoint["\(prefix)\(name).weight"]?.shape }
    guard let first = weight("encoder.0") else { return nil }
    let result = first.count == 4 ? convolutional(kind, weight) : linear(kind, weight)
    guard var result, checkpoint["\(prefix)log_sigma"] != nil else {
      return result?.problem == nil ? result : nil
    }
    result.likelihood = .gaussian
    return result.problem == nil ? result : nil
  }

  /// Grey or coloured squares, by the number of values.
  private static func linear(
    _ kind: VAEKind, _ weight: (String) -> [Int]?
  ) -> VAEConfiguration? {
    var shapes: [[Int]] = []
    while shapes.count < 13, let shape = weight("encoder.\(2 * shapes.count)") {
      shapes.append(shape)
    }
    guard shapes.count > 1, shapes.allSatisfy({ $0.count == 2 }), shapes[0][1] > 0 else {
      return nil
    }
    for channels in [1, 3] {
      let side = Int(Double(shapes[0][1] / channels).squareRoot().rounded())
      guard side * side * channels == shapes[0][1] else { continue }
      var result = VAEConfiguration(kind, width: side, height: side, channels: channels)
      result.layers = shapes.dropLast().map { $0[0] }
      result.latent = shapes[shapes.count - 1][0] / 2
      return result
    }
    return nil
  }

  private static func convolutional(
    _ kind: VAEKind, _ weight: (String) -> [Int]?
  ) -> VAEConfiguration? {
    var shapes: [[Int]] = []
    while shapes.count < 12, let shape = weight("encoder.\(2 * shapes.count)"), shape.count == 4 {
      shapes.append(shape)
    }
    // Convolutions and their activations, Flatten, and two fully connected layers.
    guard let hidden = weight("encoder.\(2 * shapes.count + 1)"), hidden.count == 2,
      let last = weight("encoder.\(2 * shapes.count + 3)"), last.count == 2,
      let width = shapes.last?[0], width > 0, hidden[1] % width == 0
    else { return nil }
    let side = Int(Double(hidden[1] / width).squareRoot().rounded())
    guard side * side == hidden[1] / width, (1...4096).contains(side) else { return nil }
    var result = VAEConfiguration(
      kind, width: side << shapes.count, height: side << shapes.count, channels: shapes[0][1])
    result.network = .convolutional
    result.layers = shapes.map { $0[0] }
    result.hidden = hidden[0]
    result.latent = last[0] / 2
    return result
  }
}
