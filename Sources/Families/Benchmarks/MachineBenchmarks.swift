import Autograd
import Kernels

/// What this machine can do at most, to read the figures of the models by: `Scripts/bench torch --blas`.
public let machineBenchmarks = [
  // 2 * 1024^3 floating-point operations are 2147 million.
  Benchmark(timing: "sgemm", unit: "MFLOP/s", items: 2147) {
    let probe = ProductProbe(size: 1024)
    return { probe.run() }
  },
  // The weights that lstm-generate reads for a token: those of the gates and of the output.
  Benchmark(timing: "weights-read", unit: "tokens/s", items: 128) {
    let probe = ReadProbe(count: 4 * 256 * (128 + 256) + 256 * 5000)
    return { for _ in 0..<128 { probe.run() } }
  },
  // A chain of recorded additions of 16 values, and its gradient: what an operation costs beside its work.
  Benchmark("recorded-add", unit: "operations/s", items: 1000) {
    let start = Parameter(.ones([16]))
    let step = Tensor(repeating: 0.5, [16])
    return {
      let (sum, gradients) = valueAndGradients(for: [start]) {
        (0..<1000).reduce(start.value) { sum, _ in sum + step }
      }
      return [sum] + gradients
    }
  },
  // 512 MB: more than the weights of a token, so that caches do not hold them.
  Benchmark(timing: "memory-read", unit: "MB/s", items: 512) {
    let probe = try MemoryProbe(byteCount: 512_000_000)
    return { probe.run() }
  },
]
