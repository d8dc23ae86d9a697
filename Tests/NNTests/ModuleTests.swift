import Autograd
import Kernels
import NN
import Testing

@Suite struct ModuleTests {
  private struct Model: Module {
    let lstm: Recurrent
    let head: Sequential
  }

  @Test func namesArePyTorchs() {
    var random = RandomSource(seed: 1)
    let model = Model(
      lstm: random.drawn { Recurrent(.lstm, input: 2, hidden: 3, layers: 2, using: &$0) },
      head: Sequential([
        random.drawn { Linear(3, 4, using: &$0) }, Activation(relu),
        random.drawn { Linear(4, 1, using: &$0) },
      ]))
    #expect(
      model.namedParameters.map { $0.name } == [
        "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0",
        "lstm.weight_ih_l1", "lstm.weight_hh_l1", "lstm.bias_ih_l1", "lstm.bias_hh_l1",
        "head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias",
      ])
  }
}
