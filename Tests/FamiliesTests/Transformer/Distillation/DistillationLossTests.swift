import Autograd
import FamilySupport
import Testing

@testable import Families

/// The loss of knowledge distillation beside PyTorch (`Scripts/fixtures/torch_distillation.py`).
@Suite struct DistillationLossTests {
  private let fixture: TensorFixture

  init() throws { fixture = try TensorFixture("distillation.safetensors") }

  private func ints(_ name: String) throws -> [Int32] {
    try fixture.file.tensor(name).integers().map { Int32($0) }
  }

  @Test(arguments: ["all", "some", "one", "warm"]) func lossAndGradients(_ name: String) throws {
    let (ids, targets) = (try ints("\(name).ids"), try ints("targets"))
    let settings = try fixture.file.tensor("\(name).settings").floats()
    let soft = SoftTargets(
      count: ids.count / targets.count, ids: ids,
      probabilities: try fixture.file.tensor("\(name).probabilities").floats(),
      temperature: settings[0], ratio: settings[1])
    let parts = try ["states", "head", "bias"].map { Parameter(try fixture.tensor($0)) }
    let (loss, gradients) = valueAndGradients(for: parts) {
      linearDistillation(parts[0].value, parts[1].value, parts[2].value, targets, soft)
    }
    try fixture.expectSame([loss.item], "\(name).loss", 1e-5)
    for (gradient, part) in zip(gradients, ["states", "head", "bias"]) {
      try fixture.expectSame(gradient.values, "\(name).\(part).grad", 1e-5)
    }
  }
}
