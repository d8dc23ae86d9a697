import Autograd
import Glibc
import Kernels
import Testing

@testable import Families

/// `aigc bench --compare-threads`. The number of threads belongs to the process, so each test has a
/// process of its own.
@Suite struct BenchmarkTests {
  @Test func smallBenchmarksAreTheSameForAnyThreads() async {
    await #expect(processExitsWith: .success) {
      for benchmark in machineBenchmarks where benchmark.name == "recorded-add" {
        exit(try benchmark.isSame(forThreads: 1...3) == true ? EXIT_SUCCESS : EXIT_FAILURE)
      }
      exit(EXIT_FAILURE)
    }
  }

  @Test func differencesAreFound() async {
    await #expect(processExitsWith: .success) {
      let different = Benchmark("different", unit: "calls", items: 1) {
        { [Tensor(Float(Threads.count))] }
      }
      let nothing = Benchmark(timing: "nothing", unit: "calls", items: 1) { {} }
      let isRight =
        try different.isSame(forThreads: 1...3) == false
        && nothing.isSame(forThreads: 1...3) == nil
      exit(isRight ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }
}
