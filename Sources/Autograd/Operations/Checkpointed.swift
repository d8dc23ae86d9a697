import Kernels

/// A part of a network whose inner results are not kept: only its input is, and the pullback computes
/// them again (Chen et al. 2016). Dropout draws the same values both times.
///
/// First derivative only.
/// - Parameters:
///   - x: the input.
///   - parameters: all that `body` reads.
///   - context: handed to `body`.
///   - body: the part; it must depend on nothing else.
public func checkpointed(
  _ x: Tensor, _ parameters: [Parameter], _ context: Context,
  _ body: @escaping (Tensor, Context) -> Tensor
) -> Tensor {
  let recordings = parameters.map { $0.value }
  let inputs = [x] + recordings
  guard inputs.contains(where: { $0.isRecorded }) else { return body(x, context) }
  let random = context.random
  let watched = parameters.map { $0.exchangeRecording(nil) }
  let result = body(x.detached, context).detached
  for (parameter, recording) in zip(parameters, watched) {
    _ = parameter.exchangeRecording(recording)
  }
  // A part that hands on its input has no memory of its own to be recorded with.
  let output = Tensor(result.storage, result.shape)
  let isTraining = context.isTraining
  return output.recorded(from: inputs, keepsOutput: false) { dy, context in
    Tensor.requireFirstOrder(context, "checkpointed")
    let leaf = context.input(0).watchedCopy()
    let before = parameters.map { $0.exchangeRecording($0.value.detached.watchedCopy()) }
    let targets: [any Differentiable] = [leaf] + parameters
    let output = body(leaf, Context(isTraining: isTraining, random: random))
    let found = gradients(of: output, times: dy, at: targets)
    for (parameter, recording) in zip(parameters, before) {
      _ = parameter.exchangeRecording(recording)
    }
    return found.enumerated().map { context.needs($0) ? $1 : nil }
  }
}
