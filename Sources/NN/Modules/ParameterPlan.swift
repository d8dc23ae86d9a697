import Autograd
import Kernels

/// The parameters of a module while it is built, as shapes: nothing has memory until ``draw(using:)``, or
/// until values of a file are put into them.
///
/// It holds them in the order in which their values are drawn, those too that a module drops again (the
/// projection of tied weights) or draws twice: a seed gives the same weights whatever becomes of them.
public struct ParameterPlan {
  /// The largest number of values that a model may have: 16 GiB in 32 bits.
  public static let largestCount = 1 << 32
  /// The largest number of parameters: a thousand layers of GPT-2 have 12,000.
  private static let mostParameters = 1 << 17

  private var draws: [(parameter: Parameter, start: ParameterStart)] = []
  /// Values of all parameters.
  private var count = 0
  /// Why the sizes make no model; nil: they do.
  public private(set) var problem: String?

  /// Creates a plan without parameters.
  public init() {}

  /// Adds a parameter. Of sizes that make none it has no values, and ``problem`` says so.
  /// - Parameters:
  ///   - sizes: of the axes.
  ///   - start: what it starts with.
  ///   - name: its name in checkpoints, where the property's own name does not do.
  ///   - isTrainable: whether optimizers change it.
  ///   - stored: its form in files.
  public mutating func parameter(
    _ sizes: [Int], _ start: ParameterStart, name: String? = nil, isTrainable: Bool = true,
    stored: StoredForm = .plain
  ) -> Parameter {
    let shape = Shape(admit(sizes) ? sizes : sizes.map { _ in 0 })
    let result = Parameter(
      shape: shape, start: start, name: name, isTrainable: isTrainable, stored: stored)
    draws.append((result, start))
    return result
  }

  /// Has a parameter drawn once more when all before it are, from another distribution.
  public mutating func redraw(_ parameter: Parameter, _ start: ParameterStart) {
    draws.append((parameter, start))
  }

  /// Draws all values.
  public func draw(using random: inout RandomSource) {
    for (parameter, start) in draws {
      parameter.value = start.values(parameter.shape, using: &random)
    }
  }

  private mutating func admit(_ sizes: [Int]) -> Bool {
    guard problem == nil else { return false }
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, size <= Int(Int32.max), !overflow else {
        problem = "a tensor of \(sizes.map { "\($0)" }.joined(separator: " x ")) is too large"
        return false
      }
      product = next
    }
    let (sum, overflow) = count.addingReportingOverflow(product)
    guard !overflow, sum <= Self.largestCount, draws.count < Self.mostParameters else {
      problem = "a model of more than \(Self.largestCount) weights is too large"
      return false
    }
    count = sum
    return true
  }
}

extension ParameterPlan {
  /// Why the sizes of a module make no model; nil: they do. Costs no memory of these sizes.
  public static func problem<Built>(
    _ build: (inout ParameterPlan) -> Built
  ) -> String? {
    var plan = ParameterPlan()
    _ = build(&plan)
    return plan.problem
  }

  /// A module as shapes alone: to be loaded, or counted. Its sizes make a model.
  public static func shapes<Built>(_ build: (inout ParameterPlan) -> Built) -> Built {
    var plan = ParameterPlan()
    return build(&plan)
  }
}

extension RandomSource {
  /// A module whose values are drawn.
  public mutating func drawn<Built>(_ build: (inout ParameterPlan) -> Built) -> Built {
    var plan = ParameterPlan()
    let result = build(&plan)
    plan.draw(using: &self)
    return result
  }
}
