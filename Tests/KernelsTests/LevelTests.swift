import CKernels
import Glibc
import Testing

/// Every C kernel at every level of this processor, against the same formula in double precision.
///
/// The level belongs to the process, in which other tests compute: each test has a process of its own.
@Suite(.serialized) struct LevelTests {
  @Test func elementwise() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.elementwise() } }
  }
  @Test func specialValues() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.specialValues() } }
  }
  @Test func rotary() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.rotary() } }
  }

  @Test func reductions() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.reductions() } }
  }
  @Test func rows() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.rows() } }
  }
  @Test func optimizers() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.optimizers() } }
  }
  @Test func panels() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.panels() } }
  }
  @Test func attention() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.attention() } }
  }
  @Test func channels() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.channels() } }
  }
  @Test func pooling() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.pooling() } }
  }
  @Test func styles() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.styles() } }
  }
  @Test func resampling() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.resampling() } }
  }
  @Test func lstmCell() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.lstmCell() } }
  }
  @Test func draws() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.draws() } }
  }
  @Test func gruCell() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.gruCell() } }
  }
  @Test func winogradMaps() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.winogradMaps() } }
  }
  @Test func winogradWeights() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.winogradWeights() } }
  }
  @Test func winogradProducts() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.winogradProducts() } }
  }
  @Test func filterMaps() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.filterMaps() } }
  }
  @Test func filterWeights() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.filterWeights() } }
  }
  @Test func listedPanels() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.listedPanels() } }
  }
  @Test func leakyGradient() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.leakyGradient() } }
  }

  /// What minimal filtering is checked against gives the outputs of the definition.
  @Test func filteringMatricesAreRight() {
    #expect(max(Filtering.ofThree.error, Filtering.ofTwo.error) < 1e-12)
  }

  /// A check that finds nothing wrong must be able to fail.
  @Test func checkCanFail() {
    var check = KernelCheck(level: 0)
    check.compare("x", [1, 2], [1, 2.1], 1e-3)
    check.compare("nan", [.nan], [1], 1e-3)
    check.compare("infinity", [1], [.infinity], 1e-3)
    #expect(check.problems.count == 3)
  }
}

/// Gathers what is wrong at one level.
struct KernelCheck {
  let level: Int32
  var problems: [String] = []
  static let sizes = [0, 1, 3, 15, 16, 17, 63, 64, 65, 100, 1000]

  init(level: Int32) { self.level = level }

  /// Runs `body` at each level, restores the best one, and ends the process with the result.
  static func atEveryLevel(_ body: (inout KernelCheck) -> Void) {
    let best = aigc_level()
    var problems: [String] = []
    for level in 0..<Int32(AIGC_LEVEL_COUNT) where aigc_set_level(level) == 1 {
      var check = KernelCheck(level: level)
      body(&check)
      problems += check.problems
    }
    _ = aigc_set_level(best)
    for problem in problems.prefix(20) { Issue.record("\(problem)") }
    exit(problems.isEmpty ? EXIT_SUCCESS : EXIT_FAILURE)
  }

  /// Compares relative to the expected value, and to 1 where that is smaller.
  mutating func compare(
    _ name: String, _ found: [Float], _ expected: [Double], _ tolerance: Double
  ) {
    guard found.count == expected.count else {
      problems.append("\(name) at level \(level): \(found.count) values")
      return
    }
    for (index, (a, b)) in zip(found, expected).enumerated() {
      let isEqual =
        b.isFinite
        ? abs(Double(a) - b) <= tolerance * max(abs(b), 1) : b.isNaN ? a.isNaN : a == Float(b)
      if !isEqual {
        problems.append("\(name) of \(found.count) at level \(level): [\(index)] is \(a), not \(b)")
        return
      }
    }
  }
}

/// Values at an address that no vector is aligned to, with a guard behind them.
final class Floats {
  let base: UnsafeMutablePointer<Float>
  let count: Int
  private let memory: UnsafeMutablePointer<Float>
  private static let mark: Float = 12345

  init(_ values: [Float]) {
    count = values.count
    memory = .allocate(capacity: count + 2)
    base = memory + 1
    memory[0] = Self.mark
    for (index, value) in values.enumerated() { base[index] = value }
    base[count] = Self.mark
  }

  convenience init(zeros count: Int) { self.init([Float](repeating: 0, count: count)) }

  /// The values; NaN for all where something was written before or behind them.
  var values: [Float] {
    guard memory[0] == Self.mark, base[count] == Self.mark else {
      return [Float](repeating: .nan, count: count)
    }
    return (0..<count).map { base[$0] }
  }
  var doubles: [Double] { values.map { Double($0) } }

  deinit { memory.deallocate() }
}
