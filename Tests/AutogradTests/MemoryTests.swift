import Glibc
import Kernels
import Synchronization
import Testing

@testable import Autograd

@Suite struct MemoryTests {
  /// A long chain of operations is built, differentiated and freed on a small stack.
  @Test func longChainsOnSmallStacks() {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    #expect(pthread_attr_setstacksize(&attributes, 512 << 10) == 0)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, &attributes,
      { _ in
        let x = Tensor([1, 2], [2]).watchedCopy()
        var y = x
        for _ in 0..<100_000 { y = y + 1 }
        let slope = gradients(of: y, at: [x])[0].values
        let isRight = slope == [1, 1] && y.values == [100_001, 100_002]
        return UnsafeMutableRawPointer(bitPattern: isRight ? 1 : 2)
      }, nil)
    #expect(status == 0)
    var result: UnsafeMutableRawPointer?
    pthread_join(thread, &result)
    pthread_attr_destroy(&attributes)
    #expect(result == UnsafeMutableRawPointer(bitPattern: 1))
  }

  /// A chain in which each operation has two inputs, and one that is freed without gradients.
  @Test func longChainsOfTwo() {
    let x = Tensor([1], [1]).watchedCopy()
    var (y, z) = (x, x * 0)
    for _ in 0..<60_000 { (y, z) = (y * 0.5 + z * 0.5, y) }
    #expect(y.isRecorded)
    y = x
    z = x
  }

  /// Neither the pool nor the process grows while small steps are repeated. In a process of its own,
  /// beside which no other test takes memory.
  @Test func repeatedStepsKeepMemoryFlat() async {
    await #expect(processExitsWith: .success) {
      let parameters = [
        Parameter(Samples.normal([16, 16], 1)), Parameter(Samples.normal([16], 2)),
      ]
      let x = Samples.normal([8, 16], 3)
      func step() {
        let (_, found) = valueAndGradients(for: parameters) {
          square(tanh(linear(x, parameters[0].value, parameters[1].value))).mean()
        }
        for (parameter, gradient) in zip(parameters, found) {
          sgdStep(
            parameter, gradient, velocity: nil, rate: 0.1, momentum: 0, decay: 0, scale: 1,
            isFirst: false)
        }
        // Second derivatives leave no cycles either.
        watching(parameters) {
          let loss = exp(parameters[1].value).sum()
          let slope = gradients(of: loss, at: parameters, createGraph: true)[1]
          _ = gradients(of: square(slope).sum(), at: parameters)
        }
      }
      for _ in 0..<100 { step() }
      let (pool, resident) = (MemoryPool.byteCounts, residentBytes())
      for _ in 0..<1000 { step() }
      // The address sanitizer's own records grow: there only the pool tells.
      let isSanitized = dlsym(nil, "__asan_init") != nil
      let isFlat =
        MemoryPool.byteCounts == pool && (isSanitized || residentBytes() - resident < 1 << 20)
      if !isFlat { Issue.record("\(pool) became \(MemoryPool.byteCounts)") }
      exit(isFlat ? EXIT_SUCCESS : EXIT_FAILURE)
    }
  }

  @Test func watchingLeavesNoCycles() {
    weak var output: Tensor?
    weak var inner: Tensor?
    weak var leaf: Tensor?
    weak var node: Node?
    let parameter = Parameter(Samples.normal([4], 1))
    watching([parameter]) {
      let x = parameter.value
      let y = tanh(x)
      let z = softmax(y * y) / (exp(x) + 1)
      let slope = gradients(of: z.sum(), at: [parameter, y], createGraph: true)
      _ = gradients(of: slope[0].sum(), at: [parameter])
      (leaf, inner, output, node) = (x, y, z, z.node)
    }
    #expect(output == nil)
    #expect(inner == nil)
    #expect(leaf == nil)
    #expect(node == nil)
    #expect(!parameter.value.isRecorded)
  }

  /// In-place sums of gradients must not change a tensor that somebody holds.
  @Test func heldGradientsStay() {
    let x = Tensor([1, 2], [2]).watchedCopy()
    let y = x * 1
    let z = y + y + y.reshaped([2, 1]).reshaped([2])
    let found = gradients(of: z.sum(), at: [x, y, z])
    #expect(found.map { $0.values } == [[3, 3], [3, 3], [1, 1]])
    // Of no rows the gradients are zeros, whatever the memory held before.
    let weight = Tensor([1, 2, 3, 4], [2, 2]).watchedCopy()
    let empty = linearCrossEntropy(Tensor([], [0, 2]), weight, nil, [])
    #expect(empty.item == 0)
    #expect(gradients(of: empty, at: [weight])[0].values == [0, 0, 0, 0])
    let again = gradients(of: (x + x).sum(), at: [x, x])
    #expect(again.map { $0.values } == [[2, 2], [2, 2]])
  }
}

/// Memory of this process that is in use.
private func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    .split(separator: " ")
  return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
