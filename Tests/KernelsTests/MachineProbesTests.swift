import Kernels
import Testing

@Suite struct MachineProbesTests {
  @Test(arguments: [1, 5, 67]) func productIsThatOfItsMatrices(size: Int) {
    let expected = (0..<size).reduce(0) { sum, k in
      sum + (((size - 1) * size + k) % 7 - 3) * ((k * size + size - 1) % 5 - 2)
    }
    #expect(ProductProbe(size: size).run() == Float(expected))
  }

  @Test(arguments: [1, 63, 64, 511, 513, 4097, 100_000]) func everyWeightIsReadOnce(count: Int) {
    let probe = ReadProbe(count: count)
    #expect(probe.run() == Float(count))
    #expect(probe.run() == Float(count))
  }
}
