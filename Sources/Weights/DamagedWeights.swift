import Autograd
import Files
import NN

/// The guard of what models give: scores and images must be finite, and where they are not, the tensor
/// that is damaged is named. Weights are looked at only then, so that opening a model reads none of them.
public enum DamagedWeights {
  /// Hands on what leaves a model.
  /// - Parameters:
  ///   - output: scores, images or latents.
  ///   - name: what they are, for the message: "images".
  ///   - model: the path of the model; nil for one in memory, such as one in training.
  ///   - parameters: its weights.
  /// - Throws: ``/Files/AIGCError`` where a value is not finite: badInput that names the first damaged tensor,
  ///   diverged for a model in memory.
  @discardableResult
  public static func check(
    _ output: Tensor, _ name: String, of model: String?,
    _ parameters: @autoclosure () -> NamedParameters
  ) throws(AIGCError) -> Tensor {
    guard output.isFinite else { throw error(name, of: model, parameters()) }
    return output
  }

  /// The error of a model whose output is not finite.
  public static func error(
    _ name: String, of model: String?, _ parameters: NamedParameters
  ) -> AIGCError {
    if let found = find(in: parameters, of: model) { return found }
    return of(
      model, "its \(name) are not numbers, though its weights are: too large weights or inputs")
  }

  /// A line that names the first tensor with a value that is not finite; nil: all are finite.
  public static func find(in parameters: NamedParameters, of model: String?) -> AIGCError? {
    for (name, parameter) in parameters where !parameter.value.isFinite {
      return line(name, parameter.stored.written(parameter.value.detached).values, of: model)
    }
    return nil
  }

  /// The line of one tensor; nil when all of its values are finite.
  public static func line(_ name: String, _ values: [Float], of model: String?) -> AIGCError? {
    guard let index = values.firstIndex(where: { !$0.isFinite }) else { return nil }
    let shown = values[index].isNaN ? "nan" : "\(values[index])"
    return of(model, "\(name) holds \(shown), at place \(index): damaged weights")
  }

  private static func of(_ model: String?, _ text: String) -> AIGCError {
    guard let model else { return AIGCError(.diverged, "the model in training: \(text)") }
    return .badInput("\(model): \(text)")
  }
}
