import Autograd

extension VAEConfiguration {
  /// Values as the networks see them: images of -1 to 1 become 0 to 1, rows of a table stay.
  /// - Parameter values: [batch, height, width, channels].
  func input(_ values: [Float]) -> Tensor {
    let x = Tensor(values, [values.count / imageCount, height, width, channels])
    return table == nil ? x * 0.5 + 0.5 : x
  }
}
