import Autograd
import Kernels
import Testing

@Suite struct BasicTests {
  @Test func productAndItsGradient() {
    let a = Parameter(Tensor([1, 2, 3], [3]))
    let (value, gradients) = valueAndGradients(for: [a]) { (a.value * a.value).sum() }
    #expect(value.item == 14)
    #expect(gradients[0].values == [2, 4, 6])
  }
}
