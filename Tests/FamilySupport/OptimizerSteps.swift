import Autograd
import Checkpoints
import NN
import Testing

/// Takes ten steps of AdamW as nanoGPT does, and compares losses, gradients of the first step, their norms and the
/// weights at the end with PyTorch's.
/// - Parameters:
///   - named: the weights, at the start of the file's run.
///   - file: `losses`, `norms`, `gradient.NAME` and `end.NAME`.
///   - keyBiases: where in `c_attn.bias` the biases of keys are. They move no attention weight, so their gradients are
///     rounding errors, which Adam makes steps of: they are left out.
///   - loss: of a step.
package func expectTenSteps(
  _ named: NamedParameters, beside file: Checkpoint, keyBiases: Range<Int>,
  location: SourceLocation = #_sourceLocation, _ loss: (_ step: Int) throws -> Tensor
) throws {
  let parameters = named.map { $0.parameter }
  var settings = Adam.Configuration.adamW
  (settings.beta2, settings.weightDecay) = (0.99, 0.1)
  let optimizer = Adam(parameters, settings, decays: parameters.map { $0.shape.rank >= 2 })
  let losses = try file.tensor("losses").floats()
  let norms = try file.tensor("norms").floats()
  for step in 0..<10 {
    let (loss, gradients) = try valueAndGradients(for: parameters) { try loss(step) }
    #expect(abs(loss.item - losses[step]) < 1e-4, "step \(step)", sourceLocation: location)
    for (entry, gradient) in zip(named, gradients) where step == 0 {
      let peer = try file.tensor("gradient.\(entry.name)")
      let values = try peer.floats()
      let limit = 1e-5 * values.reduce(0) { max($0, abs($1)) }
      let worst = zip(gradient.values, values).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(
        worst <= limit && gradient.shape.dimensions == peer.shape,
        "\(entry.name): \(worst), not \(limit)", sourceLocation: location)
    }
    let norm = globalNorm(gradients)
    #expect(abs(norm / Double(norms[step]) - 1) < 1e-4, "step \(step)", sourceLocation: location)
    optimizer.step(gradients, rate: 1e-3, scale: clippingScale(norm: norm, limit: 1))
  }
  // 99.9% of all values within 1e-4 of their tensor's largest.
  var (wrong, count) = (0, 0)
  for (name, parameter) in named {
    let peer = try file.tensor("end.\(name)").floats()
    let limit = 1e-4 * peer.reduce(0) { max($0, abs($1)) }
    for (index, (a, b)) in zip(parameter.value.values, peer).enumerated() {
      if name.hasSuffix("c_attn.bias"), keyBiases.contains(index) { continue }
      count += 1
      if !(abs(a - b) <= limit) { wrong += 1 }
    }
  }
  #expect(
    Double(wrong) <= 0.001 * Double(count), "\(wrong) of \(count)", sourceLocation: location)
}
