import Autograd
import Kernels
import Testing

@testable import NN

@Suite struct ParameterPlanTests {
  private func network(_ plan: inout ParameterPlan) -> Sequential {
    Sequential([
      Conv2d(3, 4, kernel: 3, isSpectral: true, using: &plan), BatchNorm2d(4, using: &plan),
      Flatten(), Linear(4, 2, using: &plan),
    ])
  }

  /// As if each layer had drawn its weights by itself: weight, bias, both vectors, …
  @Test func drawsAreInTheOrderOfTheLayers() {
    var random = RandomSource(seed: 7)
    let parameters = random.drawn { network(&$0) }.namedParameters
    var other = RandomSource(seed: 7)
    func uniform(_ shape: Shape, _ inputs: Float) -> [Float] {
      let bound = 1 / inputs.squareRoot()
      return Tensor.uniform(shape, -bound, bound, using: &other).values
    }
    let expected = [
      uniform([3, 3, 3, 4], 27), uniform([4], 27),
      ParameterStart.normalized.values([4], using: &other).values,
      ParameterStart.normalized.values([3, 3, 3], using: &other).values,
    ]
    #expect(parameters.prefix(4).map { $0.parameter.value.values } == expected)
    #expect(parameters[4].parameter.value.values == [1, 1, 1, 1])
    #expect(parameters[parameters.count - 2].parameter.value.values == uniform([2, 4], 4))
    _ = uniform([2], 4)
    #expect(random == other)
  }

  /// A parameter that no module keeps, and one that is drawn again, take their turns.
  @Test func droppedAndRepeatedDrawsCount() {
    var random = RandomSource(seed: 3)
    let kept = random.drawn { plan in
      let first = plan.parameter([2], .uniform(bound: 1))
      _ = plan.parameter([5], .uniform(bound: 1))
      plan.redraw(first, .normal(mean: 4, deviation: 0.1))
      return first
    }
    var other = RandomSource(seed: 3)
    for _ in 0..<7 { _ = other.uniform() }
    #expect(
      kept.value.values == Tensor.normal([2], mean: 4, deviation: 0.1, using: &other).values)
    #expect(kept.start == .uniform(bound: 1) && random == other)
  }

  @Test func shapesHaveNoMemory() {
    let network = ParameterPlan.shapes { plan in
      (0..<64).map { _ in Linear(8000, 8000, using: &plan) }
    }
    #expect(network.reduce(0) { $0 + $1.parameterCount } == 64 * (8000 * 8000 + 8000))
  }

  @Test(arguments: [
    ([1 << 31], "a tensor of 2147483648 is too large"), ([-1], "a tensor of -1 is too large"),
    ([Int.max, 2], "a tensor of 9223372036854775807 x 2 is too large"),
    ([1 << 30, 1 << 30, 1 << 30], "a tensor of 1073741824 x 1073741824 x 1073741824 is too large"),
    ([1 << 20, 1 << 13], "a model of more than 4294967296 weights is too large"),
  ])
  func absurdSizesAreAProblem(sizes: [Int], problem: String) {
    #expect(ParameterPlan.problem { $0.parameter(sizes, .constant(0)) } == problem)
    // What follows has no memory either.
    #expect(
      ParameterPlan.problem {
        ($0.parameter(sizes, .constant(0)), $0.parameter([1 << 20], .constant(0)))
      } == problem)
  }

  @Test func manyFitTogetherOnlyUpToTheLimit() {
    func count(_ count: Int) -> String? {
      ParameterPlan.problem { plan in
        (0..<count).map { _ in plan.parameter([1 << 26], .constant(0)) }
      }
    }
    #expect(count(64) == nil)
    #expect(count(65) == "a model of more than 4294967296 weights is too large")
    #expect(
      ParameterPlan.problem { plan in
        for _ in 0...1 << 17 { _ = plan.parameter([1], .constant(0)) }
      } != nil)
  }
}
